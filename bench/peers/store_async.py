"""This package's `AsyncSQLiteStore`, as it comes, one call at a time."""

from ._in_process import InProcessAsync


class AsyncStore(InProcessAsync):
    label = "connect_sqlite, async"
    ours = True

    async def open(self) -> str:
        import connect_sqlite

        self._store = store = connect_sqlite.AsyncSQLiteStore(self.folder / "sessions.db")
        self.get, self.set, self.touch = store.get, store.set, store.touch
        self.create, self.destroy = store.create, store.destroy
        return connect_sqlite.__version__

    async def end(self) -> None:
        await self._store.close()
