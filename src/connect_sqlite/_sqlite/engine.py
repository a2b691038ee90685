"""Runs calls on one file: the writer, the readers beside it, and the housekeeping behind both.

Knows connections and threads, and nothing of sessions.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Any, Protocol, TypeVar

import apsw

from .._stores.calls import NOT_NOW, Call, Row
from .._stores.tally import Tally
from ..contract import Stats
from ..errors import StoreClosed, StoreError
from . import forks
from .checkpoint import Checkpointer, WalLength
from .connection import patiently
from .failures import translated
from .files import MEMORY
from .housekeeper import Activity, Housekeeper
from .lease import Lease
from .locks import tries
from .opening import Place
from .readers import Readers
from .sweeper import Sweeper, SweepOperations
from .threads import Threads, in_new_thread
from .version import DataVersion
from .writer import Writer

__all__ = ["EngineOperations", "SQLiteEngine"]

T = TypeVar("T")

_SAMPLED = 31
"""The first reads and then one in 32 are timed, see to the lease, and look for the file."""

_NEVER: tuple[bool, ...] = ()

_LOOK_UP = 0.05
"""Seconds after which who waits for a connection or for the end of calls looks again."""

_THREADS = 4
"""For what an event loop cannot wait for: calls that read many rows, or have to wait."""


class EngineOperations(SweepOperations, Protocol):
    """What the engine itself asks of the table."""

    def fetch(self, db: apsw.Cursor, key: str) -> Row | None: ...
    def census(self, db: apsw.Cursor, now: int) -> tuple[int, int]: ...


class SQLiteEngine:
    """The engine of one store, whose file was made and checked before."""

    def __init__(
        self,
        place: Place,
        operations: EngineOperations,
        *,
        durability: str,
        busy_timeout: float,
        sweep_interval: float | None,
        clock: Callable[[], float],
        tally: Tally,
    ) -> None:
        self._place = place
        self._operations = operations
        self._select = operations.fetch
        self._busy_timeout = busy_timeout
        self._clock = clock
        self._tally = tally
        self._reads = 0
        self._closed = False
        """Whether calls are refused."""
        self._released = False
        """Whether the file is let go of, too."""
        self._threads = Threads(_THREADS)
        wal = WalLength()

        def watched(db: apsw.Cursor) -> apsw.Cursor:
            db.connection.set_wal_hook(wal.after_commit)
            return db

        self._writer = Writer(
            watched(place.first(busy_timeout)),
            lambda: watched(place.writer()),
            place.path,
            durability,
            busy_timeout,
            tally,
        )
        in_file = place.path != MEMORY
        self._readers = Readers(place.reader) if in_file else None
        self._version = DataVersion(place) if in_file else None
        self._sweeper = Sweeper(
            operations,
            self._read,
            self._writer.run_patiently,
            self._uses,
            clock,
            sweep_interval,
        )
        self._housekeeper = Housekeeper(
            self._sweeper,
            Lease(place.reader) if in_file else None,
            Checkpointer(place.reader, self._writer) if in_file else None,
            lambda: Activity(self._reads, self._writer.last_commit),
        )
        wal.when_long = self._housekeeper.ask_for_checkpoint
        forks.watch(self)

    # ------------------------------------------------------------------ one row, the short way

    def fetch_now(self, key: str) -> Row | None:
        """A row, if it can be read without waiting for anybody, else `NOT_NOW`.

        On the writer's connection if nobody is writing, for a commit empties the others' caches.
        """
        self._reads = reads = self._reads + 1
        sampled = not reads & _SAMPLED or reads < _SAMPLED
        if sampled and not self._housekeeper.ticking:
            self._housekeeper.ask_for_lease()
        writer = self._writer
        row: Row | None = NOT_NOW
        try:
            for alone in writer.tries if not writer.wanted else _NEVER:
                if alone:
                    try:
                        if sampled:
                            writer.check_place(writer.db)
                            began = time.perf_counter()
                        row = self._select(writer.db, key)
                    finally:
                        writer.lock.release()
                break
            if row is NOT_NOW:
                readers = self._readers
                if readers is None or (reader := readers.take(wait=False)) is None:
                    return NOT_NOW
                try:
                    if sampled:
                        began = time.perf_counter()
                    row = self._select(reader, key)
                finally:
                    readers.free.append(reader)
                    if readers.watched:
                        readers.serve()
        except apsw.Error:
            return NOT_NOW  # it is tried again with patience, and told in words
        if sampled:
            self._tally.sampled("get", time.perf_counter() - began)
        return row

    def fetch_patiently(self, key: str) -> Row | None:
        return self.run(Call("get", self._select, (key,)))

    async def fetch_in_thread(self, key: str) -> Row | None:
        return await self._in_thread(self.fetch_patiently, key)

    # ------------------------------------------------------------------ any call

    def run(self, call: Call[T]) -> T:
        if self._housekeeper.resting:
            self._housekeeper.wake()
        # As `_tallying`, which would cost a write a tenth of its time.
        began = time.perf_counter()
        try:
            return self._writer.run(call) if call.writes else self._read(call)
        except StoreError as error:
            self._tally.failed(type(error).__name__)
            raise
        finally:
            self._tally.took(call.name, time.perf_counter() - began)

    def run_async(self, call: Call[T]) -> Awaitable[T]:
        if not call.writes:
            return self._in_thread(self.run, call)
        if self._housekeeper.resting:
            self._housekeeper.wake()
        return self._writer.submit(call)

    @contextmanager
    def _tallying(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        except StoreError as error:
            self._tally.failed(type(error).__name__)
            raise
        finally:
            self._tally.took(name, time.perf_counter() - began)

    def _read(self, call: Call[T]) -> T:
        def read() -> Any:
            return self._lent(call.operation, call.args)

        try:
            result = patiently(read, self._busy_timeout)
        except apsw.Error as error:
            raise translated(error, "reading from", self._place.path) from error
        return call.finish(result) if call.finish else result

    def _lent(self, operation: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Run it on a connection that reads."""
        readers = self._readers
        if readers is not None:
            db = readers.take()
            assert db is not None
            try:
                return operation(db, *args)
            finally:
                readers.free.append(db)
                if readers.watched:
                    readers.serve()
        # A database in memory has one connection only.
        lock = self._writer.lock
        while True:
            for mine in tries(lock, _LOOK_UP):
                if mine:
                    try:
                        self.refuse_if_closed()
                        return operation(self._writer.db, *args)
                    finally:
                        lock.release()
                break
            self.refuse_if_closed()

    def _uses(self) -> int:
        """How many calls there were.  Who only watches does not count: nobody is held up."""
        calls = self._tally.operations
        return self._reads + calls.total() - calls["stats"]

    # ------------------------------------------------------------------ the rest of a face's needs

    def sweep(self, limit: int) -> int:
        with self._tallying("sweep"):
            return self._sweeper.sweep(limit)

    async def sweep_async(self, limit: int) -> int:
        with self._tallying("sweep"):
            return await self._sweeper.sweep_async(limit, self._part_async)

    def _part_async(self, call: Call[T]) -> Awaitable[T]:
        return self._writer.submit(call) if call.writes else self._in_thread(self._read, call)

    def stats(self) -> Stats:
        now = int(self._clock() * 1000)
        with self._tallying("stats"):
            counts: Call[tuple[int, int]] = Call("stats", self._operations.census, (now,))
            live, expired = self._read(counts)
        file_bytes, wal_bytes = self._place.sizes()
        return Stats(
            live=live,
            expired=expired,
            file_bytes=file_bytes,
            wal_bytes=wal_bytes,
            operations={**self._tally.operations, "get": self._reads},
            latencies=self._tally.latencies(),
            errors=dict(self._tally.errors),
        )

    async def stats_async(self) -> Stats:
        return await self._in_thread(self.stats)

    def look(self, operation: Callable[[apsw.Cursor], T]) -> T:
        """Run what only reads, uncounted, on a connection that is lent as to any call."""
        return self._read(Call("look", operation, ()))

    def is_waited_for(self) -> bool:
        """Whether somebody waits for a connection that is lent: to read, to fork or to close."""
        return self._readers is not None and self._readers.watched

    def data_version(self) -> int:
        """Another number than before if anything was committed since."""
        if self._version is not None:
            return self._version.read()
        self.refuse_if_closed()
        # Nobody else writes to a memory of one's own, and no two commits are at one time.
        return int(self._writer.last_commit * 1e9)

    def close(self, patience: float = inf) -> None:
        """Wait for calls that run, but let others fork, open and close meanwhile."""
        deadline = time.monotonic() + patience
        while not self._close_in(_LOOK_UP) and time.monotonic() < deadline:
            pass
        self._threads.end(wait=False)

    def _close_in(self, seconds: float) -> bool:
        """Close if that takes no longer; whether it is closed."""
        with forks.no_fork():
            if self._released:
                return True
            self._closed = True
            if not self._housekeeper.close(seconds):
                return False
            if self._readers is not None and not self._readers.close(seconds):
                return False
            if self._version is not None:
                self._version.close()
            # Last, for it folds the WAL into the file.
            if not self._writer.close(seconds):
                return False
            self._released = True
            forks.forget(self)
            self._place.leave()
            return True

    async def close_async(self) -> None:
        await in_new_thread(self.close)

    def refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreClosed("the store was closed; open another one")

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        self.refuse_if_closed()
        return await self._threads.run(function, *args)

    # ------------------------------------------------------------------ forks

    def pause(self) -> None:
        """Close every connection and end every thread; who calls meanwhile waits."""
        self._threads.pause()
        self._housekeeper.close()
        self._writer.pause()
        if self._readers is not None:
            self._readers.pause()
        if self._version is not None:
            self._version.pause()

    def resume(self) -> None:
        self._writer.resume()
        if self._readers is not None:
            self._readers.resume()
        if self._version is not None:
            self._version.resume()
        self._housekeeper.resume()
        self._threads.resume()

    def resume_in_child(self) -> None:
        self._writer.resume_in_child()
        if self._readers is not None:
            self._readers.resume_in_child()
        if self._version is not None:
            self._version.resume_in_child()
        self._housekeeper.resume_in_child()
        self._threads.resume()
