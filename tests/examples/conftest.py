"""One running pair of apps for all tests that do not stop one, and visitors to it."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pair import Pair, Visitor

from needs import node_dir

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # What a shell runs in the background ignores Ctrl-C, and so would all that is started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    yield from started(tmp_path_factory.mktemp("pair"))


@pytest.fixture
def own_pair(tmp_path: Path) -> Iterator[Pair]:
    """One that the test may stop and start."""
    yield from started(tmp_path)


def started(folder: Path) -> Iterator[Pair]:
    pair = Pair(folder, node_dir() / "node_modules")
    try:
        for name in pair.urls:
            pair.start(name)
        yield pair
    finally:
        pair.close()


@pytest.fixture
def visitor(request: pytest.FixtureRequest) -> Callable[..., Visitor]:
    """A new browser: on the running pair, or on the one given."""

    def visitor(pair: Pair | None = None) -> Visitor:
        visitor = Visitor((pair or request.getfixturevalue("pair")).urls)
        request.addfinalizer(visitor.client.close)
        return visitor

    return visitor
