"""Carries stores across `fork()`.

A child that merely forgot the inherited connections would hold no locks, and the WAL it goes on
writing could be deleted under it.  So before a fork every connection is closed and every thread is
ended, and afterwards both sides open and start their own when they next need them.
"""

import os
from typing import Protocol
from weakref import WeakSet

__all__ = ["Forking", "forget", "watch"]


class Forking(Protocol):
    """Something with connections and threads."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def resume_in_child(self) -> None: ...


_watched: WeakSet[Forking] = WeakSet()
_paused: list[Forking] = []


def watch(engine: Forking) -> None:
    _watched.add(engine)


def forget(engine: Forking) -> None:
    _watched.discard(engine)


def _before() -> None:
    for engine in list(_watched):
        engine.pause()
        _paused.append(engine)


def _after_in_parent() -> None:
    while _paused:
        _paused.pop().resume()


def _after_in_child() -> None:
    while _paused:
        _paused.pop().resume_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
