"""Folds the WAL back into the database, off every request's path.

SQLite's own checkpoint runs inside some unlucky commit.  Here a passive pass copies the pages while
readers and writers go on; but a WAL only starts over once nothing is left to copy, which never
happens beside a busy writer.  So the little that was written meanwhile is copied in a second pass,
with the writer's lock held.
"""

from collections.abc import Callable

import apsw

from .connection import close
from .writer import Writer

__all__ = ["Checkpointer", "WalLength"]

_PAGES = 4000
"""The length of the WAL that asks for a checkpoint.  At SQLite's 1000, a set costs a fifth more."""

_SHORT = 200
"""So few pages may be copied while the writer waits."""

_MOST_PASSES = 4


class WalLength:
    """Told after each commit how long the WAL is, in the committing thread."""

    def __init__(self) -> None:
        self.when_long: Callable[[], None] = lambda: None
        self._long = _PAGES

    def after_commit(self, _: apsw.Connection, __: str, pages: int) -> int:
        """SQLite's WAL hook."""
        if pages >= self._long:
            # If a reader keeps the WAL from starting over, not after every commit from now on.
            self._long = pages + _PAGES // 4
            self.when_long()
        elif pages < _PAGES:
            self._long = _PAGES
        return 0


class Checkpointer:
    """Copies on a connection of its own."""

    def __init__(self, opened: Callable[[], apsw.Cursor], writer: Writer) -> None:
        self._opened = opened
        self._writer = writer
        self._db: apsw.Cursor | None = None

    def run(self) -> None:
        """One checkpoint.  Raises `apsw.Error` if the disk fails; the WAL then simply grows on."""
        if self._db is None:
            self._db = self._opened()
        for _ in range(_MOST_PASSES):
            if self._copy(self._db.connection) <= _SHORT:
                break
        with self._writer.held():
            self._copy(self._db.connection)

    @staticmethod
    def _copy(connection: apsw.Connection) -> int:
        """Copy what can be copied without waiting; how many pages are left, written meanwhile."""
        try:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            pages, copied = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
        except apsw.BusyError:  # another process is at it
            return 0
        return pages - copied

    def close(self) -> None:
        if self._db is not None:
            close(self._db)
            self._db = None
