"""One request without HTTP: the session as it is loaded, and what is decided about it."""

import copy

from connect_sqlite import SQLiteStore, StoredSession
from connect_sqlite._session.rules import Moment
from connect_sqlite._session.session import Session
from connect_sqlite.wsgi import SessionMiddleware

from .conftest import SECRET, START

NOW = int(START * 1000)
DAY = 86_400_000
OLD = "the-old-id"
DATA = {"a": 1, "user": {"id": 7}}


class Visit:
    """One request: the session as it is loaded, and what is decided about it."""

    def __init__(self, clock, *, name="connect.sid", options=None, **cookie):
        self.sessions = SessionMiddleware(
            None,
            store=SQLiteStore(clock=clock),
            secret=SECRET,
            name=name,
            cookie=cookie,
            clock=clock,
            **(options or {}),
        )

    def new(self, *, https=False):
        return Session(self.sessions, self.cookies, https=https)

    @property
    def cookies(self):
        return self.sessions._jar.of(None)

    def set_cookie(self, plan, outcome):
        return self.cookies.set_cookie(plan, outcome, self.sessions.timeouts, https=False)

    def loaded(self, data=None, *, lifetime=None, left=DAY, https=False, cookie=...):
        row = StoredSession(copy.deepcopy(DATA if data is None else data))
        if cookie is ...:
            cookie = self.new(https=https)._writer.to_json(lifetime, NOW + left, None)
        if cookie is not None:
            row["cookie"] = cookie
        row.id, row.expires_ms = OLD, NOW + left
        session = self.new(https=https)
        session._fill(row)
        return session

    def plan(self, session, moment=Moment.RESPONSE):
        return self.sessions._lifecycle.plan(session, moment)


def nothing(s):
    pass


def look(s):
    s.get("a")


def change(s):
    s["a"] = 2


def nested(s):
    s["user"]["id"] = 8


def set_and_unset(s):
    s["b"] = 1
    del s["b"]


def remember(s):
    s.cookie.max_age = 60


def then(*acts):
    def do(s):
        for act in acts:
            act(s)

    return do
