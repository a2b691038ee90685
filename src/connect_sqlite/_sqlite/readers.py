"""Connections that read beside the writer, each lent to one thread at a time.

Lending and giving back are one `list` operation each, which the interpreter makes atomic: a read
takes no lock.  Once all are lent, who wants one queues, and is handed the next that comes back: who
reads without a pause could otherwise keep them all for ever.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from math import inf
from weakref import WeakSet

import apsw

from ..errors import StoreClosed
from .connection import close

__all__ = ["Readers"]

_MOST = 8
"""More would only wait for each other: Python code runs on one core at a time."""

_LOOK_UP = 0.05
"""Seconds after which who waits for one looks again."""

_MOMENT = 0.0005
"""Seconds between two looks at whether all were given back."""


class _Place:
    """A thread's place in the queue."""

    __slots__ = ("called", "db")

    def __init__(self) -> None:
        self.called = threading.Lock()
        self.called.acquire()
        self.db: apsw.Cursor | None = None
        """What it is handed, or has opened."""

    def call(self) -> None:
        """Have it look; with the gate held."""
        if self.called.locked():
            self.called.release()


class Readers:
    """At most `_MOST` connections, opened when they are needed.

    Who has taken one gives it back, as the first thing in a `finally` (see locks.py): appends it to
    `free`, and then calls `serve` if `watched`.
    """

    def __init__(self, opened: Callable[[], apsw.Cursor]) -> None:
        self._opened = opened
        self.free: list[apsw.Cursor] = []
        self._closed = False
        self._open_gate()

    def _open_gate(self) -> None:
        self._gate = threading.Lock()
        self._all: WeakSet[apsw.Cursor] = WeakSet()
        self._opening: list[_Place] = []
        """One for each thread that opens a connection."""
        self._queue: deque[_Place] = deque()
        self._shut = self._closed
        self.watched = self._closed
        """Whether somebody waits for what is given back."""

    def take(self, *, wait: bool = True) -> apsw.Cursor | None:
        """A free connection.  None, when it may not `wait` and all are lent out."""
        if not self.watched:
            # Asking first would not do: another thread may be quicker.
            try:
                return self.free.pop()
            except IndexError:
                pass
        return self._take_slowly(wait)

    def _one_free(self) -> apsw.Cursor | None:
        try:
            return self.free.pop()
        except IndexError:
            return None

    def _take_slowly(self, wait: bool) -> apsw.Cursor | None:
        place = _Place()
        try:
            while not self._may_open(place, wait):
                if place.db is not None or not wait:
                    return place.db
                # Who gave one back may have been struck by a signal before he handed it on.
                place.called.acquire(timeout=_LOOK_UP)
            place.db = self._opened()
            with self._gate:
                self._all.add(place.db)
                self._opening.remove(place)
            return place.db
        except BaseException:  # of a signal's handler, too
            self._leave(place)
            raise

    def _may_open(self, place: _Place, wait: bool) -> bool:
        """Whether this one may open a connection; else it is handed one, or is in the queue."""
        with self._gate:
            if self._closed:
                raise StoreClosed("reading: the store was closed; open another one")
            if not self._shut and place.db is None:
                if not self._queue:
                    place.db = self._one_free()
                if place.db is None and self._lent() < _MOST:
                    self._opening.append(place)
                    if place in self._queue:
                        self._queue.remove(place)
                    return True
            if wait and place.db is None:
                if place not in self._queue:
                    self._queue.append(place)
                self.watched = True
                self._serve()
            return False

    def _leave(self, place: _Place) -> None:
        """It wants none any more, and what it has was not told to anybody."""
        with self._gate:
            for places in (self._queue, self._opening):
                if place in places:
                    places.remove(place)
            if place.db is not None:
                close(place.db)
                self._all.discard(place.db)
                place.db = None
            self._have_all_look_again()

    def _lent(self) -> int:
        return len(self._all) + len(self._opening)

    def serve(self) -> None:
        """Hand on what is free, or close it."""
        with self._gate:
            self._serve()

    def _serve(self) -> None:
        while (self._shut or self._queue) and (db := self._one_free()) is not None:
            if self._shut:
                close(db)
                self._all.discard(db)
            else:
                place = self._queue.popleft()
                place.db = db
                place.call()
        self.watched = self._shut or bool(self._queue)

    def _have_all_look_again(self) -> None:
        for place in self._queue:
            place.call()

    def pause(self) -> None:
        """Wait until none is lent out, and close them all; who asks for one waits for `resume`."""
        self._shut_all(inf)

    def resume(self) -> None:
        with self._gate:
            self._shut = self._closed
            self.watched = True
            self._have_all_look_again()

    def resume_in_child(self) -> None:
        """As `resume`, after a fork: the parent's threads are not here to give locks back."""
        self._open_gate()

    def close(self, seconds: float = inf) -> bool:
        """As `pause`, for good.  False if that took too long: then call it again."""
        self._closed = True
        return self._shut_all(seconds)

    def _shut_all(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        with self._gate:
            self._shut = True
            self._have_all_look_again()
        while True:
            self.serve()
            # A thread may have died with one in hand: then the set has lost it.
            if not self._lent():
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_MOMENT)
