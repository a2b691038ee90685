"""Deletes expired rows in slices so small that no request waits for one.

There is no index on the expiry, so a sweep walks all rows by row id.  Looking is done beside the
writer; only what was found expired is deleted, in short transactions of the writer.
"""

import time
from collections.abc import Callable
from logging import getLogger
from typing import Any, Protocol, TypeVar

import apsw

from .._stores.calls import Call
from ..errors import StoreError
from .connection import between

__all__ = ["SweepOperations", "Sweeper"]

T = TypeVar("T")

_log = getLogger("connect_sqlite")

_LOOKED_AT = 200
"""Rows a slice looks at, some 0.2 ms of reading."""

_DELETED = 8
"""Rows deleted in one transaction: some 0.1 ms in which others cannot write."""

_PATIENCE = 100
"""In the background it rests so many times as long as it worked: one percent of the time."""

_PATIENCE_ALONE = 4
"""The same while nobody else uses the store, and for `sweep()`, which somebody waits for."""

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
        uses: Callable[[], int],
        clock: Callable[[], float],
        interval: float | None,
    ) -> None:
        """`uses` counts the calls of others."""
        self._operations = operations
        self._read = read
        self._write = write
        self._uses = uses
        self._used = uses()
        self._clock = clock
        self._interval = interval
        self._at = 0
        self._failed = False
        self._due = self._soon(_FIRST if interval is None else min(_FIRST, interval))

    def sweep(self, limit: int) -> int:
        """Delete up to `limit` expired rows; 0 means that none was left.  Rests beside others."""
        deleted = at = 0
        while deleted < limit:
            last, expired = self._gently(self._look, at)
            if last is None:
                break
            while expired > 0 and deleted < limit:
                some = self._gently(self._delete, at, last, limit - deleted)
                if not some:  # others were quicker
                    break
                deleted += some
                expired -= some
            at = last
        return deleted

    def _gently(self, work: Callable[..., T], *args: Any) -> T:
        alone, began = self._alone(), time.perf_counter()
        result = work(*args)
        if not alone:
            time.sleep((time.perf_counter() - began) * _PATIENCE_ALONE)
        return result

    def _alone(self) -> bool:
        """Whether nobody has used the store since the last piece of work began."""
        before, self._used = self._used, self._uses()
        return self._used == before

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

    def step(self) -> None:
        """If it is due, look at one slice and delete a little of it."""
        if self._interval is None or time.monotonic() < self._due:
            return
        alone, began = self._alone(), time.perf_counter()
        try:
            last, expired = self._look(self._at)
            if expired and last is not None:
                self._delete(self._at, last, expired)
        except (StoreError, apsw.Error) as error:
            if not self._failed:
                _log.warning("The expired sessions could not be swept away: %s", error)
            self._failed = True
            self.postpone()
            return
        self._failed = False
        if last is None:
            self.postpone()
            return
        if expired <= _DELETED:
            self._at = last
        took = time.perf_counter() - began
        self._due = time.monotonic() + took * (_PATIENCE_ALONE if alone else _PATIENCE)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _look(self, after: int) -> tuple[int | None, int]:
        args = (after, _LOOKED_AT, self._now())
        found: tuple[int | None, int] = self._read(Call("slice", self._operations.slice, args))
        return found

    def _delete(self, after: int, last: int, most: int) -> int:
        args = (after, last, min(_DELETED, most), self._now())
        deleted: int = self._write(Call("sweep", self._operations.sweep, args, writes=True))
        return deleted
