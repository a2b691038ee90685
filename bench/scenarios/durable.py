"""Sign-out and sign-in, each on disk before it returns: 64 at once, against aiosqlite with FULL."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from ..context import Context
from ..crowd import Share, calls_per_second, shares, tasks, threads
from ..measure import median
from ..peers.aiosqlite import AVAILABLE, Sessions
from ..status import Tell

TITLE = "Durable, 64 at once"
WEIGHT = 30.0

Contender = Callable[[Path, list[Share]], float]


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Calls a second; each session is destroyed and created again, which counts as two."""
    names = [name for name in CONTENDERS if AVAILABLE or not name.startswith("aiosqlite")]
    samples: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(context.scale.rounds):
        for name in names:
            tell(turn / context.scale.rounds, name.replace("_", " "))
            sharing = shares(context.population, context.scale.durable_each)
            with context.room() as folder:
                samples[name].append(CONTENDERS[name](folder / "sessions.db", sharing))
    return {
        "calls_per_second": {name: median(values) for name, values in samples.items()},
        "rounds": samples,
    }


def _our_threads(path: Path, sharing: list[Share]) -> float:
    from connect_sqlite import SQLiteStore

    with SQLiteStore(path) as store:
        for share in sharing:
            for sid, session in share:
                store.set(sid, session)

        def work(share: Share) -> None:
            for sid, session in share:
                store.destroy(sid)
                store.create(sid, session)

        return calls_per_second(sharing, 2, threads(work, sharing))


async def _our_tasks(path: Path, sharing: list[Share]) -> float:
    from connect_sqlite import AsyncSQLiteStore

    async with AsyncSQLiteStore(path) as store:
        for share in sharing:
            for sid, session in share:
                await store.set(sid, session)
        return await _replace_all(store, sharing)


async def _aiosqlite(path: Path, sharing: list[Share], commit_each: bool) -> float:
    async with Sessions(path, synchronous="FULL", commit_each=commit_each) as store:
        for share in sharing:
            await store.fill(share)
        return await _replace_all(store, sharing)


async def _replace_all(store: Any, sharing: list[Share]) -> float:
    async def work(share: Share) -> None:
        for sid, session in share:
            await store.destroy(sid)
            await store.create(sid, session)

    return calls_per_second(sharing, 2, await tasks(work, sharing))


def _on_a_loop(contender: Callable[..., Coroutine[Any, Any, float]], *options: Any) -> Contender:
    return lambda path, sharing: asyncio.run(contender(path, sharing, *options))


CONTENDERS: dict[str, Contender] = {
    "connect_sqlite_threads": _our_threads,
    "connect_sqlite_tasks": _on_a_loop(_our_tasks),
    "aiosqlite_full": _on_a_loop(_aiosqlite, True),
    "aiosqlite_full_shared_commits": _on_a_loop(_aiosqlite, False),
}
