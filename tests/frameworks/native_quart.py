"""Points Quart's own tests at our sessions, and lends them the names that Quart had then."""

import quart.sessions
import quart.testing
from quart import Quart
from quart.testing.connections import WebsocketResponseError

from connect_sqlite.quart import Session, SessionInterface

INTERFACE = SessionInterface(":memory:")


class SecureCookieSession(Session):
    """One that was opened without a request, as Quart's can be."""

    def __init__(self, initial=None):
        app = Quart(__name__)
        app.secret_key = "secret"
        super().__init__(INTERFACE, INTERFACE._jar_of(app).of(None), True)
        self._prepare(app)
        if initial:
            dict.update(self, initial)
            self.modified = False


quart.sessions.SecureCookieSession = SecureCookieSession
quart.sessions.SecureCookieSessionInterface = lambda: INTERFACE
quart.testing.WebsocketResponse = WebsocketResponseError
Quart.session_interface = INTERFACE
Quart.session_cookie_name = property(lambda app: app.config["SESSION_COOKIE_NAME"])
