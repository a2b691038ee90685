"""Whether `get` grows slower with the file: 1,000,000 rows against 10,000."""

import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
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
    `sqlite_*` is SQLite alone, in one long transaction: what the size of a file costs anybody.
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
            alone = {"large": _sqlite(context.large), "small": _sqlite(folder / "small.db")}
            samples: defaultdict[str, list[float]] = defaultdict(list)
            # The first round warms the caches and is forgotten.
            for turn in range(scale.rounds + 1):
                tell(turn / scale.rounds, f"round {turn} of {scale.rounds}")
                drawn = {
                    "large": _drawn(context, scale.many, turn),
                    "small": _drawn(context, scale.sessions, turn),
                }
                figures = {
                    "large": _get_all(many.get, drawn["large"]),
                    "large_same": _get_all(many.get, _drawn(context, scale.many, 0)),
                    "small": _get_all(few.get, drawn["small"]),
                }
                for name, get in alone.items():
                    figures[f"sqlite_{name}"] = _get_all(get, drawn[name])
                for name, figure in figures.items():
                    if turn:
                        samples[name].append(figure)
    return {
        "rows": {"large": scale.many, "small": scale.sessions},
        "median_us": {name: median(values) for name, values in samples.items()},
        "ratio": ratio(samples["large"], samples["small"]),
        "ratio_same": ratio(samples["large_same"], samples["small"]),
        "ratio_sqlite": ratio(samples["sqlite_large"], samples["sqlite_small"]),
        "rounds_us": samples,
    }


def _drawn(context: Context, rows: int, turn: int) -> list[str]:
    draw = random.Random(f"{context.seed}:{rows}:{turn}")
    return [session_id(context.seed, draw.randrange(0, rows, 2)) for _ in range(_CALLS)]


def _get_all(get: Callable[[str], Any], ids: list[str]) -> float:
    settle()
    began = nanoseconds()
    for sid in ids:
        get(sid)
    return (nanoseconds() - began) / len(ids) / 1000


def _sqlite(path: Path) -> Callable[[str], Any]:
    import apsw

    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY).cursor()
    db.execute("PRAGMA cache_size = -65536")  # as the store's
    db.execute("BEGIN")
    select = "SELECT sess, expired FROM sessions WHERE sid = ?"
    return lambda sid: db.execute(select, ("sess:" + sid,)).get
