"""Lets every call of the contract meet every fault of the disk at every place, and judges."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from connect_sqlite import Store, StoreBusy, StoreCorrupt, StoreError, StoreFull
from connect_sqlite._sqlite.lease import Lease
from engine.programs import integrity

from .contract_calls import CALLS, Face, begin_anew, contents
from .scale import chance
from .syscalls import FAULTS, Faults

__all__ = ["calls_that_fail", "judged", "kinds", "works"]

EXPECTED: dict[tuple[str, str], tuple[type[StoreError], ...]] = {
    ("write", "ENOSPC"): (StoreFull,),
    ("open", "ENOSPC"): (StoreFull, StoreError),  # SQLite says no more than that it cannot open it
    ("write", "EIO"): (StoreError, StoreFull),  # nor why its shared memory cannot grow
    ("read", "EIO"): (StoreError, StoreCorrupt),  # SQLite makes no difference
    ("lock", "EINTR"): (StoreBusy,),
    ("lock", "EAGAIN"): (StoreBusy,),
    ("lock", "EIO"): (StoreBusy, StoreError),
}
"""The error that a call must raise if it is not done; else a plain `StoreError`."""


def calls_that_fail(path: str, face: str, calls: list[str], stride: int) -> dict[str, Any]:
    """Runs these calls under all faults, on a store just opened and on one in use.

    `stride`: one in so many of the places at which each can fail.
    """
    Lease.tick = lambda *_: False  # it would make the Nth call of the system another one each time
    trial = _Trial(path, face)
    with trial.runner:
        for call in calls:
            for warm in (True, False):
                trial.run(call, warm, stride)
    trial.figures["sound"] = integrity(path)
    return {**trial.figures, "errors": dict(trial.errors), "wrong": trial.wrong[:5]}


class _Trial:
    def __init__(self, path: str, face: str) -> None:
        self.faults = Faults()
        self.runner = asyncio.Runner()
        self.face = Face(face, path, self.runner)
        self.figures: dict[str, Any] = {"faults": 0, "done": 0, "refused": 0, "losses": 0}
        self.errors: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self, call: str, warm: bool, stride: int) -> None:
        """One call, all faults."""
        store = self.face.open()
        begin_anew(self.face, store)
        before = contents(store)
        expected = plain(CALLS[call](store))
        after = contents(store)
        begin_anew(self.face, store)
        for place, kind, lasting in kinds():
            nth = 1 + chance(call, place, kind, lasting).randrange(stride)
            while True:
                if not warm:
                    store.close()
                    store = self.face.open()
                where = f"{call}, warm={warm}: {place} {nth} {kind} {lasting=}"
                self.faults.arm(place, kind, nth, lasting)
                result, error = _made(call, store)
                struck = self.faults.struck
                self.faults.disarm()
                if not struck:
                    if contents(store) != before or call == "sweep":
                        begin_anew(self.face, store)
                    break
                self.figures["faults"] += 1
                self.figures["done" if error is None else "refused"] += 1
                self.errors[f"{place} {kind}: {type(error).__name__}"] += 1
                problem = judged(place, kind, error)
                if error is None and result != expected:
                    problem = f"{result} instead of {expected}"
                try:
                    there = contents(store)
                    if there != (after if error is None else before):
                        problem = problem or f"afterwards there is {there}"
                    if there != before or call == "sweep":
                        begin_anew(self.face, store)
                    works(store)
                except Exception as failure:  # noqa: BLE001 - whatever it is, it is wrong
                    problem = f"{problem} and then the store fails: {failure!r}"
                    store.close()
                    store = self.face.open()
                    begin_anew(self.face, store)
                if problem:
                    self.figures["losses"] += 1
                    self.wrong.append(f"{where}: {problem}")
                nth += stride
        store.close()


def kinds() -> Iterator[tuple[str, str, bool]]:
    for place, kinds in FAULTS.items():
        for kind in kinds:
            for lasting in (False, True):
                yield place, kind, lasting


def _made(call: str, store: Store) -> tuple[Any, Exception | None]:
    try:
        return plain(CALLS[call](store)), None
    except Exception as error:  # noqa: BLE001 - it is judged
        return None, error


def judged(place: str, kind: str, error: Exception | None, *more: type[StoreError]) -> str:
    """What is wrong with the error, if anything is; `more` of them are right, too."""
    allowed = (*EXPECTED.get((place, kind), (StoreError,)), *more)
    return "" if error is None or type(error) in allowed else f"raised {error!r}"


def works(store: Store) -> None:
    store.create("works", {"n": 1})
    assert {"n": 1} == store.get("works")
    assert 1 == store.destroy("works")


def plain(result: Any) -> str:
    return json.dumps(result, sort_keys=True)
