"""Opens damaged files with a store, asks for everything, and judges what it says."""

import faulthandler
import json
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from connect_sqlite import SQLiteStore, StoreError
from connect_sqlite._stores.codec import _log
from engine.vfs import QuickVFS

from .damage import OPTIONS, Case, Sound, State, cases, kept, laid_out, sound
from .scale import chance

__all__ = ["KINDS", "looked_through"]

_PATIENCE = 60
"""Seconds after which a file is taken to have hung the store."""

KINDS = {"pages": "", "header": "", "log": "-wal", "journal": "-journal"}


def looked_through(folder: str, kind: str, amount: int, stride: int) -> dict[str, Any]:
    """Opens one in `stride` damaged files.  The one that is looked at stands in `case.txt`, in case
    that it crashes."""
    layer = QuickVFS()
    _log.disabled = True  # each unreadable row says so
    luck = chance("damage", kind)
    well = sound(kind, Path(folder), luck)
    figures: dict[str, Any] = {"files": 0, "losses": 0}
    outcomes: Counter[str] = Counter()
    wrong = []
    for case in islice(cases(kind, well, amount, luck), 0, None, stride):
        Path(folder, "case.txt").write_text(case.name)
        faulthandler.dump_traceback_later(_PATIENCE, exit=True)
        figures["files"] += 1
        path = laid_out(case, Path(folder, "damaged"), KINDS.get(kind, ""))
        problem = _Look(well, case, outcomes).at(path)
        if problem:
            figures["losses"] += 1
            wrong.append(f"{case.name}: {problem}")
    faulthandler.cancel_dump_traceback_later()
    layer.unregister()
    return {**figures, "outcomes": dict(outcomes), "wrong": wrong[:5]}


class _Look:
    """One damaged file, and what may be said of it."""

    def __init__(self, well: Sound, case: Case, outcomes: Counter[str]) -> None:
        self._case = case
        self._outcomes = outcomes
        self._known: dict[str, set[str]] = {}
        for state in well.states:
            for sid, text in state.items():
                self._known.setdefault(sid, set()).add(text)
        self._problem = ""

    def at(self, path: Path) -> str:
        """What is wrong with what the store says; empty if nothing is."""
        store = self._said("open", lambda: SQLiteStore(path, **OPTIONS))
        if store is None:
            return self._problem
        there: State | None = self._said("all", lambda: kept(store))
        if there is not None:
            self._judge_all(there)
        for sid in sorted(self._known):
            found = self._said("get", lambda sid=sid: store.get(sid) or "absent")
            if found == "absent":
                self._outcomes["absent"] += 1
            elif found is not None:
                self._outcomes["found"] += 1
            if (
                isinstance(found, dict)
                and json.dumps(found, sort_keys=True) not in self._known[sid]
            ):
                self._problem = f"get({sid!r}) says {found}"
        for user in range(7):
            for found in self._said("find", lambda user=user: store.find("user.id", user)) or ():
                if found["user"]["id"] != user:
                    self._problem = f"find({user}) says {found}"
        self._use(store)
        self._said("close", store.close)
        return self._problem

    def _judge_all(self, there: State) -> None:
        if self._case.allowed is not None and there not in self._case.allowed:
            self._problem = f"holds another state: {sorted(there)}"
        for sid, text in there.items():
            if text not in self._known.get(sid, ()):
                self._problem = f"all() says {sid}: {text}"

    def _use(self, store: SQLiteStore) -> None:
        calls: dict[str, Callable[[], Any]] = {
            "ids": store.ids,
            "length": store.length,
            "scan": lambda: store.scan(limit=20),
            "stats": store.stats,
            "create": lambda: store.create("new", {"n": 1}),
            "set": lambda: store.set("s01", {"n": 1, "text": "y" * 6000}),
            "merge": lambda: store.merge("s02", {"m": 1}),
            "touch": lambda: store.touch("s03", {}),
            "rotate": lambda: store.rotate("s04", "newer", {"n": 2}),
            "destroy": lambda: store.destroy("s06"),
            "destroy_where": lambda: store.destroy_where("user.id", 3),
            "sweep": store.sweep,
            "data_version": store.data_version,
        }
        for name, call in calls.items():
            before = self._problem
            self._said(name, call)
            if name == "create" and self._problem == before:
                found = self._said("get", lambda: store.get("new"))
                if found not in (None, {"n": 1}):
                    self._problem = f"a new session came back as {found}"

    def _said(self, name: str, call: Callable[[], Any]) -> Any:
        """Its result, or None if it raised one of the package's own errors."""
        try:
            return call()
        except StoreError as error:
            self._outcomes[type(error).__name__] += 1
        except Exception as error:  # noqa: BLE001 - nothing else may come out
            self._problem = f"{name} raised {error!r}"
        return None
