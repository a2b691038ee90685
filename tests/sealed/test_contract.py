"""The contract, proved on stores that hide ids: hashed, sealed, and sealed between two keys."""

import itertools

import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore
from connect_sqlite.testing import AsyncStoreContract, StoreContract
from connect_sqlite.testing.model import check_store

from .files import NEW, OLD


class TestHashed(StoreContract):
    hides_ids = True

    def open(self, **options):
        return SQLiteStore(self.tmp_path / "sessions.db", hash_ids=True, **options)


class TestSealed(StoreContract):
    hides_ids = True

    def open(self, **options):
        return SQLiteStore(self.tmp_path / "sessions.db", key=OLD, **options)


class TestAsyncSealed(AsyncStoreContract):
    hides_ids = True

    def open(self, **options):
        return AsyncSQLiteStore(self.tmp_path / "sessions.db", key=[OLD], **options)


class TestTwoKeys(StoreContract):
    hides_ids = True

    def open(self, **options):
        return SQLiteStore(self.tmp_path / "sessions.db", key=[NEW, OLD], **options)


FACES = pytest.mark.parametrize("face", [SQLiteStore, AsyncSQLiteStore])


@FACES
@pytest.mark.parametrize("kind", [{"hash_ids": True}, {"key": OLD}], ids=["hashed", "sealed"])
def test_random_calls(face, kind, tmp_path):
    """A store that hides ids holds what a dict would, closed and opened in between."""
    check_store(
        lambda **options: face(tmp_path / "sessions.db", **kind, **options),
        lasting=True,
        hides_ids=True,
    )


def test_random_calls_while_keys_change(tmp_path):
    """Two stores, of which each writes under its own key and reads both, are as one (threat 10)."""
    turns = itertools.count()
    path = tmp_path / "sessions.db"
    with SQLiteStore(path, key=OLD):
        pass

    def open_one(**options):
        keys = [OLD, NEW] if next(turns) % 2 else [NEW, OLD]
        return SQLiteStore(path, key=keys, **options)

    check_store(open_one, stores=2, lasting=True, hides_ids=True)
