"""Writes and reads of 64 tasks on one event loop, against aiosqlite with NORMAL."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ..context import Context
from ..crowd import Share, calls_per_second, shares, tasks
from ..measure import median
from ..peers.aiosqlite import Sessions
from ..status import Tell
from ..workload import Session

TITLE = "64 tasks on one loop"
WEIGHT = 30.0


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Calls a second."""
    return asyncio.run(_run(context, tell))


async def _run(context: Context, tell: Tell) -> dict[str, Any]:
    from connect_sqlite import AsyncSQLiteStore

    population, scale = context.population, context.scale
    everyone = list(zip(population.ids, population.sessions, strict=True))
    samples: dict[str, dict[str, list[float]]] = {"write": {}, "read": {}}
    with context.room() as folder:
        each = Sessions(folder / "each.db", synchronous="NORMAL")
        shared = Sessions(folder / "shared.db", synchronous="NORMAL", commit_each=False)
        async with AsyncSQLiteStore(folder / "ours.db") as store:
            for other in (each, shared):
                await other.open()
                await other.fill(everyone)
            for sid, session in everyone:
                await store.set(sid, session)
            writers: dict[str, Callable[[str, Session], Awaitable[Any]]] = {
                "connect_sqlite": store.set,
                "aiosqlite": each.set,
                "aiosqlite_shared_commits": shared.set,
            }
            readers: dict[str, Callable[[str], Awaitable[Any]]] = {
                "connect_sqlite": store.get,
                "aiosqlite": each.get,
                "aiosqlite_one_hop": each.get_in_one_hop,
            }
            for turn in range(scale.rounds):
                for name, save in writers.items():
                    tell(turn / scale.rounds, f"writes, {name.replace('_', ' ')}")
                    sharing = shares(population, scale.concurrent_each)
                    figure = calls_per_second(sharing, 1, await tasks(_writer(save), sharing))
                    samples["write"].setdefault(name, []).append(figure)
                for name, get in readers.items():
                    tell(turn / scale.rounds, f"reads, {name.replace('_', ' ')}")
                    sharing = shares(population, scale.concurrent_each)
                    figure = calls_per_second(sharing, 1, await tasks(_reader(get), sharing))
                    samples["read"].setdefault(name, []).append(figure)
            await each.close()
            await shared.close()
    return {
        kind: {
            "calls_per_second": {name: median(values) for name, values in by_name.items()},
            "rounds": by_name,
        }
        for kind, by_name in samples.items()
    }


def _writer(save: Callable[[str, Session], Awaitable[Any]]) -> Callable[[Share], Awaitable[None]]:
    async def work(share: Share) -> None:
        for sid, session in share:
            await save(sid, session)

    return work


def _reader(get: Callable[[str], Awaitable[Any]]) -> Callable[[Share], Awaitable[None]]:
    async def work(share: Share) -> None:
        for sid, _ in share:
            await get(sid)

    return work
