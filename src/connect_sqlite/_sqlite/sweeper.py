"""Deletes expired rows in slices so small that no request waits for one.

There is no index on the expiry, so a sweep walks all rows by row id.  Looking is done beside the
writer; only what was found expired is deleted, in short transactions of the writer.

What a sweep does is said once, as a generator of calls and of rests between them.  A thread makes
them itself, a task awaits them: so a task that is cancelled leaves one call behind at most.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from logging import getLogger
from typing import Any, NamedTuple, Protocol, TypeVar

import apsw

from .._stores.calls import Call
from ..errors import StoreError
from .connection import between

__all__ = ["SweepOperations", "Sweeper"]

T = TypeVar("T")
Steps = Generator["Call[Any] | Rest", Any, T]

_log = getLogger("connect_sqlite")

_LOOKED_AT = 200
"""Rows a slice looks at, some 0.2 ms of reading."""

_DELETED = 8
"""Rows deleted in one transaction: some 0.1 ms in which others cannot write."""

_PATIENCE = 100
"""In the background it rests so many times as long as it worked: one percent of the time."""

_PATIENCE_ALONE = 4
"""The same while nobody else uses the store, and for `sweep()`, which somebody waits for."""

_LONGEST, _LONGEST_ALONE = 5.0, 0.05
"""Seconds it rests at most: what took long was a wait, for another process or for the disk."""

_FIRST = 5.0
"""Seconds after the opening at which the first sweep may begin."""

_SHORTEST = 0.01
"""Seconds between two sweeps at least, or an interval of 0 would keep a core busy."""


class Rest(NamedTuple):
    """Leave the store to others for a moment."""

    seconds: float


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
        # What cannot be waited for is never.
        self._interval = None if interval is None else min(interval, threading.TIMEOUT_MAX)
        self._at = 0
        self._failed = False
        self._due = self._soon(_FIRST if interval is None else min(_FIRST, interval))
        self.resume()

    def sweep(self, limit: int) -> int:
        """Delete up to `limit` expired rows; 0 means that none was left.  Rests beside others."""
        steps = self._steps(limit)
        try:
            step = next(steps)
            while True:
                step = steps.send(self._made(step))
        except StopIteration as end:
            deleted: int = end.value
            return deleted

    async def sweep_async(self, limit: int, run: Callable[[Call[Any]], Awaitable[Any]]) -> int:
        """As `sweep`, for a task."""
        steps = self._steps(limit)
        try:
            step = next(steps)
            while True:
                made = asyncio.sleep(step.seconds) if isinstance(step, Rest) else run(step)
                step = steps.send(await made)
        except StopIteration as end:
            deleted: int = end.value
            return deleted

    def _made(self, step: Call[Any] | Rest) -> Any:
        if isinstance(step, Rest):
            return self._interrupted.wait(step.seconds)
        return self._write(step) if step.writes else self._read(step)

    def interrupt(self) -> None:
        """End the rests of all threads, and let there be none until `resume`."""
        self._interrupted.set()

    def resume(self) -> None:
        """At first, and after a fork, whose child has none of the threads that may hold a lock."""
        self._interrupted = threading.Event()

    def _steps(self, limit: int) -> Steps[int]:
        deleted = at = 0
        while deleted < limit:
            last, expired = yield from self._gently(self._look(at))
            if last is None:
                break
            while expired > 0 and deleted < limit:
                some = yield from self._gently(self._delete(at, last, limit - deleted))
                if not some:  # others were quicker
                    break
                deleted += some
                expired -= some
            at = last
        return deleted

    def _gently(self, call: Call[T]) -> Steps[T]:
        alone, began = self._alone(), time.perf_counter()
        result: T = yield call
        if not alone:
            took = time.perf_counter() - began
            yield Rest(min(took * _PATIENCE_ALONE, _LONGEST_ALONE))
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
            self._due = self._soon(max(self._interval, _SHORTEST))

    def wait(self) -> float | None:
        """Seconds until the next step is due; None for never."""
        return None if self._interval is None else max(0.0, self._due - time.monotonic())

    def step(self) -> None:
        """If it is due, look at one slice and delete a little of it."""
        if self._interval is None or time.monotonic() < self._due:
            return
        at = self._at
        self.postpone()  # whatever comes up; when all is well it goes on sooner
        alone, began = self._alone(), time.perf_counter()
        try:
            last, expired = self._read(self._look(at))
            if expired and last is not None:
                self._write(self._delete(at, last, expired))
        except Exception as error:  # noqa: BLE001 - the program's clock may raise anything
            if not self._failed:
                unforeseen = not isinstance(error, StoreError | apsw.Error)
                message = "The expired sessions could not be swept away: %s"
                _log.warning(message, error, exc_info=unforeseen)
            self._failed = True
            return
        self._failed = False
        if last is None:
            return
        self._at = last if expired <= _DELETED else at
        took = time.perf_counter() - began
        rest = took * (_PATIENCE_ALONE if alone else _PATIENCE)
        self._due = time.monotonic() + min(rest, _LONGEST)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _look(self, after: int) -> Call[tuple[int | None, int]]:
        args = (after, _LOOKED_AT, self._now())
        return Call("slice", self._operations.slice, args, part=True)

    def _delete(self, after: int, last: int, most: int) -> Call[int]:
        args = (after, last, min(_DELETED, most), self._now())
        return Call("sweep", self._operations.sweep, args, writes=True, part=True)
