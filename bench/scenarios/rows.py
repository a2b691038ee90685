"""Whether `get` grows slower with the file: 1,000,000 rows against 10,000."""

import random
from typing import Any

from .. import files
from ..context import Context
from ..measure import median, nanoseconds, ratio, settle
from ..status import Tell
from ..workload import session_id

TITLE = "A million rows"
WEIGHT = 40.0


_CALLS = 10_000


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Microseconds a `get`, of live sessions drawn anew each round from all that there are."""
    from connect_sqlite import SQLiteStore

    scale = context.scale
    samples: dict[str, list[float]] = {"large": [], "small": []}
    tell(0.0, "writing the file")
    with context.room() as folder:
        files.build(folder / "small.db", context.seed, scale.sessions)
        with (
            SQLiteStore(context.large, sweep_interval=None) as many,
            SQLiteStore(folder / "small.db", sweep_interval=None) as few,
        ):
            # The first round warms the caches and is forgotten.
            for turn in range(scale.rounds + 1):
                tell(turn / scale.rounds, f"round {turn} of {scale.rounds}")
                for name, get, rows in (
                    ("large", many.get, scale.many),
                    ("small", few.get, scale.sessions),
                ):
                    draw = random.Random(f"{context.seed}:{name}:{turn}")
                    ids = [
                        session_id(context.seed, draw.randrange(0, rows, 2)) for _ in range(_CALLS)
                    ]
                    settle()
                    began = nanoseconds()
                    for sid in ids:
                        get(sid)
                    if turn:
                        samples[name].append((nanoseconds() - began) / _CALLS / 1000)
    return {
        "rows": {"large": scale.many, "small": scale.sessions},
        "median_us": {name: median(values) for name, values in samples.items()},
        "ratio": ratio(samples["large"], samples["small"]),
        "rounds_us": samples,
    }
