"""Sessions for Starlette, FastAPI and any other ASGI application."""

import os
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from datetime import timedelta
from functools import partial
from logging import getLogger
from typing import Any

from ._session.caching import protected
from ._session.carry import carry_async, carrying, load_async
from ._session.lifecycle import Lifecycle, Moment
from ._session.options import CookieOptions
from ._session.plan import NONE_LIVES, NOTHING_TO_DO, Outcome, Plan, Tell
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

_DEFAULT_TTL = 86_400
_TRY_AGAIN_LATER = 1013
_MOMENTS = {
    "http.response.start": Moment.RESPONSE,
    "websocket.http.response.start": Moment.RESPONSE,
    "websocket.accept": Moment.HANDSHAKE,
}


class Session(BaseSession):
    """One visitor's session, at `request.session` or `scope["session"]`."""

    __slots__ = ("_failed", "_https", "_middleware", "_refused", "_started")

    _middleware: "SessionMiddleware"
    _https: bool
    _started: bool
    """Whether the first byte is out."""
    _refused: bool
    """Whether 503 went out instead of the application's answer."""
    _failed: bool
    """Whether nothing more is saved."""

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
        ttl: float | None = _DEFAULT_TTL
        if isinstance(store, AsyncStore):
            self._location, ttl = None, store.ttl
        else:
            self._location = _checked_location(store)
        self._lifecycle = Lifecycle(
            secret=secret,
            name=name,
            cookie=cookie,
            touch_interval=touch_interval,
            ttl=ttl,
            clock=clock or _now,
        )
        self._store = store if isinstance(store, AsyncStore) else _opened(self._location)
        self._closed = False
        self._said_withheld = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in ("http", "websocket") or not self._applies(scope):
            if kind == "lifespan" and self._location is not None:
                send = self._closing(send)
            await self.app(scope, receive, send)
            return
        session = Session(self._lifecycle.timeouts)
        session._middleware = self
        session._https = scope.get("scheme") in ("https", "wss")
        session._started = session._refused = session._failed = False
        # HTTP/2 may split the cookies over several fields.
        cookies = [value for name, value in scope["headers"] if name == b"cookie"]
        if cookies and (ids := self._lifecycle.offered(b"; ".join(cookies))):
            try:
                row = await load_async(self._store, ids)
            except StoreError as error:
                await _refuse(scope, send, error)
                return
            if row is not None:
                session._fill(row)
        scope["session"] = session
        await self.app(scope, receive, partial(self._send, session, scope, send))
        if (session.accessed or session._touched) and not session._failed:
            await self._act(session, Moment.LATE)

    def _applies(self, scope: Scope) -> bool:
        # A second middleware around the same request changes nothing, as in Express.
        if isinstance(scope.get("session"), BaseSession):
            return False
        return self._lifecycle.covers(scope["path"], scope.get("root_path", ""))

    def _send(
        self, session: Session, scope: Scope, send: Send, message: Message
    ) -> Awaitable[None]:
        """Pass a message on, the first one when the session is saved.

        No coroutine of its own, so that a message that needs nothing costs next to nothing.
        """
        if session._started:
            return _nothing() if session._refused else send(message)
        moment = _MOMENTS.get(message["type"])
        if moment is None:
            return send(message)
        if message.get("status") == 500:
            moment = Moment.FAILURE
            session._failed = True
        plan = self._lifecycle.plan(session, moment, https=session._https)
        if plan is NOTHING_TO_DO:
            session._started = True
            if session.accessed:
                message = _told(message, session, was_known=not session.is_new)
            return send(message)
        return self._begin(session, scope, send, message, plan)

    async def _begin(
        self, session: Session, scope: Scope, send: Send, message: Message, plan: Plan
    ) -> None:
        was_known = not session.is_new
        try:
            outcome = await self._carry(session, plan)
        except InvalidSession:
            raise  # the application's mistake, and its traceback shows where
        except StoreError as error:
            session._started = session._refused = session._failed = True
            await _refuse(scope, send, error)
            return
        session._started = True
        cookie = self._set_cookie(session, plan, outcome, scope)
        if session.accessed or cookie is not None:
            message = _told(message, session, was_known=was_known, cookie=cookie)
        await send(message)

    async def _act(self, session: Session, moment: Moment) -> None:
        plan = self._lifecycle.plan(session, moment, https=session._https)
        if plan is not NOTHING_TO_DO:
            await self._carry(session, plan)

    async def _carry(self, session: Session, plan: Plan) -> Outcome:
        if plan.too_late:
            _log.warning(
                "A session was changed or rotated after the response had started, when its browser "
                "could no longer be told the id: the change is lost. Make it earlier."
            )
        if plan.step is None:
            return NONE_LIVES
        outcome = await carry_async(self._store, carrying(plan))
        session._settle(plan, outcome)
        return outcome

    def _set_cookie(
        self, session: Session, plan: Plan, outcome: Outcome, scope: Scope
    ) -> bytes | None:
        if plan.tell is Tell.NOTHING:
            return None
        https = session._https
        if not self._lifecycle.withholds(plan, https=https, host=_host(scope)):
            return self._lifecycle.set_cookie(plan, outcome, https=https)
        if not self._said_withheld:
            self._said_withheld = True
            _log.warning(
                "The session cookie is not sent: it is Secure, and the request came over plain "
                "HTTP. Use HTTPS, or let the server trust its proxy's X-Forwarded-Proto, or set "
                'cookie={"secure": "auto"}. This is said once.'
            )
        return None

    def _closing(self, send: Send) -> Send:
        """Close the store that was opened here once the application has shut down."""
        if self._closed:  # the application starts again, as test clients make it do
            self._store = _opened(self._location)
            self._closed = False

        async def closing_send(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                self._closed = True
                await self._store.close()
            await send(message)

        return closing_send


async def _refuse(scope: Scope, send: Send, error: StoreError) -> None:
    """Answer 503: somebody who is signed in is never served as a stranger."""
    _log.error("The session store failed, and the request was refused: %r", error)
    if scope["type"] == "http":
        start, body = "http.response.start", "http.response.body"
    elif "websocket.http.response" in (scope.get("extensions") or ()):
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


def _told(
    message: Message, session: Session, *, was_known: bool, cookie: bytes | None = None
) -> Message:
    """The first message with what it has to say of the session."""
    headers = list(message.get("headers", ()))
    if message["type"] != "websocket.accept":
        is_personal = was_known and session.accessed
        headers = protected(headers, is_personal=is_personal, sets_cookie=cookie is not None)
    if cookie is not None:
        headers.append((b"set-cookie", cookie))
    return {**message, "headers": headers}


async def _nothing() -> None:
    """What becomes of the rest of a response in whose place 503 went out."""


def _host(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"host"), b"")


def _checked_location(store: object) -> str | os.PathLike[str]:
    if isinstance(store, str | os.PathLike):
        return store
    if isinstance(store, Store):
        raise TypeError(
            f"store is a {type(store).__name__}, which blocks: an ASGI application needs the async "
            "store of the same kind, such as AsyncSQLiteStore"
        )
    raise TypeError("store is an async store (with all of AsyncStore), a path or a URL")


def _opened(location: str | os.PathLike[str] | None) -> AsyncStore:
    from ._stores.opening import open_async_store

    assert location is not None
    return open_async_store(location)


def _now() -> float:
    return time.time()  # looked up at each call, so that tests may freeze it
