"""Connections that read beside the writer, each lent to one thread at a time.

Lending and giving back are one `list` operation each, which the interpreter makes atomic: a read
takes no lock.  Only who finds none free, or gives back while somebody waits, goes the long way.
"""

import threading
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
        self._waiting = 0
        self._shut = self._closed

    def take(self, *, wait: bool = True) -> apsw.Cursor | None:
        """A free connection.  None, when it may not `wait` and all are lent out."""
        if not self._shut:
            try:
                return self._free.pop()
            except IndexError:
                pass
        return self._take_slowly(wait)

    def give(self, db: apsw.Cursor) -> None:
        """Back from the thread that took it."""
        self._free.append(db)
        if self._waiting:
            with self._turn:
                self._turn.notify_all()

    @contextmanager
    def lent(self) -> Iterator[apsw.Cursor]:
        db = self.take()
        assert db is not None
        try:
            yield db
        finally:
            self.give(db)

    def _take_slowly(self, wait: bool) -> apsw.Cursor | None:
        with self._turn:
            self._waiting += 1
            try:
                while True:
                    if self._closed:
                        raise StoreClosed("reading: the store was closed; open another one")
                    if not self._shut:
                        try:
                            return self._free.pop()
                        except IndexError:
                            if len(self._all) + self._opening < _MOST:
                                self._opening += 1
                                break
                    if not wait:
                        return None
                    self._turn.wait()
            finally:
                self._waiting -= 1
        db = None
        try:
            db = self._opened()
            return db
        finally:
            with self._turn:
                self._opening -= 1
                if db is not None:
                    self._all.add(db)
                self._turn.notify_all()

    def pause(self) -> None:
        """Wait until none is lent out, and close them all; who asks for one waits for `resume`."""
        with self._turn:
            self._shut = True
            self._close_all()

    def resume(self) -> None:
        with self._turn:
            self._shut = self._closed
            self._turn.notify_all()

    def resume_in_child(self) -> None:
        """As `resume`, after a fork: the parent's threads are not here to give locks back."""
        self._open_gate()

    def close(self) -> None:
        """As `pause`, for good."""
        with self._turn:
            self._closed = self._shut = True
            self._turn.notify_all()
            self._close_all()

    def _close_all(self) -> None:
        self._waiting += 1
        while self._all or self._opening:
            while self._free:
                db = self._free.pop()
                close(db)
                self._all.discard(db)
            if self._all or self._opening:
                self._turn.wait(_LOOK_UP)
        self._waiting -= 1
