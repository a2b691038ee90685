"""Stores on one file, in the ways that it may be kept."""

import pytest

from connect_sqlite import SQLiteStore
from connect_sqlite.testing import Clock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sessions.db"


@pytest.fixture
def opened(path):
    """Opens stores on one file and closes them after the test."""
    stores = []

    def open_it(**options):
        stores.append(SQLiteStore(path, clock=Clock(), indexes=("user.id",), **options))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()
