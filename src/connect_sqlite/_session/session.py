"""`Session`: the data as a `dict`, and beside it what the handler wants to become of it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Protocol

from ..contract import StoredSession
from ..expiry import NEVER, to_datetime
from ..handles import handle_of
from . import csrf
from .changes import print_of
from .cookie import CookieWriter
from .jar import SessionCookies
from .plan import Kept, Outcome, Plan, Tell
from .rules import Intent
from .session_cookie import SessionCookie
from .timeouts import MARKS, RESERVED, Marks, Timeouts, stored_lifetime, to_milliseconds

__all__ = ["Home", "Session", "session_data"]

_FLASH = "_flash"
_CSRF = "_csrf"

# Reading a member from its enum costs ten times as much as reading a name.
_NO_INTENT = Intent.NONE
_TELL_NOTHING = Tell.NOTHING
_NO_MARKS = Marks()


class Home(Protocol):
    """What a session asks of the configuration that it lives under."""

    timeouts: Timeouts
    store: Any

    def new_id(self, request: Any) -> str: ...
    def has_changed_hands(self, session: Any) -> bool: ...
    def as_kept(self, session: Any) -> dict[str, Any]: ...


class Session(dict[str, Any]):
    """One visitor's session.  Its data are the dict's; it is saved as the response starts.

    Values are JSON's.  The keys `cookie` and `_session` are kept for the session's own settings.
    """

    __slots__ = (
        "_cookies",
        "_ends",
        "_home",
        "_https",
        "_id",
        "_intent",
        "_is_lost",
        "_is_passive",
        "_kept",
        "_lifetime",
        "_marks",
        "_request",
        "_tell",
        "_touched",
        "_view",
        "_writer",
        "accessed",
    )

    accessed: bool
    """Whether the handler looked at it, so that the response depends on the cookie (`Vary`)."""
    _view: Any
    """The instance of the model that a handler has.  Missing until one asks for it."""

    def __init__(
        self, home: Home, cookies: SessionCookies, https: bool, request: Any = None
    ) -> None:
        # Called for each request, and given by place: keywords double its cost.
        self._home = home
        self._cookies = cookies
        self._https = https
        self._writer: CookieWriter = cookies.writers[https]
        self._request = request
        self._id: str | None = None
        self.accessed = False
        self._kept: Kept | None = None
        self._is_lost = False  # it was ended by others while this request ran
        self._is_passive = False
        self._intent = _NO_INTENT
        self._touched = False
        self._lifetime = cookies.lifetime
        self._marks = _NO_MARKS
        self._ends: int | None = None  # worked out when asked for
        self._tell = _TELL_NOTHING  # what `save()` left to be told when the response starts

    def _fill(self, row: StoredSession) -> None:
        """Become the session of a row."""
        dict.update(self, row)
        cookie = dict.pop(self, "cookie", None)
        marks = dict.pop(self, MARKS, None)
        self._marks = marks = _NO_MARKS if marks is None else Marks.of(marks)
        self._lifetime = lifetime = stored_lifetime(cookie, self._cookies.lifetime)
        self._id = row.id
        self._ends = row.expires_ms
        self._kept = Kept(row.id, print_of(self), lifetime, row.expires_ms, marks, cookie)

    @property
    def id(self) -> str:
        """The id: a secret as good as a password.  A new session's is not in the store yet."""
        if self._id is None:
            self._id = self._home.new_id(self._request)
        return self._id

    @property
    def handle(self) -> str:
        """A name that may be shown and logged: the id cannot be found from it."""
        return handle_of(self.id)

    @property
    def is_new(self) -> bool:
        """Whether the store does not know it: the browser brought no session that lives."""
        return self._kept is None

    @property
    def expires(self) -> datetime:
        """When it ends, in UTC; a new session's, if it were saved now."""
        return to_datetime(self._end())

    @property
    def time_left(self) -> timedelta | None:
        """How long it lives if it is not used again; None if it never ends."""
        ends = self._end()
        if ends >= NEVER:
            return None
        return timedelta(milliseconds=max(0, ends - self._timeouts.now()))

    @property
    def created(self) -> datetime | None:
        """When it began.  None: it is new, or another program made it, which does not say."""
        return _moment(self._marks.created)

    @property
    def authenticated_at(self) -> datetime | None:
        """When its user last proved who it is: the sign-in, or `reauthenticated()`."""
        return _moment(self._marks.authenticated)

    @property
    def last_seen(self) -> datetime | None:
        """When it was last used before this request, to within the touch interval.

        None for a new one.  In its last hours before an absolute timeout, a time before that.
        """
        kept = self._kept
        if kept is None:
            return None
        now = self._timeouts.now()
        return to_datetime(self._timeouts.last_seen(kept.lifetime, kept.ends, now))

    @property
    def store(self) -> Any:
        """The store it is kept in."""
        return self._home.store

    @property
    def cookie(self) -> SessionCookie:
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
            # Who knew the session before may know its token.
            self.pop(_CSRF, None)
            self._intent = Intent.ROTATE
            self._id = None

    def reauthenticated(self) -> None:
        """Say that the user has just proved again who it is: a new id, and both timeouts anew."""
        self.rotate()
        self._authenticate(self._timeouts.now())

    def authenticated_within(self, limit: timedelta | float) -> bool:
        """Whether the last proof is at most so long ago, in seconds or as a `timedelta`."""
        at = self._marks.authenticated
        if at is None:
            return False
        return self._timeouts.now() - at <= to_milliseconds(limit, "limit")

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
        self._is_passive = False

    def no_activity(self) -> None:
        """Do not count this request as activity: a poll, say.  Its changes are saved all the same.

        The session then ends when it would have ended without it.  `touch()` takes that back.
        """
        self._is_passive = True

    def flash(self, message: Any, category: str = "message") -> None:
        """Keep a message for the next page that asks for `flashes()`."""
        self[_FLASH] = [*self.get(_FLASH, ()), [category, message]]

    def flashes(self, category: str | None = None) -> list[tuple[str, Any]]:
        """The messages with their categories, oldest first; each is given once.

        With a category, those of this one, and the others stay.
        """
        kept: list[Any] = []
        given: list[Any] = []
        for each in self.get(_FLASH, ()):
            (given if category is None or each[0] == category else kept).append(each)
        if kept:
            self[_FLASH] = kept
        else:
            self.pop(_FLASH, None)
        return [(name, message) for name, message in given]

    def csrf_token(self) -> str:
        """What a form carries so that `check_csrf` knows it was shown to this session.

        Another text each time, for compression tells what stays the same; all are good until the
        session rotates.
        """
        if self._home.has_changed_hands(self):
            self.rotate()  # as it will when it is saved, and then this token would be dead
        if not isinstance(self.get(_CSRF), str):
            self[_CSRF] = csrf.new_secret()
        return csrf.masked(self[_CSRF])

    def check_csrf(self, token: object) -> bool:
        """Whether `csrf_token()` gave out this token in this session."""
        return csrf.belongs(token, self.get(_CSRF))

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
            self._lifetime = self._cookies.lifetime
            self._marks = _NO_MARKS
            return
        self._id = outcome.sid
        self._lifetime = outcome.lifetime
        self._marks = plan.kept.marks
        self._ends = plan.kept.ends
        if outcome.lifetime != plan.kept.lifetime:  # another request changed it
            self._ends = self._timeouts.end(outcome.lifetime, self._marks.began, plan.now)
        self._kept = plan.kept._replace(sid=outcome.sid, lifetime=outcome.lifetime, ends=self._ends)

    def _refill(self, row: StoredSession) -> None:
        """Become the session of a row, whatever it was."""
        dict.clear(self)
        self._intent = _NO_INTENT
        self._is_lost = self._touched = False
        self._view = None
        self._fill(row)

    def _discard(self) -> None:
        """Leave the store and the browser as they are."""
        self.clear()
        self._is_lost = True
        self._tell = _TELL_NOTHING

    def _authenticate(self, now: int) -> None:
        self._marks = self._marks.proved(now)
        self._ends = None

    def _data(self) -> dict[str, Any]:
        """The data, without that being an access.  `dict.copy` would go through `keys()`."""
        return dict(dict.items(self))

    def _restart(self, intent: Intent) -> None:
        self.clear()
        self._intent = intent
        self._id = None
        self._is_lost = False
        self._view = None
        self._lifetime = self._cookies.lifetime
        self._marks = _NO_MARKS
        self._ends = None

    @property
    def _timeouts(self) -> Timeouts:
        return self._home.timeouts

    def _end(self) -> int:
        timeouts, began = self._timeouts, self._marks.began
        now = timeouts.now()
        if self._ends is None:
            return timeouts.end(self._lifetime, now if began is None else began, now)
        return timeouts.real_end(self._lifetime, began, self._ends, now)


def session_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a row alone, without the session's own settings."""
    return {key: value for key, value in row.items() if key not in RESERVED}


def _moment(at: int | None) -> datetime | None:
    return None if at is None else to_datetime(at)


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
