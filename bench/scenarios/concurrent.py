"""Writes and reads of 64 tasks on one event loop, against aiosqlite with NORMAL."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ..context import Context
from ..crowd import Share, calls_per_second, shares, tasks
from ..measure import median
from ..peers.aiosqlite import AVAILABLE, Sessions
from ..status import Tell
from ..workload import Session

TITLE = "64 tasks on one loop"
WEIGHT = 30.0

READS = 3
"""Times that each session is read in a round, for a read is over sooner than a write."""

Write = Callable[[str, Session], Awaitable[Any]]
Read = Callable[[str], Awaitable[Any]]
Work = Callable[[Share], Awaitable[None]]


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Calls a second."""
    with context.room() as folder:
        return asyncio.run(_run(context, tell, folder))


async def _run(context: Context, tell: Tell, folder: Path) -> dict[str, Any]:
    from connect_sqlite import AsyncSQLiteStore

    async with AsyncSQLiteStore(folder / "ours.db") as store:
        for share in shares(context.population, context.scale.concurrent_each):
            for sid, session in share:
                await store.set(sid, session)
        works: dict[str, dict[str, Work]] = {
            "write": {"connect_sqlite": _writer(store.set)},
            "read": {"connect_sqlite": _reader(store.get)},
        }
        if not AVAILABLE:
            return await _measure(context, tell, works)
        async with (
            Sessions(folder / "each.db", synchronous="NORMAL") as each,
            Sessions(folder / "shared.db", synchronous="NORMAL", commit_each=False) as shared,
        ):
            for share in shares(context.population, context.scale.concurrent_each):
                await each.fill(share)
                await shared.fill(share)
            works["write"]["aiosqlite"] = _writer(each.set)
            works["write"]["aiosqlite_shared_commits"] = _writer(shared.set)
            works["read"]["aiosqlite"] = _reader(each.get)
            works["read"]["aiosqlite_one_hop"] = _reader(each.get_in_one_hop)
            return await _measure(context, tell, works)


async def _measure(
    context: Context, tell: Tell, works: dict[str, dict[str, Work]]
) -> dict[str, Any]:
    rounds = context.scale.rounds
    samples: dict[str, dict[str, list[float]]] = {
        kind: {name: [] for name in by_name} for kind, by_name in works.items()
    }
    for turn in range(rounds):
        for kind, by_name in works.items():
            for name, work in by_name.items():
                tell(turn / rounds, f"{kind}, {name.replace('_', ' ')}")
                sharing = shares(context.population, context.scale.concurrent_each)
                each = READS if kind == "read" else 1
                figure = calls_per_second(sharing, each, await tasks(work, sharing))
                samples[kind][name].append(figure)
    return {
        kind: {
            "calls_per_second": {name: median(values) for name, values in by_name.items()},
            "rounds": by_name,
        }
        for kind, by_name in samples.items()
    }


def _writer(save: Write) -> Work:
    async def work(share: Share) -> None:
        for sid, session in share:
            await save(sid, session)

    return work


def _reader(get: Read) -> Work:
    async def work(share: Share) -> None:
        for _ in range(READS):
            for sid, _ in share:
                await get(sid)

    return work
