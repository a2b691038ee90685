"""The words in which `lifecycle` says what is to happen: steps for the store, and a plan."""

from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from ..contract import AsyncStore, Data, Store
from .changes import Changes, Print
from .discreet import discreet

__all__ = [
    "NONE_LIVES",
    "NOTHING_TO_DO",
    "Create",
    "Destroy",
    "Kept",
    "Merge",
    "Outcome",
    "Plan",
    "Read",
    "Rotate",
    "Step",
    "Tell",
    "Touch",
]


@discreet
class Read(NamedTuple):
    sid: str

    def on(self, store: Store | AsyncStore) -> Any:
        return store.get(self.sid)


@discreet
class Create(NamedTuple):
    sid: str
    session: Data

    def on(self, store: Store | AsyncStore) -> Any:
        return store.create(self.sid, self.session)


@discreet
class Merge(NamedTuple):
    sid: str
    changed: Data
    removed: tuple[str, ...]
    expires: datetime

    def on(self, store: Store | AsyncStore) -> Any:
        return store.merge(self.sid, self.changed, self.removed, self.expires)


@discreet
class Touch(NamedTuple):
    sid: str
    session: Data
    """What its new end follows from: the `cookie` alone."""

    @classmethod
    def until(cls, sid: str, lifetime: int | None, now: int) -> "Touch":
        """To the end of a lifetime that begins now; without one, after the store's `ttl`."""
        return cls(sid, {} if lifetime is None else {"cookie": {"expires": now + lifetime}})

    def on(self, store: Store | AsyncStore) -> Any:
        return store.touch(self.sid, self.session)


@discreet
class Rotate(NamedTuple):
    old: str
    new: str
    session: Data
    changes: Changes | None = None
    """Given when the data stay: others' changes since the session was loaded go along too."""
    creates: bool = False
    """Whether the session is created when the old one was ended meanwhile."""

    def on(self, store: Store | AsyncStore) -> Any:
        return store.rotate(self.old, self.new, self.session)


@discreet
class Destroy(NamedTuple):
    sid: str

    def on(self, store: Store | AsyncStore) -> Any:
        return store.destroy(self.sid)


Step = Read | Create | Merge | Touch | Rotate | Destroy


class Tell(Enum):
    """What the browser is told with the response."""

    NOTHING = "nothing"
    ID = "the id"
    GOODBYE = "that it is over"


@discreet
class Kept(NamedTuple):
    """A session as the store has it."""

    sid: str
    print: Print
    lifetime: int | None
    ends: int
    cookie: Any
    """The `cookie` object of the row."""


@discreet
class Plan(NamedTuple):
    """What is to be done now.  `carry` does it; `lifecycle` says what follows from the outcome."""

    step: Step | None = None
    tell: Tell = Tell.NOTHING
    kept: Kept | None = None
    """What the store has when all went well."""
    now: int = 0
    too_late: bool = False
    """Whether something is lost, for the browser cannot be told an id any more."""


@discreet
class Outcome(NamedTuple):
    """What the store said: the session that lives now, if one does."""

    sid: str | None
    lifetime: int | None = None


NOTHING_TO_DO = Plan()
NONE_LIVES = Outcome(None)
