"""Opens a store's connections: the first one, which makes or checks the file, and all others."""

import contextlib
import os
from collections.abc import Callable, Collection

import apsw

from .._stores.keys import PLAIN, Keeping
from ..errors import NotASessionStore, StoreUnavailable
from . import files, marks, schema
from .connection import (
    BUSY,
    check_it_writes,
    close,
    leave_as_it_is,
    open_memory,
    open_reader,
    open_writer,
    patiently,
    rolled_back,
    use_wal,
)
from .failures import translated

__all__ = ["Place"]


_SMALLEST = 512
"""Bytes of a page at least.  SQLite takes a file of a single byte for an empty one."""


class Place:
    """Where a store keeps its sessions: one file, the same for as long as the store lives."""

    def __init__(
        self, path: str, table: str, indexes: Collection[str], keeping: Keeping = PLAIN
    ) -> None:
        self.path = path
        self.keeping = keeping
        self.table = table
        self.indexes = indexes
        self._file: files.Identity | None = None

    def first(self, busy_timeout: float) -> apsw.Cursor:
        """A writer's connection to a file that is there and has the table.

        Raises `NotASessionStore` or `SchemaTooNew` and leaves the file as it was, or another
        `StoreError`; an empty file that it made itself is then removed again.
        """
        if self.path == files.MEMORY:
            memory = open_memory()
            schema.make(memory, self.table, self.indexes)
            return memory
        made = files.make_private(self.path)
        files.refuse_if_open_elsewhere(self.path)
        self._file = files.identity(self.path)
        try:
            db = patiently(self._opened_and_prepared, busy_timeout)
        except BaseException as error:
            # One that holds something may hold another process's sessions by now.
            if made and not isinstance(error, BUSY) and files.sizes(self.path) == (0, 0):
                with contextlib.suppress(OSError):
                    os.unlink(self.path)
            if isinstance(error, apsw.Error):
                raise translated(error, "opening", self.path) from error
            raise
        files.opened[self.path].append(self._file)
        return db

    def writer(self) -> apsw.Cursor:
        db = self._again(open_writer)
        try:
            check_it_writes(db)
        except BaseException:
            close(db)
            raise
        return db

    def reader(self) -> apsw.Cursor:
        return self._again(open_reader)

    def sizes(self) -> tuple[int, int]:
        """Bytes of the database and of its WAL."""
        return (0, 0) if self.path == files.MEMORY else files.sizes(self.path)

    def leave(self) -> None:
        """All connections are closed.  Call it with `forks.no_fork` held."""
        if self._file is not None:
            files.opened[self.path].remove(self._file)

    def _again(self, opened: Callable[[str, Callable[[], None]], apsw.Cursor]) -> apsw.Cursor:
        """One connection more."""
        self.refuse_another_file()
        return opened(self.path, self.refuse_another_file)

    def refuse_another_file(self) -> None:
        """Raise if another file, or none, is in the place of the store's own.

        Nothing may be read from another one: it would share the WAL's memory with the connections
        that are open, and SQLite, taking it for a crash's, would cut it off under them.
        """
        with contextlib.suppress(OSError):
            if files.identity(self.path) == self._file:
                return
        raise StoreUnavailable(
            f"{self.path} was deleted, moved or replaced while the store was open. "
            "Put it back, or start the program again"
        )

    def _opened_and_prepared(self) -> apsw.Cursor:
        db = open_writer(self.path, self.refuse_another_file)
        try:
            self._prepare(db)
        except BaseException:
            close(db)
            raise
        return db

    def _prepare(self, db: apsw.Cursor) -> None:
        size, wal = files.sizes(self.path)
        if 0 < size < _SMALLEST:
            raise NotASessionStore(f"{self.path} is not a database: name another file")
        leave_as_it_is(db, wal > 0)
        self._check(db)
        leave_as_it_is(db, False)
        use_wal(db, self.path)
        self._make(db)
        marks.warn_of_others(db, self.table, self.path, self.keeping)

    def _check(self, db: apsw.Cursor) -> None:
        schema.check(db, self.table, self.path)
        marks.check_marks(db, self.table, self.path, self.keeping)

    def _make(self, db: apsw.Cursor) -> None:
        if not (
            schema.lacks(db, self.table, self.indexes)
            or marks.lacks_marks(db, self.table, self.keeping)
        ):
            check_it_writes(db)
            return
        db.execute("BEGIN IMMEDIATE")
        try:
            # Again, for another process may have been quicker.
            self._check(db)
            schema.make(db, self.table, self.indexes)
            marks.make_marks(db, self.table, self.keeping)
            db.execute("COMMIT")
        except BaseException:
            rolled_back(db)
            raise
