"""What the session tests share: a clock that is set by hand, and a site to visit."""

import asyncio
from collections import Counter

import pytest

from connect_sqlite import AsyncSQLiteStore

from .site import BASIC, Site

SECRET = "a secret for tests that is long enough"

START = 1_795_000_000.0
"""A day in November 2026, on a whole second."""


class Clock:
    """Time as the test sets it."""

    def __init__(self):
        self.seconds = START

    def __call__(self):
        return self.seconds

    def advance(self, seconds):
        self.seconds += seconds


class WatchedStore(AsyncSQLiteStore):
    """The real store, which counts its calls, fails when told to, and lets others go first."""

    CALLS = ("get", "create", "merge", "touch", "rotate", "destroy")

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.calls = Counter()
        self.failures = {}
        self.before = {}


def _watched(name):
    call = getattr(AsyncSQLiteStore, name)

    async def watched(self, *args, **kwargs):
        self.calls[name] += 1
        if name in self.failures:
            raise self.failures[name]
        if name in self.before:
            await self.before.pop(name)()
        return await call(self, *args, **kwargs)

    return watched


for _name in WatchedStore.CALLS:
    setattr(WatchedStore, _name, _watched(_name))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def runner():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def store(runner, clock):
    store = WatchedStore(clock=clock, indexes=("user.id",))
    yield store
    runner.run(store.close())


@pytest.fixture
def site(runner, store, clock):
    """A function that makes a site of handlers by path."""

    def make(handlers, **options):
        return Site(
            runner, handlers, **{"store": store, "secret": SECRET, "clock": clock} | options
        )

    return make


@pytest.fixture
def sockets(site):
    """A function that makes a site whose WebSockets are served by a function of the session."""

    def make(serve, **options):
        pages = site(BASIC, **options)

        async def app(scope, receive, send):
            if scope["type"] == "http":
                await pages.app.app(scope, receive, send)
            else:
                await receive()
                await serve(scope["session"], receive, send)

        return site(app, **options)

    return make
