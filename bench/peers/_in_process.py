"""Peers that run inside this process: a subclass gives calls on one session, timed here."""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from ..context import Context
from ..measure import nanoseconds, settle
from ..workload import Session
from ._peer import Peer

_WRITES = frozenset({"set", "touch", "set_then_get", "create"})


class _InProcess(Peer):
    """What the blocking and the awaited peers share."""

    def prepare(self, operation: str, order: Sequence[int]) -> list[Any]:
        """The arguments of the calls to come."""
        population = self.population
        if operation == "miss":
            return [population.unknown[number] for number in order]
        if operation in _WRITES:
            population.change(order)
            return [(population.ids[number], population.sessions[number]) for number in order]
        return [population.ids[number] for number in order]

    def call(self, operation: str) -> Callable[..., Any]:
        """The call that the operation begins with."""
        name = {"miss": "get", "set_then_get": "set"}.get(operation, operation)
        call: Callable[..., Any] = getattr(self, name)
        return call

    def compare(self, found: Session | None, missing: Session | None) -> None:
        """Raise unless `found` is the first session and `missing` is nothing."""
        if found is None or found["views"] != self.population.sessions[0]["views"]:
            raise AssertionError(f"{self.label} did not return what was saved")
        if missing:
            raise AssertionError(f"{self.label} returned a session for an unknown id")


class InProcess(_InProcess):
    """A blocking peer.  `open` sets up the file; the calls are attributes or methods."""

    get: Callable[[str], Any]
    set: Callable[[str, Session], Any]
    touch: Callable[[str, Session], Any]
    destroy: Callable[[str], Any]
    create: Callable[[str, Session], Any]

    def __init__(self, context: Context, folder: Path) -> None:
        super().__init__(context, folder)
        self.version = self.open()
        self.run("create", range(len(self.population.ids)))

    @abstractmethod
    def open(self) -> str:
        """Import the package, open the file; the package's version."""

    def run(self, operation: str, order: Sequence[int]) -> float:
        arguments = self.prepare(operation, order)
        loop = _LOOPS.get(operation, _one)
        settle()
        elapsed = loop(self.call(operation), self.get, arguments)
        return elapsed / len(order) / 1000

    def check(self) -> None:
        self.run("set", [0])
        self.compare(self.get(self.population.ids[0]), self.get(self.population.unknown[0]))


class InProcessAsync(_InProcess):
    """An awaited peer, one call at a time on a loop of its own."""

    get: Callable[[str], Awaitable[Any]]
    set: Callable[[str, Session], Awaitable[Any]]
    touch: Callable[[str, Session], Awaitable[Any]]
    destroy: Callable[[str], Awaitable[Any]]
    create: Callable[[str, Session], Awaitable[Any]]

    def __init__(self, context: Context, folder: Path) -> None:
        super().__init__(context, folder)
        self.loop = asyncio.new_event_loop()
        self.version = self.wait(self.open())
        self.run("create", range(len(self.population.ids)))

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on this peer's loop."""
        return self.loop.run_until_complete(coroutine)

    @abstractmethod
    async def open(self) -> str:
        """Import the package, open the file; the package's version."""

    @abstractmethod
    async def end(self) -> None:
        """Close the file."""

    def run(self, operation: str, order: Sequence[int]) -> float:
        arguments = self.prepare(operation, order)
        loop = _LOOPS_AWAITED.get(operation, _one_awaited)
        settle()
        elapsed = self.wait(loop(self.call(operation), self.get, arguments))
        return float(elapsed) / len(order) / 1000

    def check(self) -> None:
        self.run("set", [0])
        ids, unknown = self.population.ids, self.population.unknown

        async def look() -> None:
            self.compare(await self.get(ids[0]), await self.get(unknown[0]))

        self.wait(look())

    def close(self) -> None:
        self.wait(self.end())
        self.wait(self.loop.shutdown_default_executor())
        self.loop.close()


# Three shapes of one loop, each written out: one more function call would be measured too.

Call = Callable[..., Any]


def _one(call: Call, _: Call, arguments: list[Any]) -> int:
    began = nanoseconds()
    for sid in arguments:
        call(sid)
    return nanoseconds() - began


def _two(call: Call, _: Call, arguments: list[Any]) -> int:
    began = nanoseconds()
    for sid, session in arguments:
        call(sid, session)
    return nanoseconds() - began


def _both(call: Call, get: Call, arguments: list[Any]) -> int:
    began = nanoseconds()
    for sid, session in arguments:
        call(sid, session)
        get(sid)
    return nanoseconds() - began


async def _one_awaited(call: Call, _: Call, arguments: list[Any]) -> int:
    began = nanoseconds()
    for sid in arguments:
        await call(sid)
    return nanoseconds() - began


async def _two_awaited(call: Call, _: Call, arguments: list[Any]) -> int:
    began = nanoseconds()
    for sid, session in arguments:
        await call(sid, session)
    return nanoseconds() - began


async def _both_awaited(call: Call, get: Call, arguments: list[Any]) -> int:
    began = nanoseconds()
    for sid, session in arguments:
        await call(sid, session)
        await get(sid)
    return nanoseconds() - began


_LOOPS = {"set": _two, "touch": _two, "create": _two, "set_then_get": _both}
_LOOPS_AWAITED = {
    "set": _two_awaited,
    "touch": _two_awaited,
    "create": _two_awaited,
    "set_then_get": _both_awaited,
}
