"""Watches the sessions of open WebSockets, and has those closed whose session has ended.

The cost does not grow with traffic: twice a second the store is asked whether anything changed at
all, and only then is each session looked up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from itertools import groupby
from logging import getLogger
from typing import Protocol

from ..contract import AsyncStore, StoredSession
from .timeouts import Timeouts

__all__ = ["SESSION_ENDED", "SessionEnded", "Sockets", "Watched"]

SESSION_ENDED = 4401
"""The code that a WebSocket is closed with when its session has ended: HTTP's 401, in the range
that is kept for applications."""

_INTERVAL = 0.5
"""Seconds between two looks; what is left of one second is for looking and closing."""

_SLICE = 32
"""Sessions that are looked up before the loop's other tasks have their turn."""

_NOT_YET = 0
"""The end of a session that was not looked up yet: it is always over, so it soon will be."""

_log = getLogger("connect_sqlite")


class SessionEnded(ConnectionAbortedError):
    """What an application meets that goes on sending: an `OSError`, as after any disconnect."""

    def __init__(self) -> None:
        super().__init__("the WebSocket was closed, for its session has ended")


class Home(Protocol):
    """What is asked of the configuration."""

    timeouts: Timeouts
    store: AsyncStore

    def lives_until(self, row: StoredSession | None) -> int | None: ...


class Watched:
    """One open socket, as the watcher knows it."""

    __slots__ = ("close", "end", "sid")

    def __init__(self, sid: str, close: Callable[[], Awaitable[None]]) -> None:
        # Once a socket is open its session's id stays: a browser cannot be told another one.
        self.sid = sid
        self.close = close
        self.end = _NOT_YET


class Sockets:
    """The open WebSockets of one middleware whose sessions the store knows."""

    interval = _INTERVAL

    def __init__(self, home: Home) -> None:
        self._home = home
        self._watchers: dict[asyncio.AbstractEventLoop, _Watcher] = {}
        self._closing: set[asyncio.Task[None]] = set()
        """So that none is collected; a watcher may end before them."""

    def watch(self, sid: str, close: Callable[[], Awaitable[None]]) -> Watched:
        """Have `close` called, once, when there is no such session any more."""
        loop = asyncio.get_running_loop()
        watcher = self._watchers.get(loop)
        if watcher is None:
            for each in list(self._watchers):
                if each.is_closed():
                    self._watchers.pop(each, None)
            watcher = _Watcher(self._home, self.interval, self._closing)
            self._watchers[loop] = watcher
        watched = Watched(sid, close)
        watcher.add(watched)
        return watched

    def forget(self, watched: Watched) -> None:
        """It was closed otherwise.  The last one ends the task."""
        loop = asyncio.get_running_loop()
        watcher = self._watchers.get(loop)
        if watcher is not None and watcher.remove(watched):
            del self._watchers[loop]


class _Watcher:
    """One task, for all the sockets of an event loop."""

    def __init__(self, home: Home, interval: float, closing: set[asyncio.Task[None]]) -> None:
        self._home = home
        self._interval = interval
        self._closing = closing
        self._watched: set[Watched] = set()
        self._next = _NOT_YET
        """The first of their ends."""
        self._seen: int | None = None
        """What the store said when they all were looked up."""
        self._failing = False
        # In a context of its own: this is no part of the request that happens to be the first.
        self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())

    def add(self, watched: Watched) -> None:
        self._watched.add(watched)
        self._next = _NOT_YET

    def remove(self, watched: Watched) -> bool:
        """Whether it was the last, and the task has ended with it."""
        self._watched.discard(watched)
        if self._watched:
            return False
        self._task.cancel()
        return True

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - whatever a store raises, it goes on
                if not self._failing:
                    _log.error(
                        "The store failed, so WebSockets stay open whose session may have ended. "
                        "It is asked again twice a second: %r",
                        error,
                    )
                self._failing = True
            else:
                self._failing = False

    async def _look(self) -> None:
        version = self._version()  # first: what is committed from here on is seen the next time
        now = self._home.timeouts.now()
        changed = version is None or version != self._seen
        if not changed and now < self._next:
            return
        due = self._watched if changed else (each for each in self._watched if each.end <= now)
        await self._look_up(due)
        self._seen = version
        self._next = min((each.end for each in self._watched), default=_NOT_YET)

    def _version(self) -> int | None:
        """None of a store that cannot say whether anything changed."""
        ask: Callable[[], int] | None = getattr(self._home.store, "data_version", None)
        return None if ask is None else ask()

    async def _look_up(self, due: Iterable[Watched]) -> None:
        """Each session once, however many sockets it has open."""
        ordered = sorted(due, key=_sid)
        for number, (sid, group) in enumerate(groupby(ordered, _sid), 1):
            end = self._home.lives_until(await self._home.store.get(sid))
            for watched in group:
                if end is not None:
                    watched.end = end
                elif watched in self._watched:
                    self._close(watched)
            if not number % _SLICE:
                await asyncio.sleep(0)

    def _close(self, watched: Watched) -> None:
        """In a task of its own, for a server may wait for the browser's answer."""
        self._watched.discard(watched)
        task = asyncio.ensure_future(_closed(watched))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _closed(watched: Watched) -> None:
    try:
        await watched.close()
    except Exception as error:  # noqa: BLE001 - the connection may be gone already
        _log.debug("A WebSocket could not be closed: %r", error)


def _sid(watched: Watched) -> str:
    return watched.sid
