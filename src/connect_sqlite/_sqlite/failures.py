"""SQLite's errors in this package's words: what was being done, to which file, what to do next."""

import apsw

from ..errors import (
    NotASessionStore,
    StoreBusy,
    StoreClosed,
    StoreCorrupt,
    StoreError,
    StoreFull,
)
from .files import are_descriptors_short, no_descriptors_left, what_is_missing

__all__ = ["busy", "translated"]

_RIGHTS = "it cannot be opened for writing"

# The first that fits counts.
_MEANINGS: tuple[tuple[tuple[type[apsw.Error], ...], type[StoreError], str], ...] = (
    (
        (apsw.BusyError, apsw.LockedError, apsw.ProtocolError),
        StoreBusy,
        "another process is holding the lock. Try again, or raise busy_timeout",
    ),
    ((apsw.FullError,), StoreFull, "the disk is full. Nothing was written; make room"),
    (
        (apsw.NotADBError,),
        NotASessionStore,
        "it is not an SQLite database. Name another file for the sessions",
    ),
    (
        (apsw.CorruptError,),
        StoreCorrupt,
        "SQLite found it damaged, or the disk cannot read it. Look at the system's log, stop the "
        "program, and restore a backup or salvage with .recover",
    ),
    (
        (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError),
        StoreError,
        _RIGHTS,
    ),
    (
        (apsw.IOError,),
        StoreError,
        "the disk reported an error. Nothing was written; look at the system's log",
    ),
    ((apsw.ConnectionClosedError,), StoreClosed, "the store was closed meanwhile"),
)


def translated(error: apsw.Error, doing: str, path: str) -> StoreError:
    """The `StoreError` to raise instead of `error`.  SQLite's messages hold no bound values."""
    if isinstance(error, apsw.CantOpenError | apsw.IOError) and are_descriptors_short():
        return no_descriptors_left(doing, path)
    if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE:  # as of a full disk
        return StoreFull(f"{doing} {path}: no room for the memory that processes share, {path}-shm")
    for kinds, meaning, advice in _MEANINGS:
        if isinstance(error, kinds):
            if advice is _RIGHTS:
                advice = f"{_RIGHTS}: {what_is_missing(path)}"
            return meaning(f"{doing} {path}: {advice} ({error})")
    return StoreError(f"{doing} {path}: {error}")


def busy(path: str, waited: float) -> StoreBusy:
    return StoreBusy(
        f"writing to {path}: another process held the lock for {waited:g} s. "
        "Nothing was written; try again, or raise busy_timeout"
    )
