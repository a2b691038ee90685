"""Connections that read beside the writer, each lent to one thread at a time.

Lending and giving back are one `list` operation each, which the interpreter makes atomic: a read
takes no lock.  Only who finds none free, or gives back while somebody watches, goes the long way.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apsw

from ..errors import StoreClosed
from .connection import close

__all__ = ["Readers"]

_MOST = 8
"""More would only wait for each other: Python code runs on one core at a time."""


class Readers:
    """At most `_MOST` connections, opened when they are needed."""

    def __init__(self, opened: Callable[[], apsw.Cursor]) -> None:
        self._opened = opened
        self._free: list[apsw.Cursor] = []
        self._turn = threading.Condition(threading.Lock())
        self._open = 0
        self._waiting = 0
        self._paused = False
        self._closed = False

    def take(self, *, wait: bool = True) -> apsw.Cursor | None:
        """A free connection.  None, when it may not `wait` and all are lent out."""
        try:
            return self._free.pop()
        except IndexError:
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
                    if not self._paused:
                        if self._free:
                            return self._free.pop()
                        if self._open < _MOST:
                            self._open += 1
                            break
                    if not wait:
                        return None
                    self._turn.wait()
            finally:
                self._waiting -= 1
        try:
            return self._opened()
        except BaseException:
            with self._turn:
                self._open -= 1
                self._turn.notify_all()
            raise

    def pause(self) -> None:
        """Wait until none is lent out, and close them all; who asks for one waits for `resume`."""
        with self._turn:
            self._paused = True
            self._close_all()

    def resume(self) -> None:
        with self._turn:
            self._paused = False
            self._turn.notify_all()

    def resume_in_child(self) -> None:
        """As `resume`, after a fork: the parent's threads are not here to give locks back."""
        self._turn = threading.Condition(threading.Lock())
        self._waiting = 0
        self._paused = False

    def close(self) -> None:
        """As `pause`, for good."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()
            self._close_all()

    def _close_all(self) -> None:
        self._waiting += 1
        while self._open:
            while self._free:
                close(self._free.pop())
                self._open -= 1
            if self._open:
                self._turn.wait()
        self._waiting -= 1
