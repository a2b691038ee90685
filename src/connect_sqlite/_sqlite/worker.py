"""A background thread that starts when it is woken and can be stopped, for a fork or for good."""

import threading
from collections.abc import Callable
from logging import getLogger

__all__ = ["Worker"]

_log = getLogger("connect_sqlite")


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
        self._thread: threading.Thread | None = None
        self._bell = threading.Event()
        self._starting = threading.Lock()
        self._stopping = False

    def wake(self) -> None:
        if self._thread is None:
            self.start()
        self._bell.set()

    def start(self) -> None:
        with self._starting:
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Let it finish what it is doing, and wait for its end.  `wake` or `start` begins anew."""
        with self._starting:
            thread = self._thread
            self._stopping = True
        self._bell.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        self.forget()

    def forget(self) -> None:
        """There is no thread any more; after a fork it is on the other side."""
        self._thread = None
        self._bell = threading.Event()
        self._starting = threading.Lock()
        self._stopping = False

    def _run(self) -> None:
        while True:
            self._bell.wait(self._timeout())
            if self._stopping:
                return
            self._bell.clear()
            try:
                self._work()
            except Exception:  # noqa: BLE001 - the store must not lose its thread
                _log.exception("%s met an unexpected error and goes on", self._name)
