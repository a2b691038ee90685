"""One running demo for all tests that do not need their own, and visitors to it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from visitor import FIREFOX, Server, Visitor


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("demo"))
    yield server
    server.stop()


@pytest.fixture
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Server]:
    """Start another one, in the test's own folder if no other is named."""

    def start(data: Path = tmp_path / "data", port: int = 0) -> Server:
        server = Server(data, port)
        request.addfinalizer(server.stop)
        return server

    return start


@pytest.fixture
def visitor(request: pytest.FixtureRequest) -> Callable[..., Visitor]:
    """A new browser: on the running demo, or on the one given."""

    def visitor(server: Server | None = None, user_agent: str = FIREFOX) -> Visitor:
        visitor = Visitor(server or request.getfixturevalue("server"), user_agent)
        request.addfinalizer(partial(_close, visitor))
        return visitor

    return visitor


def _close(visitor: Any) -> None:
    visitor.client.close()
