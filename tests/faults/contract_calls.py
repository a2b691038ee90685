"""Every call of the contract, on a store whose sessions are known."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, Store
from connect_sqlite.testing.blocking import as_sync

__all__ = ["CALLS", "Face", "begin_anew", "contents"]

NOW = 1_900_000_000.0
LATER = datetime.fromtimestamp(NOW + 5000, UTC)
LONG = {"cookie": {"maxAge": 9_000_000}}

CALLS: dict[str, Callable[[Any], Any]] = {
    "get": lambda store: store.get("a"),
    "get a large one": lambda store: store.get("large"),
    "get none": lambda store: store.get("none"),
    "set": lambda store: store.set("a", {"n": 2, "user": {"id": 1}}),
    "set a new one": lambda store: store.set("new", {"user": {"id": 2}}),
    "set a large one": lambda store: store.set("a", {"text": "z" * 20_000}),
    "set one that is over": lambda store: store.set("a", {"cookie": {"maxAge": -1}}),
    "touch": lambda store: store.touch("a", LONG),
    "merge": lambda store: store.merge("a", {"m": 3}, ("n",), LATER),
    "create": lambda store: store.create("new", {"user": {"id": 1}}),
    "rotate": lambda store: store.rotate("a", "new", {"n": 9}),
    "destroy": lambda store: store.destroy("a"),
    "destroy a large one": lambda store: store.destroy("large"),
    "destroy none": lambda store: store.destroy("none"),
    "destroy_many": lambda store: store.destroy_many(["a", "c", "none"]),
    "destroy_where": lambda store: store.destroy_where("user.id", 1, keep=("b",)),
    "clear": lambda store: store.clear(),
    "length": lambda store: store.length(),
    "ids": lambda store: store.ids(),
    "all": lambda store: store.all(),
    "scan": lambda store: store.scan(after="a", limit=2),
    "find": lambda store: store.find("user.id", 1),
    "sweep": lambda store: store.sweep(),
    "stats": lambda store: store.stats()["live"],
    # Not awaited, whichever the face.
    "data_version": lambda store: getattr(store, "_store", store).data_version() > 0,
}

_KNOWN: dict[str, dict[str, Any]] = {
    "a": {"n": 1, "user": {"id": 1}},
    "b": {"user": {"id": 1}},
    "c": {"user": {"id": 2}},
    "large": {"text": "y" * 15_000, "user": {"id": 1}},
}


class Face:
    """Opens a store's one or other face on the same path, at a time that is set by hand."""

    def __init__(self, face: str, path: str, runner: Any) -> None:
        self.path = path
        self.now = NOW
        self._face = face
        self._runner = runner

    def open(self) -> Store:
        options: dict[str, Any] = {
            "indexes": ("user.id",),
            "sweep_interval": None,
            "busy_timeout": 0.004,
            "clock": lambda: self.now,
        }
        if self._face == "sync":
            return SQLiteStore(self.path, **options)
        return as_sync(AsyncSQLiteStore(self.path, **options), self._runner)


def begin_anew(face: Face, store: Store) -> None:
    """Let there be the known sessions, and a few that have expired, and nothing else."""
    store.clear()
    face.now = NOW - 100
    for n in range(3):
        store.set(f"old{n}", {"cookie": {"maxAge": 1000}})
    face.now = NOW
    for sid, session in _KNOWN.items():
        store.set(sid, session)


def contents(store: Store) -> list[Any]:
    """All that is there, to compare by."""
    return [[each.id, each.expires_ms, json.dumps(each, sort_keys=True)] for each in store.all()]
