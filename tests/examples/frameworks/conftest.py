"""A running server for each line of the table, started once for its tests, and browsers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from apps import NEIGHBOURS
from browsers import Browser, Server


@pytest.fixture(scope="session")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    running = Server(request.param, tmp_path_factory.mktemp(request.param.label))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """All frameworks that share the cookie, on one file: each under its first server."""
    folder = tmp_path_factory.mktemp("neighbours")
    with ExitStack() as running:
        servers = []
        for app in NEIGHBOURS:
            servers.append(Server(app, folder))
            running.callback(servers[-1].stop)
        yield servers


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Callable[..., Browser]:
    """A new browser: at the server of this test, or at the one given."""

    def browser(server: Server | None = None) -> Browser:
        browser = Browser(server or request.getfixturevalue("server"))
        request.addfinalizer(browser.close)
        return browser

    return browser
