"""Lets the opening, the checkpoints and the closing of a file meet every fault of the disk."""

import asyncio
import logging
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connect_sqlite import Store, StoreError
from connect_sqlite._sqlite.lease import Lease
from engine.programs import integrity

from .contract_calls import Face, begin_anew, contents
from .disk_faults import judged, kinds, works
from .scale import chance
from .syscalls import Faults

__all__ = ["MOMENTS", "moments_that_fail"]

SELDOM = ("open", "sync", "truncate", "unlink")
"""Calls of the system of which there are so few that each is tried."""


class _Trial:
    """A folder with a file that is made ready anew for each fault, and what must be in it."""

    def __init__(self, folder: Path, face: str) -> None:
        self.folder = folder
        self.runner = asyncio.Runner()
        self.face = Face(face, str(folder / "now" / "deep" / "s.db"), self.runner)
        self.faults = Faults()
        store = self.face.open()
        begin_anew(self.face, store)
        self.known = contents(store)
        shutil.copytree(folder / "now", folder / "crashed", ignore=shutil.ignore_patterns("*-shm"))
        store.close()
        shutil.copytree(folder / "now", folder / "closed")
        (folder / "missing").mkdir()

    def begins_with(self, what: str) -> None:
        shutil.rmtree(self.folder / "now")
        shutil.copytree(self.folder / what, self.folder / "now")
        if what == "missing":
            (self.folder / "now").rmdir()


def _opening(what: str) -> Callable[[_Trial, Callable[[], None]], Store]:
    def run(trial: _Trial, arm: Callable[[], None]) -> Store:
        trial.begins_with(what)
        arm()
        return trial.face.open()

    return run


def _checkpoint(trial: _Trial, arm: Callable[[], None]) -> Store:
    """It says so in the log, and no call fails for it."""
    trial.begins_with("crashed")
    store = trial.face.open()
    housekeeper = (getattr(store, "_store", None) or store)._engine._housekeeper
    arm()
    housekeeper._checkpoint()
    return store


def _closing(trial: _Trial, arm: Callable[[], None]) -> Store:
    """It ends, whatever the disk says, and what could not be tidied up stays in the log."""
    trial.begins_with("crashed")
    store = trial.face.open()
    contents(store)
    arm()
    store.close()
    return trial.face.open()


MOMENTS = {
    "opening a new file": _opening("missing"),
    "opening a file": _opening("closed"),
    "opening what a crash left": _opening("crashed"),
    "checkpoint": _checkpoint,
    "closing": _closing,
}


def moments_that_fail(folder: str, face: str, moment: str, stride: int) -> dict[str, Any]:
    """Let every fault strike at this moment; afterwards all must be there and work.

    `stride`: one in so many of the calls that are made often.
    """
    Lease.tick = lambda *_: False
    logging.getLogger("connect_sqlite").setLevel(logging.CRITICAL)
    trial = _Trial(Path(folder), face)
    known = [] if moment == "opening a new file" else trial.known
    errors: Counter[str] = Counter()
    wrong = []
    with trial.runner:
        for place, kind, lasting in kinds():
            often = 1 if place in SELDOM else stride
            nth, struck = 1 + chance(moment, place, kind, lasting).randrange(often), 1
            while struck:
                store, error, problem = None, None, ""

                def arm(place=place, kind=kind, nth=nth, lasting=lasting) -> None:
                    trial.faults.arm(place, kind, nth, lasting)

                try:
                    store = MOMENTS[moment](trial, arm)
                except Exception as caught:  # noqa: BLE001 - it is judged
                    error = caught
                struck = trial.faults.struck
                trial.faults.disarm()
                # One that is given back in part is asked for anew, and SQLite has no word for it.
                problem = judged(place, kind, error, *([StoreError] if place == "lock" else []))
                errors[f"{place} {kind}: {type(error).__name__}"] += bool(struck)
                try:
                    store = store or trial.face.open()
                    if (there := contents(store)) != known:
                        problem += f" there is {there}"
                    works(store)
                    store.close()
                    if (sound := integrity(trial.face.path)) != "ok":
                        problem += sound
                except Exception as failure:  # noqa: BLE001 - whatever it is, it is wrong
                    problem += f" and then the store fails: {failure!r}"
                if problem:
                    wrong.append(f"{moment}: {place} {nth} {kind} {lasting=}: {problem}")
                nth += often
    return {
        "faults": errors.total(),
        "losses": len(wrong),
        "errors": dict(errors),
        "wrong": wrong[:5],
    }
