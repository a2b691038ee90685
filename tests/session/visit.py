"""One request without HTTP: the session as it is loaded, and what is decided about it."""

import copy

from connect_sqlite import StoredSession
from connect_sqlite._session.lifecycle import Lifecycle, Moment
from connect_sqlite._session.session import Session

from .conftest import SECRET, START

NOW = int(START * 1000)
DAY = 86_400_000
OLD = "the-old-id"
DATA = {"a": 1, "user": {"id": 7}}


class Visit:
    """One request: the session as it is loaded, and what is decided about it."""

    def __init__(self, clock, *, name="connect.sid", **cookie):
        self.lifecycle = Lifecycle(
            secret=SECRET, name=name, cookie=cookie, touch_interval=None, ttl=86_400, clock=clock
        )

    def new(self):
        return Session(self.lifecycle.timeouts)

    def loaded(self, data=None, *, lifetime=None, left=DAY, https=False, cookie=...):
        row = StoredSession(copy.deepcopy(DATA if data is None else data))
        if cookie is ...:
            cookie = self.lifecycle._writers[https].to_json(lifetime, NOW)
        if cookie is not None:
            row["cookie"] = cookie
        row.id, row.expires_ms = OLD, NOW + left
        session = self.new()
        session._fill(row)
        return session

    def plan(self, session, moment=Moment.RESPONSE, *, https=False):
        return self.lifecycle.plan(session, moment, https=https)


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
