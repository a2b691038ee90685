"""Threads for what an event loop cannot wait for: calls that read many rows, closing."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["Threads", "in_new_thread"]

T = TypeVar("T")

_LOOK_AGAIN = 0.005
"""Seconds after which a task looks whether a fork is over."""


class Threads:
    """At most so many, started when they are needed, ended at a fork."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pool: ThreadPoolExecutor | None = None
        self.resume()

    def resume(self) -> None:
        """At first, and after a fork, whose child has none of the parent's threads or locks."""
        self._changing = threading.Lock()
        self._paused = False

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        while True:
            with self._changing:
                if not self._paused:
                    future = _submitted(self._started(), function, *args)
                    break
            await asyncio.sleep(_LOOK_AGAIN)
        if future is None:
            return function(*args)
        return await asyncio.wrap_future(future)

    def _started(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="connect-sqlite")
        return self._pool

    def pause(self) -> None:
        """Wait for what runs, and let nothing begin until `resume`."""
        with self._changing:
            self._paused = True
        self.end(wait=True)

    def end(self, *, wait: bool) -> None:
        with self._changing:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=wait)


def _submitted(
    pool: ThreadPoolExecutor, function: Callable[..., T], *args: Any
) -> "Future[T] | None":
    """None if no thread can be had any more, for the program is ending: do it here and now."""
    try:
        return pool.submit(function, *args)
    except RuntimeError:
        return None


async def in_new_thread(function: Callable[[], T]) -> T:
    """Run it in a thread of its own, which is not one of those that it may be about to end."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="connect-sqlite-closing")
    try:
        future = _submitted(pool, function)
        return function() if future is None else await asyncio.wrap_future(future)
    finally:
        pool.shutdown(wait=False)
