"""What `import connect_sqlite` adds to the start of a program."""

import subprocess
import sys
from typing import Any

from ..context import Context
from ..measure import median, ratio
from ..status import Tell

TITLE = "Import"
WEIGHT = 10.0


IMPORTS = {"connect_sqlite": "connect_sqlite", "needed": "apsw, orjson, asyncio"}

_PROGRAM = """
import time
began = time.perf_counter_ns()
import {modules}
print(time.perf_counter_ns() - began)
"""


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Milliseconds of the import in fresh processes, the package and what it cannot do without."""
    samples: dict[str, list[float]] = {name: [] for name in IMPORTS}
    # The first round writes the byte code and is forgotten.
    for turn in range(context.scale.imports + 1):
        tell(turn / context.scale.imports, f"round {turn} of {context.scale.imports}")
        for name, modules in IMPORTS.items():
            figure = _import(modules)
            if turn:
                samples[name].append(figure)
    return {
        "median_ms": {name: median(values) for name, values in samples.items()},
        "ratio": ratio(samples["connect_sqlite"], samples["needed"]),
        "rounds_ms": samples,
    }


def _import(modules: str) -> float:
    program = _PROGRAM.format(modules=modules)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return int(done.stdout) / 1e6
