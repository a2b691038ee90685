"""Carries stores across `fork()`, and closes those that are forgotten.

A child that merely forgot the inherited connections would hold no locks, and the WAL it goes on
writing could be deleted under it.  So before a fork every connection is closed and every thread is
ended, and afterwards both sides open and start their own when they next need them.
"""

import atexit

# Its own fork hooks take the lock by which threads are started.  Imported here they are registered
# before ours, and so run inside them: our threads are ended while that lock is still free.
import concurrent.futures.thread  # noqa: F401
import os
import threading
from typing import Protocol
from weakref import WeakSet

__all__ = ["Forking", "forget", "no_fork", "watch"]


class Forking(Protocol):
    """Something with connections and threads."""

    def close(self, patience: float = ...) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def resume_in_child(self) -> None: ...


_PATIENCE = 10.0
"""Seconds that an ending program waits for the calls of its daemon threads."""

_watched: WeakSet[Forking] = WeakSet()
_paused: list[Forking] = []
_lock = threading.Lock()


def no_fork() -> threading.Lock:
    """Held while a store is opened or closed, and from before a fork until behind it.

    A half-open store would be carried into the child.  That opening is one at a time also keeps
    a file that is being looked at from being opened meanwhile.
    """
    return _lock


def watch(engine: Forking) -> None:
    """Pause the engine at forks and close it at exit.  Call it with `no_fork` held."""
    _watched.add(engine)


def forget(engine: Forking) -> None:
    """It is closed.  Call it with `no_fork` held."""
    _watched.discard(engine)


def _before() -> None:
    _lock.acquire()
    for engine in list(_watched):
        _paused.append(engine)
        engine.pause()


def _after_in_parent() -> None:
    while _paused:
        _paused.pop().resume()
    _lock.release()


def _after_in_child() -> None:
    global _lock
    _lock = threading.Lock()
    while _paused:
        _paused.pop().resume_in_child()


@atexit.register
def _close_all() -> None:
    for engine in list(_watched):
        engine.close(_PATIENCE)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
