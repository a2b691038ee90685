"""Sessions for Starlette, FastAPI and any other ASGI application."""

import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from datetime import timedelta
from logging import getLogger
from typing import Any

from ._session.caching import protected
from ._session.carry import carry_async, carrying, loading
from ._session.lifecycle import Lifecycle, Moment
from ._session.options import CookieOptions
from ._session.plan import Outcome, Plan
from ._session.session import Session as BaseSession
from ._session.session import SessionCookie
from ._session.signing import Secret
from .contract import AsyncStore, Store
from .errors import InvalidSession, StoreError

__all__ = ["CookieOptions", "Session", "SessionCookie", "SessionMiddleware"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = getLogger("connect_sqlite")

_REFERENCE_TTL = 86_400
_TRY_AGAIN_LATER = 1013
_MOMENTS = {
    "http.response.start": Moment.RESPONSE,
    "websocket.http.response.start": Moment.RESPONSE,
    "websocket.accept": Moment.HANDSHAKE,
}


class Session(BaseSession):
    """One visitor's session, at `request.session` or `scope["session"]`."""

    __slots__ = ("_https", "_middleware", "_started")

    _https: bool
    _middleware: "SessionMiddleware"
    _started: bool

    async def save(self) -> None:
        """Save now, not only as the response starts.

        Raises `InvalidSession` for a value that JSON has not, and what else the store raises.
        """
        await self._middleware._act(self, Moment.LATE if self._started else Moment.RESPONSE)


class SessionMiddleware:
    """Gives every request, and every WebSocket, a session that is kept in a store.

    The session is loaded before the application runs and saved before the response's first byte
    goes out.  A response of status 500 saves nothing; if the store fails, the answer is 503.
    """

    def __init__(
        self,
        app: App,
        *,
        store: AsyncStore | str | os.PathLike[str],
        secret: Secret | Sequence[Secret] | None = None,
        name: str = "connect.sid",
        cookie: CookieOptions | Mapping[str, Any] | None = None,
        touch_interval: timedelta | float | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Make the middleware.

        `store` is an async store, or what `open_async_store` takes: that one is closed at the
        application's shutdown.  `secret` signs the cookie; of several the first signs and all are
        accepted.  `touch_interval`, in seconds, is how long reading a session writes no new end; a
        tenth of the session's lifetime when not given, and never more.
        """
        self.app = app
        self._location = None if isinstance(store, AsyncStore) else _checked_location(store)
        self._lifecycle = Lifecycle(
            secret=secret,
            name=name,
            cookie=cookie,
            touch_interval=touch_interval,
            ttl=getattr(store, "ttl", _REFERENCE_TTL),
            clock=clock or _now,
        )
        self._store = store if isinstance(store, AsyncStore) else _opened(self._location)
        self._closed = False
        self._said_withheld = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind in ("http", "websocket"):
            # A second middleware around the same request changes nothing, as in Express.
            if isinstance(scope.get("session"), BaseSession) or not self._covers(scope):
                await self.app(scope, receive, send)
            else:
                await self._serve(scope, receive, send)
        elif kind == "lifespan" and self._location is not None:
            await self._live(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _covers(self, scope: Scope) -> bool:
        path, root = scope["path"], scope.get("root_path", "")
        return self._lifecycle.covers(path if path.startswith(root) else root + path)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        cookies, host = _cookies_and_host(scope["headers"])
        session = Session(self._lifecycle.timeouts)
        session._middleware = self
        session._https = scope.get("scheme") in ("https", "wss")
        session._started = False
        if cookies:
            ids = self._lifecycle.offered(cookies)
            try:
                row = await carry_async(self._store, loading(ids)) if ids else None
            except StoreError as error:
                await _refuse(scope, send, error)
                return
            if row is not None:
                session._fill(row)
        scope["session"] = session
        response = _Response(self, session, host, scope, send)
        await self.app(scope, receive, response.send)
        if (session.accessed or session._touched) and not response.failed:
            await self._act(session, Moment.LATE)

    async def _act(self, session: Session, moment: Moment) -> tuple[Plan, Outcome]:
        plan = self._lifecycle.plan(session, moment, https=session._https)
        if plan.step is None:
            outcome = Outcome(None)
        else:
            outcome = await carry_async(self._store, carrying(plan))
            session._settle(plan, outcome)
        if plan.too_late:
            _log.warning(
                "A session was changed or rotated after the response had started, when its browser "
                "could no longer be told the id: the change is lost. Make it earlier."
            )
        return plan, outcome

    def _set_cookie(
        self, session: Session, plan: Plan, outcome: Outcome, host: bytes
    ) -> bytes | None:
        if not self._lifecycle.withholds(plan, https=session._https, host=host):
            return self._lifecycle.set_cookie(plan, outcome, https=session._https)
        if not self._said_withheld:
            self._said_withheld = True
            _log.warning(
                "The session cookie is not sent: it is Secure, and the request came over plain "
                "HTTP. Use HTTPS, or let the server trust its proxy's X-Forwarded-Proto, or set "
                'cookie={"secure": "auto"}. This is said once.'
            )
        return None

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the store that was opened here once the application has shut down."""
        if self._closed:  # the application starts again, as test clients make it do
            self._store = _opened(self._location)
            self._closed = False

        async def closing_send(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                self._closed = True
                await self._store.close()
            await send(message)

        await self.app(scope, receive, closing_send)


class _Response:
    """The way out of one request: saves the session before the first byte."""

    __slots__ = ("_dropped", "_host", "_middleware", "_scope", "_send", "_session", "failed")

    def __init__(
        self,
        middleware: SessionMiddleware,
        session: Session,
        host: bytes,
        scope: Scope,
        send: Send,
    ) -> None:
        self._middleware = middleware
        self._session = session
        self._host = host
        self._scope = scope
        self._send = send
        self._dropped = False
        self.failed = False

    async def send(self, message: Message) -> None:
        if self._dropped:  # 503 went out instead
            return
        if not self._session._started:
            moment = _MOMENTS.get(message["type"])
            if moment is not None:
                try:
                    message = await self._begun(message, moment)
                except InvalidSession:
                    raise  # the application's mistake, and its traceback shows where
                except StoreError as error:
                    self._dropped = self.failed = True
                    await _refuse(self._scope, self._send, error)
                    return
        await self._send(message)

    async def _begun(self, message: Message, moment: Moment) -> Message:
        session = self._session
        if message.get("status") == 500:
            moment = Moment.FAILURE
            self.failed = True
        known = not session.is_new
        plan, outcome = await self._middleware._act(session, moment)
        session._started = True
        cookie = self._middleware._set_cookie(session, plan, outcome, self._host)
        if cookie is None and not session.accessed:
            return message
        headers = [(name, value) for name, value in message.get("headers", ())]
        if moment is not Moment.HANDSHAKE:
            is_personal = session.accessed and known
            headers = protected(headers, is_personal=is_personal, sets_cookie=cookie is not None)
        if cookie is not None:
            headers.append((b"set-cookie", cookie))
        return {**message, "headers": headers}


async def _refuse(scope: Scope, send: Send, error: StoreError) -> None:
    """Answer 503: somebody who is signed in is never served as a stranger."""
    _log.error("The session store failed, and the request was refused: %r", error)
    if scope["type"] == "http":
        start, body = "http.response.start", "http.response.body"
    elif "websocket.http.response" in scope.get("extensions", {}):
        start, body = "websocket.http.response.start", "websocket.http.response.body"
    else:
        await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
        return
    text = b"Service Unavailable"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": start, "status": 503, "headers": headers})
    await send({"type": body, "body": text})


def _cookies_and_host(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """All `Cookie` fields as one, for HTTP/2 may split them, and the `Host`."""
    cookies, host = [], b""
    for name, value in headers:
        if name == b"cookie":
            cookies.append(value)
        elif name == b"host":
            host = value
    return b"; ".join(cookies), host


def _checked_location(store: object) -> str | os.PathLike[str]:
    if isinstance(store, str | os.PathLike):
        return store
    if isinstance(store, Store):
        raise TypeError(
            f"store is a {type(store).__name__}, which blocks: an ASGI application needs the async "
            "store of the same kind, such as AsyncSQLiteStore"
        )
    raise TypeError("store is an async store, a path or a URL")


def _opened(location: str | os.PathLike[str] | None) -> AsyncStore:
    from ._stores.opening import open_async_store

    assert location is not None
    return open_async_store(location)


def _now() -> float:
    return time.time()  # looked up at each call, so that tests may freeze it
