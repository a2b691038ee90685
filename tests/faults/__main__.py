"""`make torture`: every fault in its long form, and then the page with the figures."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from engine.programs import Program

from . import page, power, storms
from .contract_calls import CALLS
from .damaged import KINDS, looked_through
from .disk_faults import calls_that_fail
from .life_faults import MOMENTS, moments_that_fail
from .scale import SCALE, SEED

ROOT = Path(__file__).parents[2]
AT_ONCE = 2
_HOURS = 4 * 3600

Figures = dict[str, Any]


def run(function: Callable[..., Any], *args: Any) -> Any:
    with Program(function, *args, patience=_HOURS) as program:
        return program.result()


def cut(folder: Path, script: str, durability: str) -> Figures:
    steps = run(power.played, folder, script, durability, SCALE.calls)
    full = durability == "full"
    return {"steps": steps, **run(power.looked_at, folder, full, SCALE.images, SCALE.stride)}


def jobs(folder: Path) -> dict[tuple[str, str], Callable[[], Figures]]:
    """Everything there is, by its kind and name, the longest first."""
    found: dict[tuple[str, str], Callable[[], Figures]] = {}

    def add(kind: str, name: str, function: Callable[..., Any], *more: Any) -> None:
        place = folder / f"{len(found)}"
        place.mkdir()
        found[kind, name] = lambda: function(place, *more)

    def failing(place: Path, face: str, which: int) -> Figures:
        return run(calls_that_fail, place / "s.db", face, sorted(CALLS)[which::2], 1)

    for name in ("processes", "threads", "tasks"):
        storm = getattr(storms, f"storm_of_{name}")
        add("storm", name, lambda place, s=storm: run(s, place, SCALE.storm))
    for durability in ("balanced", "full", "relaxed"):
        for script in ("alone", "together"):
            add("power", f"{durability}, {script}", cut, script, durability)
    for face in ("sync", "async"):
        for which in (0, 1):
            add("disk", f"calls {which}, {face}", failing, face, which)
        for moment in MOMENTS:
            add("disk", f"{moment}, {face}", lambda p, f=face, m=moment: life(p, f, m))
    for kind in KINDS:
        add("damage", kind, lambda place, k=kind: run(looked_through, place, k, SCALE.damages, 1))
    return found


def life(place: Path, face: str, moment: str) -> Figures:
    return run(moments_that_fail, place, face, moment, 1)


def main() -> int:
    began = time.monotonic()
    results: dict[tuple[str, str], Figures] = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        running = {key: pool.submit(job) for key, job in jobs(Path(folder)).items()}
        for key, job in running.items():
            results[key] = job.result()
            print(*key, results[key], sep=" | ", flush=True)
    figures = page.summed(results)
    figures |= {"commit": commit(), "seed": SEED, "seconds": round(time.monotonic() - began)}
    page.write(figures, ROOT / "docs")
    print(f"\n{page.table(figures)}\nseed {SEED}")
    return 1 if figures["losses"] or not figures["power"]["losses when relaxed"] else 0


def commit() -> str:
    command = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
