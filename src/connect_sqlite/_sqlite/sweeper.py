"""Deletes expired rows in slices so small that no request waits for one.

There is no index on the expiry, so a sweep walks all rows by row id.  Looking is done beside the
writer; only what was found expired is deleted, in short transactions of the writer.
"""

import time
from collections.abc import Callable
from logging import getLogger
from typing import Any, Protocol

import apsw

from .._stores.calls import Call
from ..errors import StoreError
from .connection import between

__all__ = ["SweepOperations", "Sweeper"]

_log = getLogger("connect_sqlite")

_LOOKED_AT = 1000
"""Rows a slice looks at, well under a millisecond's work."""

_DELETED = 50
"""Rows deleted in one transaction: some 0.3 ms in which others cannot write."""

_PATIENCE = 100
"""Beside other work it rests so many times as long as it worked: one percent of the time."""

_PATIENCE_ALONE = 4

_FIRST = 5.0
"""Seconds after the opening at which the first sweep may begin."""


class SweepOperations(Protocol):
    """What a sweep asks of the table."""

    def slice(self, db: apsw.Cursor, after: int, size: int, now: int) -> tuple[int | None, int]: ...
    def sweep(self, db: apsw.Cursor, after: int, last: int, limit: int, now: int) -> int: ...


class Sweeper:
    """Sweeps on request, and step by step in the background."""

    def __init__(
        self,
        operations: SweepOperations,
        read: Callable[[Call[Any]], Any],
        write: Callable[[Call[Any]], Any],
        clock: Callable[[], float],
        interval: float | None,
    ) -> None:
        self._operations = operations
        self._read = read
        self._write = write
        self._clock = clock
        self._interval = interval
        self._at = 0
        self._failed = False
        self._due = self._soon(_FIRST if interval is None else min(_FIRST, interval))

    def sweep(self, limit: int) -> int:
        """Delete up to `limit` expired rows; 0 means that none was left."""
        deleted = at = 0
        while deleted < limit:
            last, expired = self._look(at)
            if last is None:
                break
            if expired:
                deleted += self._delete(at, last, min(expired, limit - deleted))
            at = last
        return deleted

    @staticmethod
    def _soon(interval: float) -> float:
        """Half to one and a half of it from now, for processes that start together."""
        return time.monotonic() + interval * between(0.5, 1.5)

    def postpone(self) -> None:
        """Begin with the next sweep, at a time of this process's own."""
        if self._interval is not None:
            self._at = 0
            self._due = self._soon(self._interval)

    def wait(self) -> float | None:
        """Seconds until the next step is due; None for never."""
        return None if self._interval is None else max(0.0, self._due - time.monotonic())

    def step(self, *, alone: bool) -> bool:
        """If it is due, look at one slice or delete a little of it; whether it was.

        `alone`: nobody has used the store since the last step.
        """
        if self._interval is None or time.monotonic() < self._due:
            return False
        began = time.perf_counter()
        try:
            last, expired = self._look(self._at)
            if expired and last is not None:
                self._delete(self._at, last, min(expired, _DELETED))
        except (StoreError, apsw.Error) as error:
            if not self._failed:
                _log.warning("The expired sessions could not be swept away: %s", error)
            self._failed = True
            self.postpone()
            return True
        self._failed = False
        if last is None:
            self.postpone()
            return True
        if expired <= _DELETED:
            self._at = last
        took = time.perf_counter() - began
        self._due = time.monotonic() + took * (_PATIENCE_ALONE if alone else _PATIENCE)
        return True

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _look(self, after: int) -> tuple[int | None, int]:
        args = (after, _LOOKED_AT, self._now())
        found: tuple[int | None, int] = self._read(Call("slice", self._operations.slice, args))
        return found

    def _delete(self, after: int, last: int, count: int) -> int:
        deleted = 0
        while deleted < count:
            args = (after, last, min(_DELETED, count - deleted), self._now())
            some: int = self._write(Call("sweep", self._operations.sweep, args, writes=True))
            if not some:  # others were quicker
                break
            deleted += some
        return deleted
