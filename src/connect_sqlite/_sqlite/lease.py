"""One open read transaction that makes all other reads of the process cheap while nobody writes.

Each read of a WAL database takes and drops a shared lock: two system calls, more than half of what
a small read costs.  SQLite counts the locks of one process on one file, and asks the system only
for the first and the last.  So while one connection holds the present snapshot, all others read it
without a system call, and still see every commit at once, for each read looks at the WAL's header
as always.

A held snapshot keeps the WAL from starting over.  So it is held in quiet times only: dropped soon
after a commit of ours, when nobody reads, and at least four times a second, for another process's
sake.
"""

import threading
import time
from collections.abc import Callable

import apsw

from ..errors import StoreError
from .connection import close, rolled_back

__all__ = ["Lease"]

TICK = 0.01
"""Seconds between two looks at whether it is still wanted."""

_QUIET = 0.002
"""Taken when nobody has written for so many seconds."""

_LONGEST = 0.25


class Lease:
    """Taken and dropped by the housekeeper; asked for by the readers."""

    def __init__(self, opened: Callable[[], apsw.Cursor]) -> None:
        self._opened = opened
        self._using = threading.Lock()
        self._db: apsw.Cursor | None = None
        self.held = False
        self._since = 0.0
        self._reads = 0

    def tick(self, reads: int, last_commit: float) -> bool:
        """Take, keep or drop it, given how many reads there were and when the last commit was.

        Whether anybody has read since the last tick; if not, no further one is needed.
        """
        now = time.monotonic()
        read = reads != self._reads
        self._reads = reads
        if not self.held:
            if read and now - last_commit > _QUIET:
                self._take()
        elif not read or last_commit > self._since or now - self._since > _LONGEST:
            self.drop()
        return read

    def _take(self) -> None:
        with self._using:
            try:
                if self._db is None:
                    self._db = self._opened()
                self._db.execute("BEGIN")
                self._db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
            except (apsw.Error, StoreError):
                # Reads are right without it; whatever is wrong with the file, they will say.
                self._end()
                return
            self.held = True
            self._since = time.monotonic()

    def drop(self) -> None:
        with self._using:
            self._end()

    def _end(self) -> None:
        self.held = False
        if self._db is not None:
            rolled_back(self._db)

    def close(self) -> None:
        """Drop it and close its connection; it can be taken again."""
        with self._using:
            self._end()
            if self._db is not None:
                close(self._db)
                self._db = None
