"""The same views in a Flask and in a Quart application, and browsers to visit either."""

import asyncio
from inspect import isawaitable
from typing import NamedTuple

import flask
import quart

import connect_sqlite.flask
import connect_sqlite.quart
from connect_sqlite import SQLiteStore
from connect_sqlite.testing import Clock
from session.conftest import WatchedBlockingStore, WatchedStore

SECRET = "a secret of the tests, which is long enough"


class Answer(NamedTuple):
    """What a browser got."""

    status: int
    headers: list[tuple[str, str]]
    text: str
    json: object

    def all(self, name):
        return [value for field, value in self.headers if field.lower() == name.lower()]

    @property
    def vary(self):
        return self.all("Vary")

    def cookie(self, name="session"):
        """The one `Set-Cookie` of this name, as its value and a dict of its attributes."""
        (line,) = [line for line in self.all("Set-Cookie") if line.startswith(f"{name}=")]
        pair, *attributes = line.split("; ")
        named = (each.partition("=")[::2] for each in attributes)
        return pair.partition("=")[2], dict(named)


class Site:
    """Views by their paths: functions of the session that return what the framework takes.

    `rows` is a store of its own on the same file.
    """

    def __init__(self, path, views, *, config=None, prepare=lambda app: None, **options):
        self.clock = options.setdefault("clock", Clock())
        store = options.pop("store", {})
        self.rows = SQLiteStore(path, clock=self.clock)
        self.store = self.kind(path, **{"clock": self.clock} | store)
        self.interface = self.door.SessionInterface(self.store, **options)
        self.app = self.framework(__name__)
        self.app.session_interface = self.interface
        self.app.config.update({"SECRET_KEY": SECRET} | (config or {}))
        prepare(self.app)
        for route, view in views.items():
            self.app.add_url_rule(route, route, self.viewing(view), methods=["GET", "POST"])

    def row(self):
        """The only session that there is."""
        (row,) = self.rows.all()
        return row

    def close(self):
        self.rows.close()
        self.run(self.store.close())


class FlaskSite(Site):
    framework, door, kind = flask.Flask, connect_sqlite.flask, WatchedBlockingStore
    module = flask

    def viewing(self, view):
        return lambda: view(flask.session)

    def browser(self, **options):
        client = self.app.test_client(**options)

        def get(path, **more):
            answer = client.get(path, **more)
            text = answer.get_data(as_text=True)
            headers = list(answer.headers)
            answer.close()
            return Answer(answer.status_code, headers, text, answer.get_json(silent=True))

        get.client = client
        return get

    def flash(self, *message):
        flask.flash(*message)
        return "flashed"

    def run(self, result):
        return result


class QuartSite(Site):
    framework, door, kind = quart.Quart, connect_sqlite.quart, WatchedStore
    module = quart

    def __init__(self, *args, **options):
        self.runner = asyncio.Runner()
        super().__init__(*args, **options)

    def viewing(self, view):
        async def viewed():
            answer = view(quart.session)
            return await answer if isawaitable(answer) else answer

        return viewed

    def browser(self, **options):
        client = self.app.test_client(**options)

        async def getting(path, **more):
            answer = await client.get(path, **more)
            text = await answer.get_data(as_text=True)
            headers = list(answer.headers)
            return Answer(answer.status_code, headers, text, await answer.get_json(silent=True))

        def get(path, **more):
            return self.run(getting(path, **more))

        get.client = client
        return get

    async def flash(self, *message):
        await quart.flash(*message)
        return "flashed"

    def run(self, awaitable):
        try:
            return self.runner.run(awaitable)
        except ExceptionGroup as group:  # as later releases of Quart raise what a view raised
            (error,) = group.exceptions
            raise error from None

    def close(self):
        super().close()
        self.runner.close()


SITES = {"flask": FlaskSite, "quart": QuartSite}


def show(session):
    return dict(session)


def nothing(session):
    return "nothing"


def count(session):
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])
