"""A call that waits for the writer thread, and how its outcome reaches who asked."""

import asyncio
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any

from .._stores.calls import Call
from .._stores.tally import Tally

__all__ = ["AsyncWaiting", "SyncWaiting", "Waiting", "settle"]


_WOKEN = 8
"""Tasks woken in one turn of their loop.  All 64 at once held up everything else for 2 ms."""


class Waiting:
    """A call in the queue, and then its result or its error."""

    __slots__ = ("call", "error", "result", "since")

    call: Call[Any]
    since: float
    result: Any
    error: BaseException | None


class SyncWaiting(Waiting):
    """Asked for by a thread that blocks."""

    __slots__ = ("_done",)

    def __init__(self, call: Call[Any]) -> None:
        self.call = call
        self.error = None
        self.since = time.monotonic()
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
        self.call = call
        self.error = None
        self.since = time.monotonic()
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()


def settle(group: Iterable[Waiting], tally: Tally) -> None:
    """Tell everybody; each event loop is woken once for all of its tasks."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, deque[AsyncWaiting]] = defaultdict(deque)
    for waiting in group:
        if isinstance(waiting, AsyncWaiting):
            by_loop[waiting.loop].append(waiting)
        elif isinstance(waiting, SyncWaiting):
            waiting.settle()
    for loop, tasks in by_loop.items():
        _count([waiting for waiting in tasks if not waiting.call.part], tally)
        try:
            loop.call_soon_threadsafe(_settle_tasks, tasks)
        except RuntimeError:
            # The loop was closed meanwhile: nobody waits there any more.
            continue


def _count(tasks: list[AsyncWaiting], tally: Tally) -> None:
    """All are counted, and the first one's wait stands for the group's."""
    if not tasks:
        return
    for waiting in tasks:
        tally.operations[waiting.call.name] += 1
        if waiting.error is not None:
            tally.failed(type(waiting.error).__name__)
    first = tasks[0]
    tally.sampled(first.call.name, time.monotonic() - first.since)


def _settle_tasks(tasks: deque[AsyncWaiting]) -> None:
    """Wake a few, and the others in the loop's next turns: what else it does comes in between."""
    for _ in range(min(_WOKEN, len(tasks))):
        waiting = tasks.popleft()
        future = waiting.future
        if future.done():  # cancelled
            continue
        if waiting.error is None:
            future.set_result(waiting.result)
        else:
            future.set_exception(waiting.error)
    if tasks:
        waiting.loop.call_soon(_settle_tasks, tasks)
