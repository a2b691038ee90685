"""How long a program waits for its store at the start: a file opened and one session read."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from .. import files
from ..context import Context
from ..measure import median, nanoseconds, ratio, settle
from ..peers import LeftOut
from ..peers.node import opening_command
from ..status import Tell
from ..workload import session_id

TITLE = "Opening a file"
WEIGHT = 30.0


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Milliseconds until the first session is there; Node's original opens a copy once."""
    samples: dict[str, list[float]] = {"large": [], "small": []}
    with context.room() as folder:
        small = folder / "small.db"
        files.build(small, context.seed, context.scale.few)
        for turn in range(context.scale.rounds + 1):
            for name, path in (("large", context.large), ("small", small)):
                tell(turn / context.scale.rounds, f"round {turn}, the {name} file")
                figure = _open(path, session_id(context.seed, 0))
                if turn:
                    samples[name].append(figure)
        tell(0.9, "Node's original opens a copy")
        node = _node(context, folder)
    return {
        "rows": {"large": context.scale.many, "small": context.scale.few},
        "median_ms": {name: median(values) for name, values in samples.items()},
        "ratio": ratio(samples["large"], samples["small"]),
        "node_large_ms": node,
        "rounds_ms": samples,
    }


def _open(path: Path, sid: str) -> float:
    from connect_sqlite import SQLiteStore

    settle()
    began = nanoseconds()
    with SQLiteStore(path) as store:
        found = store.get(sid)
        elapsed = nanoseconds() - began
    if found is None:
        raise AssertionError("a live session was not found after opening")
    return elapsed / 1e6


def _node(context: Context, folder: Path) -> float | None:
    try:
        command = opening_command(context.node_modules, folder / "copy.db")
    except LeftOut:
        return None
    shutil.copyfile(context.large, folder / "copy.db")
    files.sync(folder / "copy.db")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1e6
