"""Every kind of write on an event loop, in a process of its own.

    python -m bench.loop_load FILE SEED

The stall scenario runs it with a library that notes in the file $BENCH_SYNCS which thread waits for
the disk.  The same file gets the loop's thread when the load begins, and `end` when it ends: making
and closing the file is not part of it.
"""

import asyncio
import os
import sys
import threading

from .crowd import Share, shares, tasks
from .workload import Population


async def main(path: str, seed: int, log: str) -> None:
    from connect_sqlite import AsyncSQLiteStore

    sharing = shares(Population(seed, 6_400), 100)

    async def work(share: Share) -> None:
        for sid, session in share:
            await store.create(sid, session)
            await store.set(sid, session)
            await store.touch(sid, session)
            await store.get(sid)
            await store.rotate(sid, sid + "-", session)
            await store.destroy(sid + "-")
            await store.set(sid, {"cookie": {"maxAge": 1}})

    async with AsyncSQLiteStore(path) as store:
        note(log, f"loop {threading.get_native_id()}")
        await tasks(work, sharing)
        await store.sweep()
        note(log, "end")


def note(log: str, line: str) -> None:
    with open(log, "a") as file:
        file.write(line + "\n")


asyncio.run(main(sys.argv[1], int(sys.argv[2]), os.environ["BENCH_SYNCS"]))
