"""The session layer on a store that hides ids: owners, limits and events work as on a plain one."""

import pytest

from connect_sqlite import AsyncSQLiteStore, Handle, SQLiteStore, handle_of
from session.conftest import (  # noqa: F401 - fixtures
    WatchedBlockingStore,
    WatchedStore,
    clock,
    gateway,
    runner,
    site,
)
from session.test_events import *  # noqa: F403 - those tests, on the store below
from session.test_owners import *  # noqa: F403

from .files import NEW, OLD


class Named(Handle):
    """A handle that equals the id it is of, for tests that ask who is left."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other):
        return str.__eq__(self, handle_of(other))


def named(handles):
    assert all(type(each) is Handle for each in handles)
    return [Named(each) for each in handles]


class Awaited(WatchedStore):
    async def ids(self):
        return named(await AsyncSQLiteStore.ids(self))


class Blocking(WatchedBlockingStore):
    def ids(self):
        return named(SQLiteStore.ids(self))


KINDS = {"sealed": {"key": OLD}, "two keys": {"key": [NEW, OLD]}, "hashed": {"hash_ids": True}}


@pytest.fixture(params=KINDS)
def store(request, gateway, runner, clock):  # noqa: F811
    kind = Awaited if gateway == "asgi" else Blocking
    store = kind(clock=clock, indexes=("user.id",), **KINDS[request.param])
    yield store
    runner.run(store.close())
