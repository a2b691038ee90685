"""Every call of the contract, for what holds for all of them alike."""

from collections.abc import Callable
from typing import Any

from ...contract import Data, Store

__all__ = ["EVERY", "TIMED", "WITH_AN_ID", "WITH_A_SESSION"]

EVERY: dict[str, Callable[[Store], Any]] = {
    "get": lambda store: store.get("abc123"),
    "set": lambda store: store.set("abc123", {}),
    "destroy": lambda store: store.destroy("abc123"),
    "touch": lambda store: store.touch("abc123", {}),
    "length": lambda store: store.length(),
    "clear": lambda store: store.clear(),
    "ids": lambda store: store.ids(),
    "all": lambda store: store.all(),
    "create": lambda store: store.create("abc123", {}),
    "merge": lambda store: store.merge("abc123", {}),
    "rotate": lambda store: store.rotate("abc123", "def456", {}),
    "find": lambda store: store.find("user.id", 1),
    "destroy_where": lambda store: store.destroy_where("user.id", 1),
    "destroy_many": lambda store: store.destroy_many(["abc123"]),
    "scan": lambda store: store.scan(),
    "sweep": lambda store: store.sweep(),
    "stats": lambda store: store.stats(),
}
"""All but `close`, by name.  `"user.id"` must be one of the store's indexes."""

WITH_AN_ID: dict[str, Callable[[Store, str], Any]] = {
    "get": lambda store, sid: store.get(sid),
    "set": lambda store, sid: store.set(sid, {}),
    "set of an expired session": lambda store, sid: store.set(sid, {"cookie": {"maxAge": 0}}),
    "destroy": lambda store, sid: store.destroy(sid),
    "touch": lambda store, sid: store.touch(sid, {}),
    "create": lambda store, sid: store.create(sid, {}),
    "merge": lambda store, sid: store.merge(sid, {"a": 1}),
    "rotate from": lambda store, sid: store.rotate(sid, "new", {}),
    "rotate to": lambda store, sid: store.rotate("here", sid, {}),
    "destroy_where but": lambda store, sid: store.destroy_where("user.id", 1, keep=["here", sid]),
    "destroy_many": lambda store, sid: store.destroy_many(["here", sid]),
    "scan behind": lambda store, sid: store.scan(after=sid),
}
"""Each place where a call takes an id.  `"here"` should be live."""

WITH_A_SESSION: dict[str, Callable[[Store, str, Data], Any]] = {
    "set": lambda store, sid, session: store.set(sid, session),
    "create": lambda store, sid, session: store.create(f"{sid}-new", session),
    "merge": lambda store, sid, session: store.merge(sid, session),
    "rotate": lambda store, sid, session: store.rotate(sid, f"{sid}-new", session),
}
"""Each call that saves a session.  The id should be live."""

TIMED: dict[str, Callable[[Store, Data], Any]] = {
    "set": lambda store, session: store.set("here", session),
    "create": lambda store, session: store.create("new", session),
    "touch": lambda store, session: store.touch("here", session),
    "rotate": lambda store, session: store.rotate("here", "new", session),
}
"""Each call that takes a session and finds its expiry.  `"here"` should be live, `"new"` not."""
