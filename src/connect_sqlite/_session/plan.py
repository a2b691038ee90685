"""The words in which `lifecycle` says what is to happen: steps for the store, and a plan."""

from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from ..contract import AsyncStore, Data, Store
from ..expiry import to_datetime
from .changes import Changes, Print
from .discreet import discreet
from .events import Hook, SessionEvent
from .timeouts import RESERVED, Marks

__all__ = [
    "NONE_LIVES",
    "NOTHING_TO_DO",
    "Create",
    "Destroy",
    "DestroyMany",
    "Find",
    "Kept",
    "Merge",
    "Notify",
    "Outcome",
    "Plan",
    "Read",
    "Rotate",
    "Set",
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
class Set(NamedTuple):
    sid: str
    session: Data

    def on(self, store: Store | AsyncStore) -> Any:
        return store.set(self.sid, self.session)


@discreet
class Merge(NamedTuple):
    sid: str
    changed: Data
    removed: tuple[str, ...]
    expires: datetime | None
    """None: it ends when it would have ended."""

    def on(self, store: Store | AsyncStore) -> Any:
        return store.merge(self.sid, self.changed, self.removed, self.expires)


@discreet
class Touch(NamedTuple):
    sid: str
    session: Data
    """What its new end follows from: the `cookie` alone."""

    @classmethod
    def until(cls, sid: str, ends: int) -> "Touch":
        """To this end, in milliseconds."""
        return cls(sid, {"cookie": {"expires": ends}})

    def as_merge(self) -> Merge:
        """The same as a save without changes."""
        return Merge(self.sid, {}, (), to_datetime(self.session["cookie"]["expires"]))

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
        changes = self.changes
        if changes is None:
            return store.rotate(self.old, self.new, self.session)
        own = {name: self.session[name] for name in RESERVED if name in self.session}
        changed = {**changes.changed, **own}
        return store.rotate(self.old, self.new, self.session, changed, changes.removed)


@discreet
class Destroy(NamedTuple):
    sid: str

    def on(self, store: Store | AsyncStore) -> Any:
        return store.destroy(self.sid)


@discreet
class Find(NamedTuple):
    path: str
    value: str | int

    def on(self, store: Store | AsyncStore) -> Any:
        return store.find(self.path, self.value)


@discreet
class DestroyMany(NamedTuple):
    sids: tuple[str, ...]

    def on(self, store: Store | AsyncStore) -> Any:
        return store.destroy_many(self.sids)


@discreet
class Notify(NamedTuple):
    hook: Hook
    event: SessionEvent

    def on(self, store: Store | AsyncStore) -> Any:
        return self.hook(self.event)


Step = Read | Create | Set | Merge | Touch | Rotate | Destroy | Find | DestroyMany | Notify


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
    marks: Marks
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
    owner: str | int | None = None
    """Whose session it has become in this request: a sign-in."""
    too_late: bool = False
    """Whether something is lost, for the browser cannot be told an id any more."""


@discreet
class Outcome(NamedTuple):
    """What the store said: the session that lives now, if one does."""

    sid: str | None
    lifetime: int | None = None


NOTHING_TO_DO = Plan()
NONE_LIVES = Outcome(None)
