"""Sessions for any WSGI application."""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

from ._session.caching import protected
from ._session.carry import carry, load
from ._session.events import SessionEvent
from ._session.manager import SessionManager
from ._session.options import CookieOptions
from ._session.plan import NOTHING_TO_DO
from ._session.refusal import refused
from ._session.rules import Moment
from ._session.session import Session as BaseSession
from ._session.session_cookie import SessionCookie
from ._session.timeouts import AAL1, AAL2, AAL3
from .contract import Store, StoredSession
from .errors import InvalidSession, SessionLimitReached, StoreError

__all__ = [
    "AAL1",
    "AAL2",
    "AAL3",
    "KEY",
    "CookieOptions",
    "Session",
    "SessionCookie",
    "SessionEvent",
    "SessionMiddleware",
]

Environ = MutableMapping[str, Any]
Write = Callable[[bytes], object]
StartResponse = Callable[..., Write]

KEY = "connect_sqlite.session"
"""Where the session is in the environ."""


class Session(BaseSession):
    """One visitor's session, at `environ["connect_sqlite.session"]`."""

    __slots__ = ("_started",)

    _home: "SessionMiddleware"
    _started: bool
    """Whether the first byte is out."""

    def save(self) -> None:
        """Save now, not only as the response starts.

        Raises `InvalidSession` for a value that JSON has not, `SessionLimitReached` if its owner
        may have no more, and what else the store raises.
        """
        self._home._act(self, Moment.LATE if self._started else Moment.RESPONSE)

    def reload(self) -> None:
        """Take the session from the store again; changes that are not saved yet are dropped.

        Raises `SessionGone` if there is none.
        """
        carry(self._home.store, self._home.reloading(self))


class SessionMiddleware(SessionManager[Store]):
    """Gives every request a session that is kept in a store.

    The session is loaded before the application runs and saved before the response's first byte
    goes out.  A response of status 500 saves nothing; if the store fails, the answer is 503.
    """

    face = Store
    other_face = (
        "which is awaited: a WSGI application needs the store of the same kind that blocks, such "
        "as SQLiteStore"
    )
    awaits = False

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not self._applies(environ):
            return self.app(environ, start_response)  # type: ignore[no-any-return]
        forwarded = environ.get("HTTP_X_FORWARDED_PROTO", "").encode("latin-1")
        https = self.is_https(environ.get("wsgi.url_scheme", ""), forwarded)
        request = self.remembered(environ)
        session = Session(self, self._jar.of(environ), https=https, request=request)
        session._started = False
        cookies = environ.get("HTTP_COOKIE", "")
        if cookies and (ids := self._jar.offered(cookies.encode("latin-1", "replace"))):
            try:
                if self._limited:
                    carry(self.store, self.loading(session, ids))
                elif (row := load(self.store, ids)) is not None:
                    session._fill(row)
            except StoreError as error:
                if self.raises(error):
                    raise
                return _refuse(start_response, error)
        environ[KEY] = session
        response = _Response(self, session, environ, start_response)
        try:
            body = self.app(environ, response.start)
        except Exception:
            response.fail()
            raise
        return response.of(body)

    def read(self, cookies: str | bytes | None) -> StoredSession | None:
        """The session that a `Cookie` header alone names: that of a handshake elsewhere, say.

        It is the row, with `cookie` and `_session` among its data.  Not counted as activity.
        """
        return carry(self.store, self.reading(cookies))

    def close(self) -> None:
        """Close the store, if it was opened here: WSGI tells nobody when an application ends."""
        if self._location is not None:
            self.store.close()

    def _applies(self, environ: Environ) -> bool:
        # A second middleware around the same request changes nothing, as in Express.
        if isinstance(environ.get(KEY), BaseSession):
            return False
        root = environ.get("SCRIPT_NAME", "")
        return self.applies(environ, root + environ.get("PATH_INFO", ""), root)

    def _act(self, session: Session, moment: Moment) -> None:
        plan = self._lifecycle.plan(session, moment)
        if plan is not NOTHING_TO_DO:
            carry(self.store, self.carrying(session, plan))

    def _after_exception(self, session: Session) -> None:
        if self.saves_after_exception(session):
            self._act(session, Moment.LATE)

    def _opened(self) -> Store:
        from ._stores.opening import open_store

        assert self._location is not None
        return open_store(self._location, **self._opening())


class _Response:
    """One response: its headers wait for the session to be saved, its body for the headers."""

    def __init__(
        self,
        middleware: SessionMiddleware,
        session: Session,
        environ: Environ,
        start_response: StartResponse,
    ) -> None:
        self._middleware = middleware
        self._session = session
        self._environ = environ
        self._start_response = start_response
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._exc_info: Any = None
        self._write: Write | None = None
        self._refusal: list[bytes] | None = None
        self._failed = False
        self._body: Iterable[bytes] = ()

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Write:
        """The application's `start_response`: the real one follows with the first byte."""
        if self._session._started:
            # The server raises what is in exc_info, for the headers are out.
            return self._start_response(status, headers, exc_info)
        if self._status and exc_info is None:
            raise AssertionError("start_response was called twice, without exc_info")
        self._status, self._headers, self._exc_info = status, headers, exc_info
        return self._write_now

    def of(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """What to hand to the server for the application's body."""
        # As it is where nothing can follow: the server may know a quick way to send it.
        wrapper = self._environ.get("wsgi.file_wrapper")
        whole = (list, tuple, wrapper) if isinstance(wrapper, type) else (list, tuple)
        self._body = body
        if self._status and isinstance(body, whole):
            if not self._session._started:
                self._begin()
            if self._refusal is None:
                return body
        return self

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._body:
                if not self._session._started:
                    if not chunk:
                        continue  # the headers wait for the first byte
                    self._begin()
                if self._refusal is not None:
                    break
                yield chunk
            if self._status and not self._session._started:
                self._begin()
        except Exception:
            self.fail()
            raise
        if self._refusal is not None:
            yield from self._refusal

    def fail(self) -> None:
        """The application raised an exception, which is the server's to answer."""
        self._failed = True
        if self._refusal is None:
            self._middleware._after_exception(self._session)

    def close(self) -> None:
        """The server is done: what a stream changed is saved now."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            session = self._session
            if (session.accessed or session._touched) and session._started and not self._failed:
                self._middleware._act(session, Moment.LATE)

    def _write_now(self, data: bytes) -> object:
        if not self._session._started:
            self._begin()
        if self._refusal is None and self._write is not None:
            self._write(data)
        return None

    def _begin(self) -> None:
        """Save the session, and start the response or a refusal in its place."""
        middleware, session = self._middleware, self._session
        if self._environ.get(KEY) is not session:
            middleware.unset(session)
        moment = Moment.RESPONSE
        if self._status.startswith("500"):
            moment = Moment.FAILURE
            self._failed = not middleware._policy.save_on_error
        was_known = not session.is_new
        plan = middleware._lifecycle.plan(session, moment)
        cookie = None
        if plan is not NOTHING_TO_DO:
            try:
                outcome = carry(middleware.store, middleware.carrying(session, plan))
            except InvalidSession:
                raise  # the application's mistake, and its traceback shows where
            except (StoreError, SessionLimitReached) as error:
                if middleware.raises(error):
                    raise
                session._started = self._failed = True
                self._refusal = _refuse(self._start_response, error, self._exc_info)
                return
            host = self._environ.get("HTTP_HOST", "").encode("latin-1")
            cookie = middleware.set_cookie(session, plan, outcome, host)
        session._started = True
        headers = self._headers
        if session.accessed or cookie is not None:
            headers = _told(headers, session, was_known=was_known, cookie=cookie)
        self._write = self._start_response(self._status, headers, *self._exc())

    def _exc(self) -> tuple[Any, ...]:
        return () if self._exc_info is None else (self._exc_info,)


def _refuse(start_response: StartResponse, error: Exception, exc_info: Any = None) -> list[bytes]:
    """Answer with an error: somebody who is signed in is never served as a stranger."""
    refusal = refused(error)
    headers = [(name.decode(), value.decode()) for name, value in refusal.headers]
    start_response(f"{refusal.status} {refusal.reason}", headers, *filter(None, [exc_info]))
    return [refusal.text]


def _told(
    headers: list[tuple[str, str]], session: Session, *, was_known: bool, cookie: bytes | None
) -> list[tuple[str, str]]:
    """The headers with what they have to say of the session."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    is_personal = was_known and session.accessed
    raw = protected(raw, is_personal=is_personal, sets_cookie=cookie is not None)
    told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
    if cookie is not None:
        told.append(("Set-Cookie", cookie.decode("latin-1")))
    return told
