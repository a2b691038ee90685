"""A background thread that starts when it is woken, and can be stopped and allowed again."""

import threading
from collections.abc import Callable
from contextlib import suppress
from logging import getLogger
from queue import Empty, SimpleQueue

__all__ = ["Worker"]

_log = getLogger("connect_sqlite")

_AFTER_ERROR = 1.0
"""Seconds it rests after an unexpected error, if nobody wakes it: the next may follow at once."""

_Bell = SimpleQueue[bool]
"""True rings, False ends the thread.  Written in C: see locks.py."""


class Worker:
    """Runs `work` at least once after each time it is woken, and after `timeout()` seconds.

    A daemon: a program that forgets to close its store still ends.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        timeout: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._name = name
        self._work = work
        self._timeout = timeout
        self.allow()

    def allow(self) -> None:
        """There is no thread now, and one may be started: at first, and after `stop` or a fork."""
        self._thread: threading.Thread | None = None
        self._bell: _Bell = SimpleQueue()
        self._starting = threading.Lock()
        self._stopped = False

    def wake(self) -> None:
        """Have it work soon.  One that was stopped stays so."""
        if self._thread is None and not self._start():
            self._work()
        elif self._bell.empty():
            self._bell.put(True)

    def stop(self, seconds: float | None = None) -> bool:
        """Let it finish what it is doing, and wait for its end; whether it has ended."""
        with self._starting:
            self._stopped = True
            thread = self._thread
        self._bell.put(False)
        if thread is None:
            return True
        thread.join(seconds)
        return not thread.is_alive()

    def _start(self) -> bool:
        """False if no thread can be started any more, for the program is ending."""
        with self._starting:
            if self._thread is None and not self._stopped:
                bell: _Bell = SimpleQueue()
                thread = threading.Thread(
                    target=self._run, args=(bell,), name=self._name, daemon=True
                )
                try:
                    thread.start()
                    self._bell, self._thread = bell, thread
                except RuntimeError:
                    return False
                except BaseException:  # of a signal's handler: it may have started
                    bell.put(False)
                    raise
        return True

    def _run(self, bell: _Bell) -> None:
        rest: float | None = None
        while True:
            try:
                timeout = self._timeout() if rest is None else rest
                rest = None
                go_on = True
                with suppress(Empty):
                    go_on = bell.get(timeout=_waited(timeout))
                if not go_on or self._stopped:
                    return
                self._work()
            except BaseException:  # noqa: BLE001 - the store must not lose its thread
                _log.exception("%s met an unexpected error and goes on", self._name)
                rest = _AFTER_ERROR


def _waited(timeout: float | None) -> float | None:
    """As long as a wait may be."""
    return None if timeout is None else min(timeout, threading.TIMEOUT_MAX)
