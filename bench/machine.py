"""What a run ran on, in general words: figures need that, but nobody's host name."""

import os
import platform
from pathlib import Path
from typing import Any

from .measure import sync_cost

_GIB = 1 << 30


def describe(folder: Path) -> dict[str, Any]:
    """The kind of machine, and what a sync costs where the files lie."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = len(os.sched_getaffinity(0))
    return {
        "machine": f"{cores} cores ({platform.machine()}), {memory / _GIB:.0f} GiB of memory, "
        + platform.system(),
        "python": platform.python_version(),
        "sync_us": round(sync_cost(folder), 1),
    }
