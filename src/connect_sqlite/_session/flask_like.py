"""What Flask and Quart share: the session's attributes, its values, and settings that are theirs.

Neither is imported here: a door hands in the application, whose `config` both have.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache, wraps
from math import ceil
from typing import Any, ClassVar, TypedDict, TypeVar, Unpack
from urllib.parse import quote

from ..contract import AsyncStore, Store, StoredSession
from ..errors import StoreError
from ..expiry import from_datetime
from .changes import Print, changes_since, print_of
from .events import Hook
from .jar import Jar, SessionCookies
from .lifecycle import Lifecycle
from .options import CookieOptions
from .plan import NOTHING_TO_DO, Plan, Tell
from .policy import AtLimit, OnConflict, OnStoreError
from .refusal import Refusal, refused
from .responses import ResponseManager, ResponseSession, TextHeaders, refusal_headers
from .rules import Intent, Moment
from .session import Session
from .signing import Secret, Signer
from .skip import Skip
from .tags import Tags, may_have_tags, tagged, untagged
from .timeouts import to_milliseconds
from .typed import Migrate

__all__ = ["Away", "FlaskLikeManager", "FlaskLikeSession", "Options", "answer"]

S = TypeVar("S", bound=AsyncStore | Store)
Kind = TypeVar("Kind", bound="FlaskLikeSession")

_PERMANENT = "_permanent"
_NO_DATA = print_of({})

_THEIRS = {
    "secret": "SECRET_KEY and SECRET_KEY_FALLBACKS say it",
    "name": "SESSION_COOKIE_NAME says it",
    "cookie": "SESSION_COOKIE_PATH and the settings beside it say it",
    "rolling": "SESSION_REFRESH_EACH_REQUEST says it, of sessions that are permanent",
    "proxy": "SESSION_COOKIE_SECURE says whether the cookie is Secure",
    "unset": "a request's session cannot be taken away",
}


class Options(TypedDict, total=False):
    """The options of every session middleware that are no settings of the framework's."""

    resave: bool
    save_uninitialized: bool
    save_on_error: bool
    genid: Callable[[Any], str] | None
    skip: Skip
    owner: str | None
    sessions_per_owner: int | None
    at_limit: AtLimit
    idle_timeout: timedelta | float | None
    absolute_timeout: timedelta | float | None
    touch_interval: timedelta | float | None
    model: Any
    migrate: Migrate | None
    on_conflict: OnConflict
    on_store_error: OnStoreError
    on_created: Hook | None
    on_rotated: Hook | None
    on_destroyed: Hook | None
    on_expired: Hook | None
    clock: Callable[[], float] | None


class FlaskLikeSession(ResponseSession):
    """A session with what `flask.sessions.SessionMixin` wants, and with Flask's values."""

    __slots__ = ()

    _home: Any  # a FlaskLikeManager
    _app: Any
    _changed: bool
    """Whether one of its own keys was set or removed, or `modified` was set."""
    _baseline: Print | None
    """What `modified = False` left aside: that alone is not saved."""
    _was_permanent: bool

    def _prepare(self, app: Any) -> None:
        """Fill in what `__init__` does not know of."""
        self._app, self._baseline = app, None
        self._started = self._failed = self._changed = self._was_permanent = False

    @property
    def new(self) -> bool:
        """Whether the store does not know it."""
        return self.is_new

    @property
    def modified(self) -> bool:
        """Whether it was changed, however deep.  Need not be set.

        True: the cookie is sent and the session's lifetime counts from now.  False: what was
        changed so far is not saved, unless something is changed after that.
        """
        if self._changed:
            return True
        before = self._baseline
        if before is None:
            before = self._kept.print if self._kept else _NO_DATA
        return changes_since(before, self._home._tagged(self._data())) is not None

    @modified.setter
    def modified(self, value: bool) -> None:
        self._changed = self._touched = bool(value)
        self._baseline = None if value else print_of(self._home._tagged(self._data()))

    @property
    def _is_set_aside(self) -> bool:
        before = self._baseline
        return before is not None and not self._changed and not self.modified

    def _fill(self, row: StoredSession) -> None:
        super()._fill(row)
        kept, serializer = self._kept, self._home.serializer
        if kept and (not isinstance(kept.print, bytes) or may_have_tags(kept.print, serializer)):
            for key, value in dict.items(self):
                dict.__setitem__(self, key, untagged(value, serializer))
            # What another program wrote is perhaps tagged otherwise here, which is no change.
            self._kept = kept._replace(print=print_of(tagged(self._data(), serializer)))
        self._was_permanent = bool(dict.get(self, _PERMANENT))

    def _refill(self, row: StoredSession) -> None:
        super()._refill(row)
        self._changed, self._baseline = False, None


class Away(FlaskLikeSession):
    """In place of a session that the store could not give: whoever asks for it gets the error."""

    __slots__ = ()

    _cause: StoreError
    _error: Exception

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: the store failed>"


class _Lifecycle(Lifecycle):
    """Decides from the data as they are kept, and by the application's settings."""

    def plan(self, session: Session, moment: Moment) -> Plan:
        assert isinstance(session, FlaskLikeSession)
        home, data = session._home, session._data()
        home._take_settings(session)
        if session._is_set_aside:
            if session._kept is None:
                if session._intent is Intent.NONE:
                    return NOTHING_TO_DO
            elif session._baseline is not None:
                session._kept = session._kept._replace(print=session._baseline)
        kept = home._tagged(data)
        if kept is data:
            return super().plan(session, moment)
        dict.clear(session)
        dict.update(session, kept)
        try:
            return super().plan(session, moment)
        finally:
            # A rotation takes a key out.
            stay = {
                key: data[key] for key in data if key not in kept or dict.__contains__(session, key)
            }
            dict.clear(session)
            dict.update(session, stay)


class FlaskLikeManager(ResponseManager[S]):
    """Sessions of an application whose settings say what their cookie is."""

    cookie_is_ours = False
    life = _Lifecycle
    framework: ClassVar[Any]
    """The framework's `SessionInterface`."""
    serializer: Tags
    """Of values that JSON has not: more can be registered, as Flask documents."""

    def __init__(self, store: S | str | os.PathLike[str], **options: Unpack[Options]) -> None:
        """Make the interface.  Every option is checked here; times are seconds or `timedelta`s.

        `store`: a store, or what `open_store` takes.  The options are those of the session
        middleware, but for the cookie's, for which the application has settings.
        """
        for name in options:
            if name in _THEIRS:
                raise TypeError(f"{name} is no option here: {_THEIRS[name]}")
        super().__init__(None, store=store, **options)
        kind: Any = type(self)
        self._has_expiration = kind.get_expiration_time is not self.framework.get_expiration_time
        self._has_sending = kind.should_set_cookie is not self.framework.should_set_cookie

    def _session(
        self, kind: type[Kind], app: Any, request: Any, cookies: str
    ) -> tuple[Kind, list[str]]:
        """A session for the request, still empty, and the ids to try."""
        jar = self._jar_of(app)
        session = kind(self, jar.of(None), True, self.remembered(request))
        session._prepare(app)
        if self._skips is not None and self._skips(request, request.path):
            session._discard()  # it can be used, and is kept nowhere
            session._changed = session.accessed = False
            return session, []
        return session, jar.offered(cookies.encode("latin-1", "replace"))

    def _gone_away(self, session: Away, error: StoreError, unavailable: Exception) -> None:
        """The store failed, of which the application hears when it asks for the session."""
        session._cause = error
        session._error = error if self.raises(error) else unavailable
        if not self.raises(error):
            refused(error)

    def _answer_away(self, session: Away, response: Any) -> None:
        """Whoever asked for it in vain, and then went on, must not answer as to a stranger."""
        if session._failed and response.status_code < 500 and not self.raises(session._cause):
            refusal = refused(session._cause)
            answer(response, refusal_headers(refusal), refusal)

    def _offered(self, cookies: bytes) -> list[str]:
        return self._jar_of(self._current_app()).offered(cookies)

    def _current_app(self) -> Any:
        raise NotImplementedError

    # ------------------------------------------------------------------ the settings

    def _jar_of(self, app: Any) -> Jar:
        interface: Any = self
        return _jar(interface.get_cookie_name(app), _secrets(app))

    def _cookies_of(self, app: Any) -> SessionCookies:
        interface: Any = self
        # Flask before 3.1 has no such setting.
        partitioned = getattr(self, "get_cookie_partitioned", _no)
        return _cookies(
            interface.get_cookie_name(app),
            _secrets(app),
            interface.get_cookie_domain(app),
            interface.get_cookie_path(app),
            interface.get_cookie_httponly(app),
            interface.get_cookie_secure(app),
            interface.get_cookie_samesite(app),
            partitioned(app),
        )

    def _take_settings(self, session: FlaskLikeSession) -> None:
        """Before it is decided what becomes of the session: what its application's settings say."""
        app, accessed = session._app, session.accessed
        session._cookies = cookies = self._cookies_of(app)
        session._writer = cookies.writers[True]
        permanent = bool(dict.get(session, _PERMANENT))
        lifetime = self._lifetime(session, app, permanent)
        session._was_permanent = permanent
        if lifetime != session._lifetime:
            session._lifetime, session._ends = lifetime, None
        if session._kept is not None and session._tell is Tell.NOTHING:
            refreshed = permanent and app.config["SESSION_REFRESH_EACH_REQUEST"]
            interface: Any = self
            sends = session._changed or refreshed
            if self._has_sending:
                sends = interface.should_set_cookie(app, session)
            if sends:
                session._tell = Tell.ID
        session.accessed = accessed  # settings look at it, and the response does not depend on that

    def _lifetime(self, session: FlaskLikeSession, app: Any, permanent: bool) -> int | None:
        if self._has_expiration:
            interface: Any = self
            end = interface.get_expiration_time(app, session)
            if end is None:
                return None
            left = from_datetime(end, "get_expiration_time") - self.timeouts.now()
            # It was worked out a moment ago, and is meant to be the same each time.
            return ceil(left / 1000) * 1000
        if permanent:
            return to_milliseconds(app.permanent_session_lifetime, "PERMANENT_SESSION_LIFETIME")
        # What is not permanent here may be so for the application that made it.
        return None if session._was_permanent else session._lifetime

    # ------------------------------------------------------------------ the values

    def as_kept(self, session: Session) -> dict[str, Any]:
        """The data as they go to the store, tagged."""
        return self._tagged(session._data())

    def _tagged(self, data: dict[str, Any]) -> dict[str, Any]:
        """The data as they are kept: JSON's values alone, and nothing if nothing was put in."""
        if len(data) == 1 and _PERMANENT in data:
            return {}  # often set for every visitor, before anything is known of them
        return tagged(data, self.serializer)


def answer(response: Any, headers: TextHeaders, refusal: Refusal | None) -> None:
    """Give the response its headers, or make it a refusal."""
    if refusal is not None:
        response.status_code = refusal.status
        response.set_data(refusal.text)
    response.headers[:] = headers


def _secrets(app: Any) -> tuple[Secret, ...]:
    return (app.secret_key, *(app.config.get("SECRET_KEY_FALLBACKS") or ()))


def _no(app: Any) -> bool:
    return False


@lru_cache(maxsize=64)
def _signer(secrets: tuple[Secret, ...]) -> Signer:
    return Signer(secrets)


@lru_cache(maxsize=64)
def _jar(name: str, secrets: tuple[Secret, ...]) -> Jar:
    return Jar(name, None, _signer(secrets))


@lru_cache(maxsize=256)
def _cookies(
    name: str,
    secrets: tuple[Secret, ...],
    domain: str | None,
    path: str,
    http_only: bool,
    secure: bool,
    same_site: Any,
    partitioned: bool,
) -> SessionCookies:
    try:
        options = CookieOptions(
            # As Werkzeug writes them.
            domain=_host(domain) if domain else None,
            path=quote(path, safe="%!$&'()*+,/:=@"),
            secure=bool(secure or partitioned),
            http_only=bool(http_only),
            same_site=same_site or None,
            partitioned=bool(partitioned),
        )
        return SessionCookies(name, options, _signer(secrets))
    except ValueError as error:
        raise ValueError(f"The session's settings, SESSION_COOKIE_…: {error}") from error


def _host(domain: str) -> str:
    return domain.partition(":")[0].lstrip(".").encode("idna").decode("ascii")


def _changing(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def changing(self: FlaskLikeSession, *args: Any, **kwargs: Any) -> Any:
        self._changed = True
        return method(self, *args, **kwargs)

    return changing


def _perhaps_changing(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def perhaps(self: FlaskLikeSession, *args: Any, **kwargs: Any) -> Any:
        before = dict.__len__(self)
        result = method(self, *args, **kwargs)
        if dict.__len__(self) != before:
            self._changed = True
        return result

    return perhaps


def _away(self: Away, *_: Any, **__: Any) -> Any:
    self._failed = True
    raise self._error


for _name in ("__delitem__", "__ior__", "__setitem__", "clear", "popitem", "update"):
    setattr(FlaskLikeSession, _name, _changing(getattr(Session, _name)))
for _name in ("pop", "setdefault"):
    setattr(FlaskLikeSession, _name, _perhaps_changing(getattr(Session, _name)))
# Whatever a session tells or does, but what depends on no data.
_HARMLESS = {"accessed", "fromkeys", "no_activity", "store", "touch"}
for _name in (
    *("__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__", "__len__"),
    *("__ne__", "__or__", "__reversed__", "__ror__", "__setitem__", "permanent"),
    *("reload", "save"),
    *(name for name in dir(FlaskLikeSession) if name[0] != "_" and name not in _HARMLESS),
):
    _is_method = callable(getattr(FlaskLikeSession, _name, None))
    setattr(Away, _name, _away if _is_method else property(_away, _away))
del _name, _is_method
