"""Sessions for Starlette, FastAPI and any other ASGI application."""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property, partial
from typing import Any

from ._session.awaited import AwaitedManager, AwaitedSession
from ._session.caching import protected
from ._session.carry import carry_async
from ._session.events import SessionEvent
from ._session.options import CookieOptions
from ._session.plan import NOTHING_TO_DO, Plan
from ._session.refusal import Refusal, refused
from ._session.rules import Moment
from ._session.session import Session as BaseSession
from ._session.session_cookie import SessionCookie
from ._session.sockets import SESSION_ENDED, SessionEnded, Sockets, Watched
from ._session.timeouts import AAL1, AAL2, AAL3
from ._stores.opening import open_async_store
from .errors import StoreError

__all__ = [
    "AAL1",
    "AAL2",
    "AAL3",
    "SESSION_ENDED",
    "CookieOptions",
    "Session",
    "SessionCookie",
    "SessionEvent",
    "SessionMiddleware",
]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Reading a member from its enum costs ten times as much as reading a name.
_LATE = Moment.LATE
_MOMENTS = {
    "http.response.start": Moment.RESPONSE,
    "websocket.http.response.start": Moment.RESPONSE,
    "websocket.accept": Moment.HANDSHAKE,
}


class Session(AwaitedSession):
    """One visitor's session, at `request.session` or `scope["session"]`."""

    __slots__ = ("_refused",)

    _refused: bool
    """Whether an error went out instead of the application's answer."""


class SessionMiddleware(AwaitedManager):
    """Gives every request, and every WebSocket, a session that is kept in a store.

    The session is loaded before the application runs and saved before the response's first byte
    goes out.  A response of status 500 saves nothing; if the store fails, the answer is 503.
    A WebSocket whose session has ended is closed within a second, with code 4401.
    """

    opens = staticmethod(open_async_store)
    _closed = False

    @cached_property
    def _sockets(self) -> Sockets:
        return Sockets(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if (kind != "http" and kind != "websocket") or not self._applies(scope):
            if kind == "lifespan" and self._location is not None:
                send = self._closing(send)
            await self.app(scope, receive, send)
            return
        forwarded = _header(scope, b"x-forwarded-proto") if self._proxy else b""
        https = self.is_https(scope.get("scheme", ""), forwarded)
        session = Session(self, self._jar.of(scope), https, self.remembered(scope))
        session._started = session._refused = session._failed = False
        cookies = b""
        for name, value in scope["headers"]:
            if name == b"cookie":  # HTTP/2 may split them over several fields
                cookies = cookies + b"; " + value if cookies else value
        if cookies and (ids := self._jar.offered(cookies)):
            try:
                await self._load_one(session, ids)
            except StoreError as error:
                if self.raises(error):
                    raise
                await _refuse(scope, send, refused(error))
                return
        scope["session"] = session
        begin = partial(self._send, session, scope, send)
        try:
            if kind == "http":
                await self.app(scope, receive, begin)
            else:
                await self._serve_socket(scope, receive, send, begin, session)
        except Exception:
            if self.saves_after_exception(session) and not session._refused:
                await self._act(session, Moment.LATE)
            raise
        if (session.accessed or session._touched) and not session._failed:
            plan = self._lifecycle.plan(session, _LATE)
            if plan is not NOTHING_TO_DO:
                await carry_async(self.store, self.carrying(session, plan))

    async def _serve_socket(
        self, scope: Scope, receive: Receive, send: Send, begin: Send, session: Session
    ) -> None:
        socket = _Socket(receive, send, begin, session, self._sockets)
        try:
            await self.app(scope, socket.receive, socket.send)
        except SessionEnded:
            pass  # nothing went wrong: it went on sending, and this is how it was told
        finally:
            socket.leave()

    def _applies(self, scope: Scope) -> bool:
        # A second middleware around the same request changes nothing, as in Express.
        if isinstance(scope.get("session"), BaseSession):
            return False
        return self._everywhere or self.applies(scope, scope["path"], scope.get("root_path", ""))

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
        if scope.get("session") is not session:
            self.unset(session)
        if message.get("status") == 500:
            moment = Moment.FAILURE
            session._failed = not self._policy.save_on_error
        plan = self._lifecycle.plan(session, moment)
        if plan is NOTHING_TO_DO:
            session._started = True
            if session.accessed:
                message = _told(message, session, was_known=not session.is_new)
            return send(message)
        return self._start(session, scope, send, message, plan)

    async def _start(
        self, session: Session, scope: Scope, send: Send, message: Message, plan: Plan
    ) -> None:
        was_known, host = not session.is_new, _header(scope, b"host").decode("latin-1")
        answer = await carry_async(self.store, self._answering(session, plan, host))
        if isinstance(answer, Refusal):
            session._refused = True
            await _refuse(scope, send, answer)
            return
        session._started = True
        if session.accessed or answer is not None:
            message = _told(message, session, was_known=was_known, cookie=answer)
        await send(message)

    def _closing(self, send: Send) -> Send:
        """Close the store that was opened here once the application has shut down."""
        if self._closed:  # the application starts again, as test clients make it do
            self.store = self._opened()
            self._closed = False

        async def closing_send(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                self._closed = True
                await self.close()
            await send(message)

        return closing_send


class _Socket:
    """A WebSocket's two ways, which end when the application closes it or its session ends."""

    __slots__ = (
        "_begin",
        "_ended",
        "_open",
        "_receive",
        "_send",
        "_session",
        "_sockets",
        "_watched",
    )

    def __init__(
        self, receive: Receive, send: Send, begin: Send, session: Session, sockets: Sockets
    ) -> None:
        self._receive = receive
        self._send = send
        self._begin = begin
        self._session = session
        self._sockets = sockets
        self._open = False
        self._ended = False
        self._watched: Watched | None = None

    def receive(self) -> Awaitable[Message]:
        return _disconnected() if self._ended else self._receive()

    def send(self, message: Message) -> Awaitable[None]:
        if self._open and message["type"] != "websocket.close":
            return self._send(message)
        return self._send_other(message)

    async def _send_other(self, message: Message) -> None:
        kind, session = message["type"], self._session
        if self._ended:
            # As a server after any disconnect: what only sends would otherwise never end.
            if kind != "websocket.close":
                raise SessionEnded
            return
        if kind == "websocket.close":
            self.leave()
        await self._begin(message)
        if kind == "websocket.accept" and not session._refused:
            self._open = True
            if session._kept is not None:
                self._watched = self._sockets.watch(session._kept.sid, self._end)

    def leave(self) -> None:
        """It is closed, or about to be, whatever becomes of its session."""
        self._open = False
        if self._watched is not None:
            self._sockets.forget(self._watched)
            self._watched = None

    async def _end(self) -> None:
        """Its session has ended."""
        if self._open:
            self._open, self._ended = False, True
            await self._send(
                {
                    "type": "websocket.close",
                    "code": SESSION_ENDED,
                    "reason": "the session has ended",
                }
            )


async def _disconnected() -> Message:
    return {"type": "websocket.disconnect", "code": SESSION_ENDED, "reason": ""}


async def _refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Answer with an error: somebody who is signed in is never served as a stranger."""
    if scope["type"] == "http":
        start, body = "http.response.start", "http.response.body"
    elif "websocket.http.response" in (scope.get("extensions") or ()):
        start, body = "websocket.http.response.start", "websocket.http.response.body"
    else:
        await send({"type": "websocket.close", "code": refusal.close_code})
        return
    await send({"type": start, "status": refusal.status, "headers": refusal.headers})
    await send({"type": body, "body": refusal.text})


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
    """What becomes of the rest of a response in whose place an error went out."""


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")
