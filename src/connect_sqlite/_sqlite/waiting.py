"""A call that waits for the writer thread, and how its outcome reaches who asked."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .._stores.calls import Call

__all__ = ["AsyncWaiting", "SyncWaiting", "Waiting", "settle"]


class Waiting:
    """A call in the queue, and then its result or its error."""

    __slots__ = ("call", "error", "result", "since")

    def __init__(self, call: Call[Any]) -> None:
        self.call = call
        self.since = time.monotonic()
        self.result: Any = None
        self.error: BaseException | None = None


class SyncWaiting(Waiting):
    """Asked for by a thread that blocks."""

    __slots__ = ("_done",)

    def __init__(self, call: Call[Any]) -> None:
        super().__init__(call)
        self._done = threading.Lock()
        self._done.acquire()

    def settle(self) -> None:
        self._done.release()

    def wait(self) -> Any:
        with self._done:
            if self.error is not None:
                raise self.error
            return self.result


class AsyncWaiting(Waiting):
    """Asked for by a task.  If the task is cancelled the call goes on, wholly or not at all."""

    __slots__ = ("future", "loop")

    def __init__(self, call: Call[Any]) -> None:
        super().__init__(call)
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()


def settle(group: Iterable[Waiting]) -> None:
    """Tell everybody; each event loop is woken once for all of its tasks."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[AsyncWaiting]] = defaultdict(list)
    for waiting in group:
        if isinstance(waiting, AsyncWaiting):
            by_loop[waiting.loop].append(waiting)
        elif isinstance(waiting, SyncWaiting):
            waiting.settle()
    for loop, tasks in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_tasks, tasks)
        except RuntimeError:
            # The loop was closed meanwhile: nobody waits there any more.
            continue


def _settle_tasks(tasks: list[AsyncWaiting]) -> None:
    for waiting in tasks:
        if waiting.future.done():  # cancelled
            continue
        if waiting.error is None:
            waiting.future.set_result(waiting.result)
        else:
            waiting.future.set_exception(waiting.error)
