"""The one connection that writes, and group commit: one mechanism under both faces.

A call that finds nobody writing runs at once, in its own thread, in a transaction of its own.
All others queue for the writer thread, which commits whatever waits in one transaction, so that a
sync of the disk is shared by all who wait for it.
"""

import asyncio
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import apsw

from .._stores.calls import Call
from .._stores.tally import Tally
from ..errors import StoreClosed, StoreError, StoreUnavailable
from .connection import BUSY, close, pause, rolled_back
from .failures import busy, translated
from .files import MEMORY
from .locks import tries
from .waiting import AsyncWaiting, SyncWaiting, Waiting, settle
from .worker import Worker

__all__ = ["Writer"]

T = TypeVar("T")
W = TypeVar("W", bound=Waiting)

_LARGEST_GROUP = 256
_SELDOM = 31
"""Of the calls that write no data, one in 32 looks whether the file is in its place."""

_CONTENDED = 1.0
"""For so many seconds after meeting another writer, leave it a gap between two groups."""


class Writer:
    """Runs calls that write, alone or in groups."""

    def __init__(
        self,
        db: apsw.Cursor,
        opened: Callable[[], apsw.Cursor],
        path: str,
        durability: str,
        busy_timeout: float,
        tally: Tally,
    ) -> None:
        self.db = db
        """A closed one while there is no connection: then whatever is asked of it fails."""
        self.last_commit = 0.0
        """On the monotonic clock."""
        self._connected = True
        self._begun = 0
        self._opened = opened
        self._path = path
        self._durability = durability
        self._busy_timeout = busy_timeout
        self._tally = tally
        self._synced: bool | None = None
        self._changes = 0
        self._durable_to: int | None = None
        """The `data_version` up to which everything is synced, as far as is known."""
        self._met_another = -_CONTENDED
        self._has_moved = array("i", [0])
        self._moved_at, _ = self._has_moved.buffer_info()
        self._worker = Worker("connect-sqlite-writer", self._commit_waiting)
        self._closed = False
        self._make_locks()

    def _make_locks(self) -> None:
        self.lock = threading.Lock()
        """Held by whoever uses the connection.  All are taken as locks.py says."""
        self.tries = tries(self.lock)
        self.wanted: list[None] = [] if self._connected else [None]
        """Not empty while a writer waits for the lock or has it, and while there is no connection:
        then readers leave it alone."""
        self._turn = threading.Lock()
        """Held by who writes: a call alone, or the writer thread until nobody waits."""
        self._turns = tries(self._turn)
        self._gate = threading.Lock()
        """Guards the queue's end.  Never held during I/O."""
        self._queue: deque[Waiting] = deque()
        self._paused = threading.Lock()
        """Held during a fork."""
        self._shut = self._closed
        """Whether a new call has to look at `_closed` and `_paused`."""

    # ------------------------------------------------------------------ from the callers

    def run(self, call: Call[T]) -> T:
        waiting = None
        if not self._queue:
            for mine in self._turns:
                if not mine:
                    break
                try:
                    if not self._shut:
                        return self._alone(call)
                except BUSY:
                    waiting = SyncWaiting(call)
                    self._queue.appendleft(waiting)
                    break
                finally:
                    self._turn.release()
                break
        if waiting is None:
            waiting = self._queued(SyncWaiting(call))
        else:
            self._worker.wake()
        return waiting.wait()  # type: ignore[no-any-return]

    def run_patiently(self, call: Call[T]) -> T:
        """As `run`, for one that nobody waits for: the writer thread runs it, and then at once
        those who came meanwhile, who would otherwise wait for that thread to wake."""
        return self._queued(SyncWaiting(call)).wait()  # type: ignore[no-any-return]

    def submit(self, call: Call[T]) -> asyncio.Future[T]:
        """Queue a call of the running event loop; its future has the outcome."""
        return self._queued(AsyncWaiting(call)).future

    def _queued(self, waiting: W) -> W:
        while True:
            with self._gate:
                if self._closed:
                    raise StoreClosed("writing: the store was closed; open another one")
                if not self._shut:
                    self._queue.append(waiting)
                    break
            with self._paused:
                pass
        self._worker.wake()
        return waiting

    # ------------------------------------------------------------------ in the writer thread

    def _commit_waiting(self) -> None:
        """Commit until nobody waits."""
        with self._turn:
            self._commit_all()

    def _commit_all(self) -> None:
        try:
            while self._queue:
                with self._gate:
                    synced = any(self._must_sync(waiting.call) for waiting in self._queue)
                settle(self._commit_group(synced), self._tally)
                if time.monotonic() - self._met_another < _CONTENDED:
                    pause()
        except BaseException as error:  # whatever it is, they would wait for ever
            settle(_failed(self._take_group(True), error), self._tally)
            raise

    def _commit_group(self, synced: bool) -> Sequence[Waiting]:
        """Commit one group, or give up on those who have waited too long; all who are done."""
        with self.held():
            try:
                db = self._begin(synced)
            except BUSY:
                return self._overdue()
            except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for it
                return _failed(self._take_group(synced), self._named(error))
            group = self._take_group(synced)
            try:
                self._together(db, group)
            except BaseException:  # noqa: BLE001 - each of them finds out why
                self._each_alone(group, synced)
            return group

    def _overdue(self) -> Sequence[Waiting]:
        self._met_another = now = time.monotonic()
        overdue = []
        with self._gate:
            while self._queue and now - self._queue[0].since >= self._busy_timeout:
                overdue.append(self._queue.popleft())
        return _failed(overdue, busy(self._path, self._busy_timeout))

    def _take_group(self, synced: bool) -> list[Waiting]:
        """The first in the queue, up to one who needs a sync that is not made this time."""
        group: list[Waiting] = []
        with self._gate:
            while self._queue and len(group) < _LARGEST_GROUP:
                if self._must_sync(self._queue[0].call) and not synced:
                    break
                group.append(self._queue.popleft())
        return group

    def _together(self, db: apsw.Cursor, group: Sequence[Waiting]) -> None:
        """Run a group in the transaction that has begun, and commit it."""
        try:
            for waiting in group:
                try:
                    waiting.result = _result(db, waiting.call)
                except StoreError as error:  # it has written nothing; the others go on
                    waiting.error = error
            if self._synced:
                self._see_that_it_syncs(db)
            db.execute("COMMIT")
        except BaseException:
            self._durable_to = None
            rolled_back(db)
            raise
        self.last_commit = time.monotonic()

    def _each_alone(self, group: Sequence[Waiting], synced: bool) -> None:
        """The group's transaction failed and left nothing: each now succeeds or fails by itself."""
        for waiting in group:
            waiting.error = None
            try:
                waiting.result = self._transaction(waiting.call, synced)
            except BaseException as error:  # noqa: BLE001
                waiting.error = self._named(error)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody write meanwhile, in this process.  Not for a caller's thread: see locks.py."""
        try:
            self.wanted.append(None)
            with self.lock:
                yield
        finally:
            self.wanted.pop()

    # ------------------------------------------------------------------ with the lock held

    def _must_sync(self, call: Call[Any]) -> bool:
        return self._durability == "full" or (call.durable and self._durability == "balanced")

    def _alone(self, call: Call[T]) -> T:
        """Run one call in a transaction of its own, in the thread that asked for it."""
        try:
            self.wanted.append(None)
            with self.lock:
                return self._transaction(call, self._must_sync(call))
        except BUSY:
            raise
        except apsw.Error as error:
            raise self._named(error) from error
        finally:
            self.wanted.pop()

    def _transaction(self, call: Call[T], synced: bool) -> T:
        try:
            db = self._begin(synced, light=call.light)
            result = _result(db, call)
            if synced:
                self._see_that_it_syncs(db)
            db.execute("COMMIT")
        except BaseException:
            self._durable_to = None
            rolled_back(self.db)
            raise
        self.last_commit = time.monotonic()
        return result

    def _begin(self, synced: bool, *, light: bool = False) -> apsw.Cursor:
        if not self._connected:  # after a fork
            self.db = self._opened()
            self._connected, self._synced, self._durable_to = True, None, None
            self.wanted.pop()
        db = self.db
        self._begun += 1
        if not light or not self._begun & _SELDOM:
            self.check_place(db)
        if synced is not self._synced:
            # In a WAL, NORMAL syncs at checkpoints only and FULL at each commit as well.
            db.execute("PRAGMA synchronous = FULL" if synced else "PRAGMA synchronous = NORMAL")
            self._synced = synced
        if db.connection.in_transaction:  # a signal's exception kept it from being rolled back
            rolled_back(db)
        if synced:
            self._changes = db.connection.total_changes()
        else:
            self._durable_to = None
        db.execute("BEGIN IMMEDIATE")
        return db

    def _see_that_it_syncs(self, db: apsw.Cursor) -> None:
        """Have the coming commit sync the log, though it may have nothing to write.

        A logout that finds its session gone says so.  What took it away, such as a touch that ended
        it, is perhaps not synced yet, and power loss would bring it back.
        """
        version: int = db.execute("PRAGMA data_version").get
        if db.connection.total_changes() == self._changes and version != self._durable_to:
            db.execute(f"PRAGMA user_version = {db.execute('PRAGMA user_version').get}")
        self._durable_to = version

    def check_place(self, db: apsw.Cursor) -> None:
        """Raise if the file is no longer at its path: writes to it would succeed, and be lost."""
        if self._path == MEMORY:
            return
        db.connection.file_control("main", apsw.SQLITE_FCNTL_HAS_MOVED, self._moved_at)
        if self._has_moved[0]:
            raise StoreUnavailable(
                f"{self._path} was deleted, moved or replaced while it was open. "
                "Nothing was written; put it back, or start the program again"
            )

    def _named(self, error: BaseException) -> BaseException:
        if isinstance(error, apsw.Error):
            return translated(error, "writing to", self._path)
        return error

    # ------------------------------------------------------------------ the end, and forks

    def close(self, seconds: float | None = None) -> bool:
        """Finish what was asked for, refuse what comes, and let go of the file.

        False if that took too long: then call it again.
        """
        with self._gate:
            self._closed = self._shut = True
        return self._finish(self._disconnect, seconds)

    def pause(self) -> None:
        """As `close`, until `resume`: who calls meanwhile waits.  A memory's connection stays."""
        self._paused.acquire()
        with self._gate:
            self._shut = True
        if self._path != MEMORY:
            self._finish(self._disconnect, None)
        else:
            self._finish(self.lock.acquire, None)

    def resume(self) -> None:
        if self._path == MEMORY:
            self.lock.release()
        self._worker.allow()
        with self._gate:
            self._shut = self._closed
        self._paused.release()

    def resume_in_child(self) -> None:
        """As `resume`, after a fork: the parent's threads are not here to give locks back."""
        self._make_locks()
        self._worker.allow()

    def _finish(self, then: Callable[[], object], seconds: float | None) -> bool:
        """Wait until nobody writes, and commit what is left in the queue."""
        if not self._worker.stop(seconds):
            return False
        for mine in tries(self._turn, seconds):
            if mine:
                try:
                    self._commit_all()
                    then()
                finally:
                    self._turn.release()
                return True
            break
        return False

    def _disconnect(self) -> None:
        with self.lock:
            if self._connected:
                self._connected = False
                self.wanted.append(None)
                close(self.db)


def _result(db: apsw.Cursor, call: Call[T]) -> T:
    result = call.operation(db, *call.args)
    return call.finish(result) if call.finish else result


def _failed(group: Sequence[Waiting], error: BaseException) -> Sequence[Waiting]:
    """Each gets an error of its own: it is raised in many threads and tasks at once."""
    for waiting in group:
        waiting.error = type(error)(*error.args) if isinstance(error, StoreError) else error
    return group
