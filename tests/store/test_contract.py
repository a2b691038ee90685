"""The contract, proved on each face of the SQLite store, in memory and in a file."""

from connect_sqlite import AsyncSQLiteStore, SQLiteStore
from connect_sqlite.testing import AsyncStoreContract, StoreContract


class TestInMemory(StoreContract):
    def open(self, **options):
        return SQLiteStore(**options)


class TestInAFile(StoreContract):
    def open(self, **options):
        return SQLiteStore(self.tmp_path / "sessions.db", **options)


class TestAsyncInMemory(AsyncStoreContract):
    def open(self, **options):
        return AsyncSQLiteStore(**options)


class TestAsyncInAFile(AsyncStoreContract):
    def open(self, **options):
        return AsyncSQLiteStore(self.tmp_path / "sessions.db", **options)
