"""Large files of sessions, written at once: call by call a million rows would take minutes."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from .workload import make_session, session_id, text

Row = tuple[str, str, int]

DAY_MS = 86_400_000
SWEPT_AT_ONCE = 5_000
"""Rows that one call of `sweep` is asked to delete, so that it ends soon after it is watched."""
FAR = "2100-01-01T00:00:00.000Z"


def build(path: Path, seed: int, rows: int, expired_every: int = 2) -> None:
    """Make a store's file with this many rows, of which every `expired_every`-th has expired.

    Row `number` belongs to `session_id(seed, number)`.  The file is synced, so that writing it does
    not go on during what is measured next.
    """
    import apsw

    from connect_sqlite import SQLiteStore

    SQLiteStore(path, sweep_interval=None).close()  # the table is made by its owner
    db = apsw.Connection(str(path))
    db.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000")
    with db:
        db.executemany("INSERT INTO sessions VALUES (?, ?, ?)", _rows(seed, rows, expired_every))
    db.execute("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL")
    db.close()
    sync(path)


def is_expired(number: int, expired_every: int = 2) -> bool:
    """Whether `build` gave this row an expiry in the past."""
    return number % expired_every == 1


def sync(path: Path) -> None:
    """Bring a file to the disk now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rows(seed: int, rows: int, expired_every: int) -> Iterator[Row]:
    now = int(time.time() * 1000)
    # The text of one session with what differs put in: a million calls of orjson's would be slower
    # than SQLite.
    pattern = text(make_session(seed, 4_242_424, FAR))
    for number in range(rows):
        expires = now - DAY_MS if is_expired(number, expired_every) else now + DAY_MS
        yield (
            "sess:" + session_id(seed, number),
            pattern.replace("4242424", str(number)),
            expires,
        )
