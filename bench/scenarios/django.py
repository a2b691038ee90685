"""Django's sessions: loading and saving one, by its `db` engine on SQLite and by ours."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..context import Context
from ..measure import median, ratio
from ..status import Tell

TITLE = "Django's sessions"
WEIGHT = 60.0

_SESSIONS = 1_000
_ROOT = Path(__file__).resolve().parent.parent.parent


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Microseconds of a load and of a save, by each engine, and ours as multiples of Django's."""
    if find_spec("django") is None:
        return {"left_out": "Django is not installed"}
    rounds = context.scale.rounds
    numbers = (context.seed, min(_SESSIONS, context.scale.sessions), rounds)
    turns: list[dict[str, dict[str, float]]] = []
    with context.room() as folder:
        command = [sys.executable, "-m", "bench.django_sessions", folder, *numbers]
        tell(0.0, "filling both engines")
        with subprocess.Popen(
            [str(each) for each in command], cwd=_ROOT, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            for line in child.stdout:
                turns.append(json.loads(line))
                tell(len(turns) / (rounds + 1), f"round {len(turns)} of {rounds}")
    if child.returncode:
        raise AssertionError("the race of Django's engines failed; its words are above")
    samples = {
        operation: {name: [turn[name][operation] for turn in turns] for name in turns[0]}
        for operation in ("load", "save")
    }
    return {
        "median_us": {
            operation: {name: median(values) for name, values in figures.items()}
            for operation, figures in samples.items()
        },
        "ratio": {
            operation: ratio(figures["connect_sqlite"], figures["django_db"])
            for operation, figures in samples.items()
        },
        "rounds_us": samples,
    }
