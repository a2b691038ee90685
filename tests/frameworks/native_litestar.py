"""A plugin for Litestar's own tests: its server-side sessions and its stores are ours.

`ServerSideSessionConfig` makes a configuration of ours with the same options, and the fixtures of
the tests' own `conftest`, whose other halves need a Redis and packages that are not here, are those
that make ours.
"""

import inspect
import sys
import time
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import litestar.testing
import pytest
from litestar.middleware.session import server_side
from litestar.plugins.jinja import JinjaTemplateEngine

from connect_sqlite import AsyncSQLiteStore
from connect_sqlite.litestar import SessionBackend, SessionConfig, Store

SECRET = "a secret of the tests, which is long enough"


class Pointed(SessionConfig):
    """Theirs by its options, ours by all else."""

    def __init__(self, **options: Any) -> None:
        super().__init__(AsyncSQLiteStore(), secret=SECRET, **{"key": "session", **options})


async def maybe_async(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


@asynccontextmanager
async def maybe_async_cm(client: Any) -> Any:
    if hasattr(client, "__aenter__"):
        async with client as entered:
            yield entered
    else:
        with client as entered:
            yield entered


def stand_in(name: str, **contents: Any) -> None:
    """A module that the tests import and those that run here do not need."""
    module = ModuleType(name)
    module.__dict__.update(contents)
    sys.modules[name] = module


stand_in("tests.helpers", maybe_async=maybe_async, maybe_async_cm=maybe_async_cm)
stand_in("pytest_mock", MockerFixture=object)
stand_in("time_machine", Coordinates=object)
stand_in("litestar.contrib.mako", MakoTemplateEngine=JinjaTemplateEngine)
stand_in("litestar.contrib.minijinja", MiniJinjaTemplateEngine=JinjaTemplateEngine)
server_side.ServerSideSessionConfig = Pointed  # type: ignore[misc]
server_side.ServerSideSessionBackend = SessionBackend  # type: ignore[misc]


@pytest.fixture
def server_side_session_config() -> Pointed:
    return Pointed()


@pytest.fixture
def session_backend_config(server_side_session_config: Pointed) -> Pointed:
    return server_side_session_config


session_backend_config_memory = session_backend_config


@pytest.fixture
def server_side_session_backend(server_side_session_config: Pointed) -> SessionBackend:
    return SessionBackend(config=server_side_session_config)


@pytest.fixture
def store() -> Store:
    return Store(AsyncSQLiteStore())


@pytest.fixture
def memory_store(store: Store) -> Store:
    return store


file_store = redis_store = memory_store


@pytest.fixture
def test_client_backend() -> str:
    return "asyncio"


@pytest.fixture(params=[litestar.testing.AsyncTestClient, litestar.testing.TestClient])
def test_client_cls(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def frozen_datetime(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Frozen:
        now = time.time()

        def shift(self, seconds: float) -> None:
            self.now += seconds

    frozen = Frozen()
    monkeypatch.setattr(time, "time", lambda: frozen.now)
    return frozen
