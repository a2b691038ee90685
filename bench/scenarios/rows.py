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
    """Microseconds a `get`.

    `large` and `small` draw live sessions anew each round from all that the file has; `large_same`
    draws the same ones each round: so many users who are active among all who once came.
    """
    from connect_sqlite import SQLiteStore

    scale = context.scale
    tell(0.0, "writing the file")
    with context.room() as folder:
        files.build(folder / "small.db", context.seed, scale.sessions)
        with (
            SQLiteStore(context.large, sweep_interval=None) as many,
            SQLiteStore(folder / "small.db", sweep_interval=None) as few,
        ):
            samples: dict[str, list[float]] = {"large": [], "large_same": [], "small": []}
            # The first round warms the caches and is forgotten.
            for turn in range(scale.rounds + 1):
                tell(turn / scale.rounds, f"round {turn} of {scale.rounds}")
                figures = {
                    "large": _get_all(many, _drawn(context, scale.many, turn)),
                    "large_same": _get_all(many, _drawn(context, scale.many, 0)),
                    "small": _get_all(few, _drawn(context, scale.sessions, turn)),
                }
                for name, figure in figures.items():
                    if turn:
                        samples[name].append(figure)
    return {
        "rows": {"large": scale.many, "small": scale.sessions},
        "median_us": {name: median(values) for name, values in samples.items()},
        "ratio": ratio(samples["large"], samples["small"]),
        "ratio_same": ratio(samples["large_same"], samples["small"]),
        "rounds_us": samples,
    }


def _drawn(context: Context, rows: int, turn: int) -> list[str]:
    draw = random.Random(f"{context.seed}:{rows}:{turn}")
    return [session_id(context.seed, draw.randrange(0, rows, 2)) for _ in range(_CALLS)]


def _get_all(store: Any, ids: list[str]) -> float:
    get = store.get
    settle()
    began = nanoseconds()
    for sid in ids:
        get(sid)
    return (nanoseconds() - began) / len(ids) / 1000
