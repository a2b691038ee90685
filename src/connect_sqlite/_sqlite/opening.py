"""Opens a session file for the first time: makes it, or checks that it is one."""

import contextlib
import os
from collections.abc import Collection

import apsw

from . import schema
from .connection import (
    close,
    leave_as_it_is,
    open_memory,
    open_writer,
    patiently,
    rolled_back,
    use_wal,
)
from .failures import translated
from .files import make_private, refuse_if_open_elsewhere

__all__ = ["first_connection", "memory_connection"]


def memory_connection(table: str, indexes: Collection[str]) -> apsw.Cursor:
    db = open_memory()
    schema.make(db, table, indexes)
    return db


def first_connection(
    path: str, table: str, indexes: Collection[str], busy_timeout: float
) -> apsw.Cursor:
    """A writer's connection to a file that is there and has the table.

    Raises `NotASessionStore` or `SchemaTooNew` and leaves the file as it was, or another
    `StoreError`; a file that it made itself is then removed again.
    """
    made = make_private(path)
    refuse_if_open_elsewhere(path)
    db = None
    try:
        db = open_writer(path)
        opened = db
        patiently(lambda: _prepare(opened, path, table, indexes), busy_timeout)
    except BaseException as error:
        if db is not None:
            close(db)
        if made:
            with contextlib.suppress(OSError):
                os.unlink(path)
        if isinstance(error, apsw.Error):
            raise translated(error, "opening", path) from error
        raise
    return db


def _prepare(db: apsw.Cursor, path: str, table: str, indexes: Collection[str]) -> None:
    leave_as_it_is(db, True)
    schema.check(db, table, path)
    leave_as_it_is(db, False)
    use_wal(db, path)
    if not schema.lacks(db, table, indexes):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        # Again, for another process may have been quicker.
        schema.check(db, table, path)
        schema.make(db, table, indexes)
        db.execute("COMMIT")
    except BaseException:
        rolled_back(db)
        raise
