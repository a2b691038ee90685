"""Sessions for Flask: `app.session_interface = SessionInterface("sessions.db")`.

Needs the extra: `pip install "connect-sqlite[flask]"`.
"""

from typing import Any

from ._extras import extra
from ._session.blocking import BlockingManager, BlockingSession, Stream
from ._session.events import SessionEvent
from ._session.flask_like import Away, FlaskLikeManager, FlaskLikeSession, answer
from ._session.session_cookie import SessionCookie
from ._session.timeouts import AAL1, AAL2, AAL3
from ._stores.opening import open_store
from .contract import Store
from .errors import StoreError

with extra("flask"):
    from flask import Flask, Request, Response, current_app
    from flask.sessions import SessionInterface as FlaskInterface
    from flask.sessions import SessionMixin, session_json_serializer
    from werkzeug.exceptions import ServiceUnavailable

__all__ = ["AAL1", "AAL2", "AAL3", "Session", "SessionCookie", "SessionEvent", "SessionInterface"]


class Session(FlaskLikeSession, BlockingSession, SessionMixin):  # type: ignore[override]
    """One visitor's session, at `flask.session`: Flask's, and what ours has more."""


class _Away(Away, Session):  # type: ignore[override]
    """What `flask.session` is when the store fails."""


class SessionInterface(FlaskLikeManager[Store], BlockingManager, FlaskInterface):
    """Keeps Flask's sessions in a store.

    The session is loaded before the view runs and saved when the response is made, after all
    `after_request` functions.  Status 500 saves nothing; if the store fails, the answer is 503.
    """

    opens = staticmethod(open_store)
    framework = FlaskInterface
    serializer = session_json_serializer

    def open_session(self, app: Flask, request: Request) -> Session | None:
        """The session of a request.  None without a `SECRET_KEY`, as Flask's own."""
        if not app.secret_key:
            return None
        cookies = request.environ.get("HTTP_COOKIE", "")
        session, ids = self._session(Session, app, request, cookies)
        if ids:
            try:
                self._load_one(session, ids)
            except StoreError as error:
                away, _ = self._session(_Away, app, request, "")
                self._gone_away(away, error, ServiceUnavailable())
                return away
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session; the response gets its cookie, or becomes a refusal."""
        if isinstance(session, _Away):
            self._answer_away(session, response)
        elif isinstance(session, Session):
            self._save(session, response)

    def _save(self, session: Session, response: Response) -> None:
        failed, headers = response.status_code == 500, list(response.headers)
        headers, refusal = self._begin(session, failed=failed, host="", headers=headers)
        if refusal is not None:
            getattr(response.response, "close", bool)()
            response.direct_passthrough = False
        elif not (response.is_sequence or response.direct_passthrough):
            response.response = Stream(response.response, session)  # type: ignore[arg-type]
        answer(response, headers, refusal)

    def _current_app(self) -> Any:
        return current_app
