"""This package's `SQLiteStore`, as it comes."""

from ._in_process import InProcess


class Store(InProcess):
    label = "connect_sqlite"
    ours = True

    def open(self) -> str:
        import connect_sqlite

        self._store = store = connect_sqlite.SQLiteStore(self.folder / "sessions.db")
        self.get, self.set, self.touch = store.get, store.set, store.touch
        self.create, self.destroy = store.create, store.destroy
        return connect_sqlite.__version__

    def close(self) -> None:
        self._store.close()
