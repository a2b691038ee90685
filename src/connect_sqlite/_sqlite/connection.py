"""Opens connections, each setting a function whose docstring says why.

The settings are made on our own connections only: `apsw.bestpractice` would change every connection
of the process.  What the rest of the package passes around as `db` is a connection's one cursor.
"""

import contextlib
import os
import time
from collections.abc import Callable
from typing import TypeVar

import apsw

from ..errors import StoreError
from .files import MEMORY

__all__ = [
    "BUSY",
    "between",
    "check_it_writes",
    "close",
    "open_memory",
    "open_reader",
    "open_writer",
    "patiently",
    "rolled_back",
    "trust_nothing",
]

T = TypeVar("T")

BUSY = (apsw.BusyError, apsw.LockedError)

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.0002, 0.001


def open_memory() -> apsw.Cursor:
    """A database of this connection's own, in memory."""
    db = apsw.Connection(MEMORY).cursor()
    trust_nothing(db)
    return db


def open_writer(path: str, check: Callable[[], None]) -> apsw.Cursor:
    """A connection that writes.  `check` may refuse it before anything of the file is read.

    Raises one of `BUSY` while another process keeps all others out, as at a recovery.
    """
    return _open(path, check, _large_cache, _cut_the_wal)


def open_reader(path: str, check: Callable[[], None]) -> apsw.Cursor:
    """As `open_writer`, for reading."""
    return _open(path, check, _small_cache, _read_only)


def _open(
    path: str, check: Callable[[], None], *settings: Callable[[apsw.Cursor], None]
) -> apsw.Cursor:
    # Neither CREATE, for files.py makes it with the right mode, nor URI, for a path is no URL.
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        if connection.readonly("main"):  # what SQLite falls back to
            raise apsw.ReadOnlyError("read-only file")
        check()
        db = connection.cursor()
        for setting in (trust_nothing, _checkpoint_elsewhere, *settings):
            setting(db)
    except BaseException:
        connection.close(True)
        raise
    return db


def trust_nothing(db: apsw.Cursor) -> None:
    """A planted trigger, view or function in the file cannot run code or touch SQLite's tables."""
    config = db.connection.config
    config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)


def _large_cache(db: apsw.Cursor) -> None:
    """Room for the pages of some 100,000 sessions, on the writer; taken only as it is used."""
    db.execute("PRAGMA cache_size = -65536")


def _small_cache(db: apsw.Cursor) -> None:
    """A reader's cache is emptied by every commit, so it needs less."""
    db.execute("PRAGMA cache_size = -16384")


def _read_only(db: apsw.Cursor) -> None:
    """A reader that wrote would wait for the writer."""
    db.execute("PRAGMA query_only = ON")


def _checkpoint_elsewhere(db: apsw.Cursor) -> None:
    """A commit that also copied the WAL into the database would make one request wait for all."""
    db.connection.wal_autocheckpoint(0)


def _cut_the_wal(db: apsw.Cursor) -> None:
    """A WAL that a long reader let grow is cut again, instead of keeping its largest size."""
    db.execute("PRAGMA journal_size_limit = 67108864")


def leave_as_it_is(db: apsw.Cursor, leave: bool) -> None:
    """Whether closing may fold the WAL into the file: not while the file may be somebody else's."""
    db.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, int(leave))


def use_wal(db: apsw.Cursor, path: str) -> None:
    """Readers beside a writer.  The file keeps the setting."""
    mode = db.execute("PRAGMA journal_mode = WAL").get
    if mode != "wal":
        raise StoreError(
            f"{path}: SQLite cannot keep a write-ahead log there (journal mode {mode}). "
            "Sessions need a local disk, not a network file system"
        )


def check_it_writes(db: apsw.Cursor) -> None:
    """Raise `apsw.ReadOnlyError` if the memory that processes share was opened for reading only.

    SQLite falls back to that when opening it fails, be it once, and all writes would fail from then
    on.  One of another process that is just writing shows that it is well.
    """
    with contextlib.suppress(*BUSY):
        db.execute("BEGIN IMMEDIATE")
        db.execute("ROLLBACK")


def close(db: apsw.Cursor) -> None:
    """Close a connection that nobody is using; what it could not finish was said before."""
    with contextlib.suppress(apsw.Error):
        db.connection.close(True)


def rolled_back(db: apsw.Cursor) -> None:
    """End a transaction that failed; SQLite may have rolled it back already, or it is closed."""
    with contextlib.suppress(apsw.Error):
        if db.connection.in_transaction:
            db.execute("ROLLBACK")


def patiently(action: Callable[[], T], seconds: float) -> T:
    """The action's result, tried again while another process holds the lock, for that long.

    The pauses are short and random: with SQLite's own, which grow, whoever waits longest has the
    least chance.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except BUSY:
            if time.monotonic() >= deadline:
                raise
        pause()


def pause() -> None:
    """Wait a moment for another process, each time another one."""
    time.sleep(between(_SHORTEST_PAUSE, _LONGEST_PAUSE))


def between(least: float, most: float) -> float:
    """A number by chance: not the program's own, which it may have seeded, nor a fork's twin's."""
    return least + (most - least) * int.from_bytes(os.urandom(4)) / 2**32
