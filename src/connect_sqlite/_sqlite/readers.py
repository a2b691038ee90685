"""Connections that read beside the writer, each lent to one thread at a time.

Lending and giving back are one `list` operation each, which the interpreter makes atomic: a read
takes no lock.  Once all are lent, who wants one queues, and is handed the next that comes back: who
reads without a pause could otherwise keep them all for ever.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakSet

import apsw

from ..errors import StoreClosed
from .connection import close

__all__ = ["Readers"]

_MOST = 8
"""More would only wait for each other: Python code runs on one core at a time."""

_LOOK_UP = 0.05
"""Seconds after which who closes them looks again: a thread may have died with one in hand."""


class _Place:
    """A thread's place in the queue."""

    __slots__ = ("called", "db")

    def __init__(self) -> None:
        self.called = threading.Lock()
        self.called.acquire()
        self.db: apsw.Cursor | None = None
        """What it is handed.  None: it shall look again."""


class Readers:
    """At most `_MOST` connections, opened when they are needed."""

    def __init__(self, opened: Callable[[], apsw.Cursor]) -> None:
        self._opened = opened
        self._free: list[apsw.Cursor] = []
        self._closed = False
        self._open_gate()

    def _open_gate(self) -> None:
        self._turn = threading.Condition(threading.Lock())
        self._all: WeakSet[apsw.Cursor] = WeakSet()
        self._opening = 0
        self._queue: deque[_Place] = deque()
        self._shut = self._closed

    def take(self, *, wait: bool = True) -> apsw.Cursor | None:
        """A free connection.  None, when it may not `wait` and all are lent out."""
        if not self._queue and not self._shut:
            # Asking first would not do: another thread may be quicker.
            try:
                return self._free.pop()
            except IndexError:
                pass
        return self._take_slowly(wait)

    def _one_free(self) -> apsw.Cursor | None:
        try:
            return self._free.pop()
        except IndexError:
            return None

    def give(self, db: apsw.Cursor) -> None:
        """Back from the thread that took it."""
        self._free.append(db)
        if self._queue or self._shut:
            with self._turn:
                self._serve()

    @contextmanager
    def lent(self) -> Iterator[apsw.Cursor]:
        db = self.take()
        assert db is not None
        try:
            yield db
        finally:
            self.give(db)

    def _take_slowly(self, wait: bool) -> apsw.Cursor | None:
        while True:
            with self._turn:
                if self._closed:
                    raise StoreClosed("reading: the store was closed; open another one")
                if not self._shut:
                    if not self._queue and (db := self._one_free()) is not None:
                        return db
                    if len(self._all) + self._opening < _MOST:
                        self._opening += 1
                        break
                if not wait:
                    return None
                place = _Place()
                self._queue.append(place)
                self._serve()
            if (db := self._wait(place)) is not None:
                return db
        return self._open_one()

    def _wait(self, place: _Place) -> apsw.Cursor | None:
        try:
            place.called.acquire()
        except BaseException:  # of a signal's handler
            with self._turn:
                if place in self._queue:
                    self._queue.remove(place)
            if place.db is not None:
                self.give(place.db)
            raise
        return place.db

    def _open_one(self) -> apsw.Cursor:
        db = None
        try:
            db = self._opened()
            return db
        finally:
            with self._turn:
                self._opening -= 1
                if db is not None:
                    self._all.add(db)
                else:
                    self._have_all_look_again()
                self._turn.notify_all()

    def _serve(self) -> None:
        """Hand on what is free, or close it; with the lock held."""
        while (self._shut or self._queue) and (db := self._one_free()) is not None:
            if self._shut:
                close(db)
                self._all.discard(db)
                self._turn.notify_all()
            else:
                place = self._queue.popleft()
                place.db = db
                place.called.release()

    def _have_all_look_again(self) -> None:
        while self._queue:
            self._queue.popleft().called.release()

    def pause(self) -> None:
        """Wait until none is lent out, and close them all; who asks for one waits for `resume`."""
        with self._turn:
            self._shut = True
            self._close_all()

    def resume(self) -> None:
        with self._turn:
            self._shut = self._closed
            self._have_all_look_again()

    def resume_in_child(self) -> None:
        """As `resume`, after a fork: the parent's threads are not here to give locks back."""
        self._open_gate()

    def close(self) -> None:
        """As `pause`, for good."""
        with self._turn:
            self._closed = self._shut = True
            self._have_all_look_again()
            self._close_all()

    def _close_all(self) -> None:
        self._serve()
        while self._all or self._opening:
            self._turn.wait(_LOOK_UP)
            self._serve()
