"""Sessions for any WSGI application."""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

from ._session.blocking import BlockingManager, BlockingSession, is_whole, refusal_headers
from ._session.events import SessionEvent
from ._session.options import CookieOptions
from ._session.refusal import refused
from ._session.session import Session as BaseSession
from ._session.session_cookie import SessionCookie
from ._session.timeouts import AAL1, AAL2, AAL3
from ._stores.opening import open_store
from .errors import StoreError

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


class Session(BlockingSession):
    """One visitor's session, at `environ["connect_sqlite.session"]`."""

    __slots__ = ()


class SessionMiddleware(BlockingManager):
    """Gives every request a session that is kept in a store.

    The session is loaded before the application runs and saved before the response's first byte
    goes out.  A response of status 500 saves nothing; if the store fails, the answer is 503.
    """

    opens = staticmethod(open_store)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not self._applies(environ):
            return self.app(environ, start_response)  # type: ignore[no-any-return]
        forwarded = environ.get("HTTP_X_FORWARDED_PROTO", "").encode("latin-1")
        https = self.is_https(environ.get("wsgi.url_scheme", ""), forwarded)
        session = Session(self, self._jar.of(environ), https, self.remembered(environ))
        try:
            self._load(session, environ.get("HTTP_COOKIE", ""))
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

    def _applies(self, environ: Environ) -> bool:
        # A second middleware around the same request changes nothing, as in Express.
        if isinstance(environ.get(KEY), BaseSession):
            return False
        root = environ.get("SCRIPT_NAME", "")
        return self.applies(environ, root + environ.get("PATH_INFO", ""), root)


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
        self._body = body
        if self._status and is_whole(body, self._environ):
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
        self._session._failed = True
        if self._refusal is None:
            self._session._save_after_exception()

    def close(self) -> None:
        """The server is done: what a stream changed is saved now."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._session._save_late()

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
        headers, refusal = middleware._begin(
            session,
            failed=self._status.startswith("500"),
            host=self._environ.get("HTTP_HOST", ""),
            headers=self._headers,
        )
        status = self._status
        if refusal is not None:
            status, self._refusal = f"{refusal.status} {refusal.reason}", [refusal.text]
        self._write = self._start_response(status, headers, *self._exc())

    def _exc(self) -> tuple[Any, ...]:
        return () if self._exc_info is None else (self._exc_info,)


def _refuse(start_response: StartResponse, error: Exception) -> list[bytes]:
    """Answer with an error: somebody who is signed in is never served as a stranger."""
    refusal = refused(error)
    start_response(f"{refusal.status} {refusal.reason}", refusal_headers(refusal))
    return [refusal.text]
