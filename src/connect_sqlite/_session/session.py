"""`Session`: the data as a `dict`, and beside it what the handler wants to become of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from functools import wraps
from typing import Any

from ..contract import StoredSession
from ..expiry import from_datetime, to_datetime
from .changes import print_of
from .plan import Kept, Outcome, Plan, Tell
from .signing import new_id
from .timeouts import Timeouts, stored_lifetime, to_milliseconds

__all__ = ["Intent", "Session", "SessionCookie"]


class Intent(Enum):
    """What the handler asked for beside changes."""

    NONE = "none"
    ROTATE = "rotate"
    REGENERATE = "regenerate"
    DESTROY = "destroy"


# Reading a member from its enum costs ten times as much as reading a name.
_NO_INTENT = Intent.NONE
_TELL_NOTHING = Tell.NOTHING


class Session(dict[str, Any]):
    """One visitor's session.  Its data are the dict's; it is saved as the response starts.

    Values are JSON's.  The key `cookie` is kept for the cookie's settings, which are at `.cookie`.
    """

    __slots__ = (
        "_ends",
        "_id",
        "_intent",
        "_is_lost",
        "_kept",
        "_lifetime",
        "_tell",
        "_timeouts",
        "_touched",
        "accessed",
    )

    accessed: bool
    """Whether the handler looked at it, so that the response depends on the cookie (`Vary`)."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._id: str | None = None
        self.accessed = False
        self._kept: Kept | None = None
        self._is_lost = False  # it was ended by others while this request ran
        self._intent = _NO_INTENT
        self._touched = False
        self._lifetime = timeouts.max_age
        self._ends: int | None = None  # worked out when asked for
        self._tell = _TELL_NOTHING  # what `save()` left to be told when the response starts

    def _fill(self, row: StoredSession) -> None:
        """Become the session of a row."""
        dict.update(self, row)
        cookie = dict.pop(self, "cookie", None)
        lifetime = stored_lifetime(cookie, self._timeouts.max_age)
        self._id = row.id
        self._lifetime = lifetime
        self._ends = row.expires_ms
        self._kept = Kept(row.id, print_of(self), lifetime, row.expires_ms, cookie)

    @property
    def id(self) -> str:
        """The id: a secret as good as a password.  A new session's is not in the store yet."""
        if self._id is None:
            self._id = new_id()
        return self._id

    @property
    def is_new(self) -> bool:
        """Whether the store does not know it: the browser brought no session that lives."""
        return self._kept is None

    @property
    def expires(self) -> datetime:
        """When it ends, in UTC; a new session's, if it were saved now."""
        return to_datetime(self._end())

    @property
    def cookie(self) -> "SessionCookie":
        """The cookie's lifetime, which is the session's own."""
        return SessionCookie(self)

    def mark_accessed(self) -> None:
        """Say that the response depends on the session.  Starlette's `request.session` does."""
        self.accessed = True

    def rotate(self, keep: bool = True) -> None:
        """Give the session a new id and end the old one: at each sign-in and change of rights.

        Without `keep` it starts empty.
        """
        if not keep:
            self.regenerate()
        elif self._intent is Intent.NONE:
            self.accessed = True
            self._intent = Intent.ROTATE
            self._id = None

    def regenerate(self) -> None:
        """End the session and start an empty one under a new id, as express-session does."""
        self._restart(Intent.REGENERATE)

    def destroy(self) -> None:
        """End the session, here and in the browser: at sign-out.

        What is put in afterwards makes a new session under a new id.
        """
        self._restart(Intent.DESTROY)

    def touch(self) -> None:
        """Count this as activity now: the session ends its whole lifetime from here."""
        self._touched = True

    def copy(self) -> dict[str, Any]:
        """The data alone, as a plain dict."""
        self.accessed = True
        return self._data()

    def __reduce_ex__(self, protocol: Any, /) -> tuple[Any, ...]:
        # Copies and pickles are of the data alone: no id goes where data go.
        return dict, (self.copy(),)

    def __repr__(self) -> str:
        known = "new" if self.is_new else "known"
        return f"<{type(self).__name__}: {known}, {dict.__len__(self)} keys>"

    def _settle(self, plan: Plan, outcome: Outcome) -> None:
        """Take over what the store said, so that only later changes are saved next."""
        self._intent = Intent.NONE
        self._touched = False
        self._is_lost = outcome.sid is None and plan.kept is not None
        self._tell = Tell.NOTHING if self._is_lost else plan.tell
        if outcome.sid is None or plan.kept is None:
            self._kept = self._id = self._ends = None
            self._lifetime = self._timeouts.max_age
            return
        self._id = outcome.sid
        self._lifetime = outcome.lifetime
        self._ends = plan.kept.ends
        if outcome.lifetime != plan.kept.lifetime:  # another request changed it
            self._ends = self._timeouts.end(outcome.lifetime, plan.now)
        self._kept = plan.kept._replace(sid=outcome.sid, lifetime=outcome.lifetime, ends=self._ends)

    def _data(self) -> dict[str, Any]:
        """The data, without that being an access.  `dict.copy` would go through `keys()`."""
        return dict(dict.items(self))

    def _restart(self, intent: Intent) -> None:
        self.clear()
        self._intent = intent
        self._id = None
        self._is_lost = False
        self._lifetime = self._timeouts.max_age
        self._ends = None

    def _end(self) -> int:
        if self._ends is None:
            return self._timeouts.end(self._lifetime, self._timeouts.now())
        return self._ends


class SessionCookie:
    """The lifetime of a session and its cookie.  What is set moves both, and stays."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def original_max_age(self) -> float | None:
        """The lifetime in seconds.  None: the cookie ends with the browser."""
        lifetime = self._session._lifetime
        return None if lifetime is None else lifetime / 1000

    @property
    def max_age(self) -> float | None:
        """The seconds left.  Set it to a `timedelta`, a number of seconds, or None."""
        session = self._session
        if session._lifetime is None:
            return None
        return (session._end() - session._timeouts.now()) / 1000

    @max_age.setter
    def max_age(self, value: timedelta | float | None) -> None:
        session = self._session
        session._lifetime = None if value is None else to_milliseconds(value, "cookie.max_age")
        session._ends = session._timeouts.end(session._lifetime, session._timeouts.now())
        session._touched = True

    @property
    def expires(self) -> datetime | None:
        """When the cookie ends; None with the browser.  Set it to an aware `datetime`, or None."""
        session = self._session
        return None if session._lifetime is None else to_datetime(session._end())

    @expires.setter
    def expires(self, value: datetime | None) -> None:
        seconds = None
        if value is not None:
            now = self._session._timeouts.now()
            seconds = (from_datetime(value, "cookie.expires") - now) / 1000
        self.max_age = seconds

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: max_age={self.original_max_age}>"


def _noting(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def noted(self: Session, *args: Any, **kwargs: Any) -> Any:
        self.accessed = True
        return method(self, *args, **kwargs)

    return noted


# All that Python code reads or changes a dict by.  C code that reads the dict underneath, as orjson
# does, is not seen here: what hands `scope["session"]` to it says `mark_accessed()` itself.
for _name in (
    *("__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__", "__len__"),
    *(
        "__ne__",
        "__or__",
        "__reversed__",
        "__ror__",
        "__setitem__",
        "clear",
        "get",
        "items",
        "keys",
    ),
    *("pop", "popitem", "setdefault", "update", "values"),
):
    setattr(Session, _name, _noting(getattr(dict, _name)))
del _name
