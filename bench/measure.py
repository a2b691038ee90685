"""How figures come about: one clock, one treatment of garbage, medians, ratios within a round."""

import gc
import math
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

nanoseconds = time.perf_counter_ns


def settle() -> None:
    """Bring the process to the same state before each measurement.

    Garbage of the one before is collected and what is left is frozen, so that nobody pays for
    the objects of another; the collector itself stays on, as in a real server.  The pause lets
    threads of the one before, and its last writes, come to rest.
    """
    gc.collect()
    gc.freeze()
    time.sleep(0.02)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios within each round.

    Both were measured within the same seconds, so what the machine did then cancels out.
    """
    return median([a / b for a, b in zip(ours, theirs, strict=True)])


def sync_cost(folder: Path) -> float:
    """What overwriting 4 KiB with `fdatasync` costs in this folder, in microseconds.

    On a file system in memory it is next to nothing, and then durable figures mean nothing.
    """
    path = folder / "sync-probe"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    costs = []
    try:
        os.pwrite(descriptor, b"a" * 4096 * 100, 0)
        os.fsync(descriptor)
        for turn in range(100):
            os.pwrite(descriptor, b"b" * 4096, turn * 4096)
            began = nanoseconds()
            os.fdatasync(descriptor)
            costs.append((nanoseconds() - began) / 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return median(costs)
