"""Sessions for Quart: `app.session_interface = SessionInterface("sessions.db")`.

Needs the extra: `pip install "connect-sqlite[quart]"`.
"""

from collections.abc import AsyncIterable
from types import TracebackType
from typing import Any

from ._extras import extra
from ._session.awaited import AwaitedManager, AwaitedSession
from ._session.events import SessionEvent
from ._session.flask_like import Away, FlaskLikeManager, FlaskLikeSession, answer
from ._session.rules import Moment
from ._session.session_cookie import SessionCookie
from ._session.timeouts import AAL1, AAL2, AAL3
from ._stores.opening import open_async_store
from .contract import AsyncStore
from .errors import StoreError

with extra("quart"):
    from quart import Quart, Response, Websocket, current_app
    from quart.ctx import AppContext
    from quart.sessions import SessionInterface as QuartInterface
    from quart.sessions import SessionMixin, session_json_serializer
    from quart.wrappers import Request
    from quart.wrappers.response import IterableBody, ResponseBody
    from werkzeug.exceptions import ServiceUnavailable

__all__ = ["AAL1", "AAL2", "AAL3", "Session", "SessionCookie", "SessionEvent", "SessionInterface"]

_QUART_LOOKS = isinstance(getattr(AppContext, "session", None), property)
"""From 0.23 on Quart itself takes the session as the view does, just before it has it saved."""


class Session(FlaskLikeSession, AwaitedSession, SessionMixin):  # type: ignore[override]
    """One visitor's session, at `quart.session`: Quart's, and what ours has more."""

    _accessed = _was_accessed = False

    @property
    def accessed(self) -> bool:
        """Whether the view looked at it, so that the response depends on the cookie (`Vary`)."""
        return self._accessed

    @accessed.setter
    def accessed(self, value: bool) -> None:
        self._was_accessed, self._accessed = self._accessed, value


class _Away(Away, Session):  # type: ignore[override]
    """What `quart.session` is when the store fails."""


class SessionInterface(FlaskLikeManager[AsyncStore], AwaitedManager, QuartInterface):
    """Keeps Quart's sessions in a store.

    The session is loaded before the view runs and saved when the response is made, after all
    `after_request` functions.  Status 500 saves nothing; if the store fails, the answer is 503.
    What a WebSocket changed is saved when it ends, in a session that its browser has.
    """

    opens = staticmethod(open_async_store)
    framework = QuartInterface
    serializer = session_json_serializer

    async def open_session(self, app: Quart, request: Request | Websocket) -> Session | None:  # type: ignore[override]
        """The session of a request.  None without a `SECRET_KEY`, as Quart's own."""
        if not app.secret_key:
            return None
        # HTTP/2 may split the cookies over several fields.
        cookies = "; ".join(request.headers.getlist("Cookie"))
        session, ids = self._session(Session, app, request, cookies)
        if ids:
            try:
                await self._load_one(session, ids)
            except StoreError as error:
                away, _ = self._session(_Away, app, request, "")
                self._gone_away(away, error, ServiceUnavailable())
                return away
        # A socket's browser can be told no new id: its answer is the handshake.
        session._started = isinstance(request, Websocket)
        return session

    async def save_session(  # type: ignore[override]
        self, app: Quart, session: SessionMixin, response: Response | None
    ) -> None:
        """Save the session; the response gets its cookie, or becomes a refusal."""
        if isinstance(session, _Away):
            if response is not None:
                self._answer_away(session, response)
        elif isinstance(session, Session):
            if _QUART_LOOKS:
                session.accessed = session.accessed and session._was_accessed
            if response is None:
                await self._act(session, Moment.LATE)
            else:
                await self._save(session, response)

    async def _save(self, session: Session, response: Response) -> None:
        failed, headers = response.status_code == 500, list(response.headers)
        headers, refusal = await self._begin(session, failed=failed, host="", headers=headers)
        if refusal is None and isinstance(response.response, IterableBody):
            response.response = _Body(response.response, session)
        answer(response, headers, refusal)

    def _current_app(self) -> Any:
        return current_app


class _Body(ResponseBody):
    """A body that may go on changing the session: it is saved when the body is sent."""

    def __init__(self, body: ResponseBody, session: Session) -> None:
        self._body = body
        self._session = session

    async def __aenter__(self) -> AsyncIterable[bytes]:
        return await self._body.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType
    ) -> None:
        await self._body.__aexit__(kind, error, trace)
        if error is None:
            await self._session._save_late()
        elif isinstance(error, Exception):
            await self._session._save_after_exception()
