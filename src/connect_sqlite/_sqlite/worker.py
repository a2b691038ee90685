"""A background thread that starts when it is woken, and can be stopped and allowed again."""

import threading
from collections.abc import Callable
from logging import getLogger

__all__ = ["Worker"]

_log = getLogger("connect_sqlite")

_AFTER_ERROR = 1.0
"""Seconds it rests after an unexpected error, if nobody wakes it: the next may follow at once."""


class Worker:
    """Runs `work` once for each time it is woken, or after `timeout()` seconds.

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
        self._bell = threading.Event()
        self._starting = threading.Lock()
        self._stopped = False

    def wake(self) -> None:
        """Have it work soon.  One that was stopped stays so."""
        if self._thread is None and not self._start():
            self._work()
        self._bell.set()

    def stop(self) -> None:
        """Let it finish what it is doing, and wait for its end."""
        with self._starting:
            self._stopped = True
            thread = self._thread
        self._bell.set()
        if thread is not None:
            thread.join()

    def _start(self) -> bool:
        """False if no thread can be started any more, for the program is ending."""
        with self._starting:
            if self._thread is None and not self._stopped:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return False
                self._thread = thread
        return True

    def _run(self) -> None:
        while True:
            try:
                timeout = self._timeout()
                self._bell.wait(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
                if self._stopped:
                    return
                self._bell.clear()
                self._work()
            except BaseException:  # noqa: BLE001 - the store must not lose its thread
                _log.exception("%s met an unexpected error and goes on", self._name)
                self._bell.wait(_AFTER_ERROR)
