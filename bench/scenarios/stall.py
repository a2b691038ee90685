"""How long the event loop stands still while 64 tasks write and a sweep deletes expired rows."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .. import compiler, files
from ..context import Context
from ..crowd import WORKERS, shares
from ..measure import median, nanoseconds, percentile, settle
from ..status import Tell

TITLE = "Event-loop stall"
WEIGHT = 45.0


_TICK = 0.001
_WATCHER = Path(__file__).parents[1] / "syncs.c"


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """How much later than its millisecond a ticker wakes, p99 in microseconds, idle and busy."""
    idle: list[float] = []
    busy: list[float] = []
    swept: list[int] = []
    rounds = context.scale.heavy_rounds
    with context.room() as folder:
        path = folder / "sessions.db"
        for turn in range(rounds):
            tell(turn / rounds, f"round {turn + 1} of {rounds}")
            path.unlink(missing_ok=True)
            files.build(path, context.seed, context.scale.stall_expired * 2)
            figures = asyncio.run(_watch(context, path))
            idle.append(figures[0])
            busy.append(figures[1])
            swept.append(figures[2])
        syncs = _syncs(context, folder)
    return {
        "idle_p99_us": median(idle),
        "busy_p99_us": median(busy),
        "rounds": {"idle_p99_us": idle, "busy_p99_us": busy, "swept": swept},
        "syncs": syncs,
    }


async def _watch(context: Context, path: Path) -> tuple[float, float, int]:
    from connect_sqlite import AsyncSQLiteStore

    async with AsyncSQLiteStore(path, sweep_interval=None) as store:
        settle()
        idle = await _ticks(context.scale.window_seconds)
        sharing = shares(context.population, context.scale.concurrent_each)
        writers = [asyncio.create_task(_write_on(store, share)) for share in sharing[:WORKERS]]
        over = asyncio.Event()
        sweep = asyncio.create_task(_sweep_until(store, over))
        settle()
        busy = await _ticks(context.scale.window_seconds, until=sweep)
        over.set()
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        return percentile(idle, 99), percentile(busy, 99), await sweep


async def _sweep_until(store: Any, over: asyncio.Event) -> int:
    """Delete expired rows until none is left or enough was watched; how many."""
    swept = 0
    while not over.is_set() and (some := await store.sweep(limit=files.SWEPT_AT_ONCE)):
        swept += some
    return swept


async def _ticks(seconds: float, until: asyncio.Task[int] | None = None) -> list[float]:
    """How late each tick was, in microseconds, for so many seconds or until the task is done."""
    late = []
    end = nanoseconds() + int(seconds * 1e9)
    before = nanoseconds()
    while before < end and not (until and until.done()):
        await asyncio.sleep(_TICK)
        now = nanoseconds()
        late.append((now - before) / 1000 - _TICK * 1e6)
        before = now
    return late


async def _write_on(store: Any, share: list[tuple[str, dict[str, Any]]]) -> None:
    while True:
        for sid, session in share:
            session["views"] += 1
            await store.set(sid, session)


def _syncs(context: Context, folder: Path) -> dict[str, Any]:
    """Which threads wait for the disk: counted by a library that stands before libc's functions."""
    try:
        watcher = compiler.shared_object(_WATCHER, context.cache)
    except compiler.CannotCompile as error:
        return {"counted": False, "reason": str(error)}
    log = folder / "syncs"
    subprocess.run(
        [sys.executable, "-m", "bench.loop_load", str(folder / "watched.db"), str(context.seed)],
        env={**os.environ, "LD_PRELOAD": str(watcher), "BENCH_SYNCS": str(log)},
        check=True,
    )
    lines = log.read_text().splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith("loop "))
    loop = lines[begin].removeprefix("loop ")
    during = lines[begin + 1 : lines.index("end")]
    if not during:
        return {"counted": False, "reason": "the library before libc's functions was not called"}
    return {"counted": True, "all": len(during), "on_the_loop": during.count(loop)}
