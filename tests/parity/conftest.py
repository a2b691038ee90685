"""The sites that the lines are tried on."""

from collections.abc import Iterator

import pytest

from .sites import Sites


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    sites = Sites(tmp_path_factory.mktemp("parity"))
    yield sites
    sites.end()
