"""What the session tests share: a clock that is set by hand, and a site to visit."""

import asyncio
from collections import Counter

import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore

from .site import BASIC, Site
from .wsgi_site import Immediate, WsgiSite, drive

SECRET = "a secret for tests that is long enough"

BOTH = pytest.mark.parametrize("gateway", ["asgi", "wsgi"], indirect=True)
"""Runs a test on an ASGI site and on a WSGI site."""

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


class Watched:
    """The real store, which counts its calls, fails when told to, and lets others go first."""

    CALLS = ("get", "create", "set", "merge", "touch", "rotate", "destroy", "find")

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.calls = Counter()
        self.failures = {}
        self.before = {}

    def _begin(self, name):
        self.calls[name] += 1
        if name in self.failures:
            raise self.failures[name]
        return self.before.pop(name, None)


class WatchedStore(Watched, AsyncSQLiteStore):
    """The one that is awaited."""


class WatchedBlockingStore(Watched, SQLiteStore):
    """The one that blocks."""


def _watch(name):
    awaited, blocking = getattr(AsyncSQLiteStore, name), getattr(SQLiteStore, name)

    async def watched(self, *args, **kwargs):
        before = self._begin(name)
        if before:
            await before()
        return await awaited(self, *args, **kwargs)

    def watched_and_blocking(self, *args, **kwargs):
        before = self._begin(name)
        if before:
            drive(before())
        return blocking(self, *args, **kwargs)

    setattr(WatchedStore, name, watched)
    setattr(WatchedBlockingStore, name, watched_and_blocking)


for _name in Watched.CALLS:
    _watch(_name)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def gateway(request):
    """Behind which gateway the site is.  Tests that are marked `BOTH` run behind each."""
    return getattr(request, "param", "asgi")


@pytest.fixture
def runner(gateway):
    if gateway == "wsgi":
        yield Immediate()
        return
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def store(gateway, runner, clock):
    kind = WatchedStore if gateway == "asgi" else WatchedBlockingStore
    store = kind(clock=clock, indexes=("user.id",))
    yield store
    runner.run(store.close())


@pytest.fixture
def site(gateway, runner, store, clock):
    """A function that makes a site of handlers by path."""

    def make(handlers, **options):
        kind = Site if gateway == "asgi" else WsgiSite
        return kind(
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
