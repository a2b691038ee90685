"""Many at once: 64 threads or 64 tasks that start together, each with sessions of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

from .measure import nanoseconds, settle
from .workload import Population, Session

WORKERS = 64

Share = list[tuple[str, Session]]
"""The sessions of one worker; no two workers meet in one row."""


def shares(population: Population, each: int) -> list[Share]:
    """For each worker at most `each` sessions, all of them changed since they were last saved."""
    each = min(each, len(population.ids) // WORKERS)
    population.change(range(WORKERS * each))
    pairs = list(zip(population.ids, population.sessions, strict=True))
    return [pairs[number * each : (number + 1) * each] for number in range(WORKERS)]


def calls_per_second(sharing: list[Share], calls_each: int, elapsed: int) -> float:
    """`calls_each` calls were made for each session, in `elapsed` nanoseconds."""
    return sum(map(len, sharing)) * calls_each * 1e9 / elapsed


def threads(work: Callable[[Share], None], sharing: list[Share]) -> int:
    """Nanoseconds until 64 threads have done `work`, each on its share."""
    failures: list[BaseException] = []
    start = threading.Barrier(WORKERS + 1)

    def runner(share: Share) -> None:
        start.wait()
        try:
            work(share)
        except BaseException as error:  # noqa: BLE001 - raised again below, where it is seen
            failures.append(error)

    crowd = [threading.Thread(target=runner, args=(share,)) for share in sharing]
    for thread in crowd:
        thread.start()
    settle()
    start.wait()
    began = nanoseconds()
    for thread in crowd:
        thread.join()
    elapsed = nanoseconds() - began
    if failures:
        raise failures[0]
    return elapsed


async def tasks(work: Callable[[Share], Awaitable[None]], sharing: list[Share]) -> int:
    """Nanoseconds until 64 tasks have done `work`, each on its share."""

    async def runner(share: Share) -> None:
        await work(share)

    settle()
    began = nanoseconds()
    async with asyncio.TaskGroup() as group:
        for share in sharing:
            group.create_task(runner(share))
    return nanoseconds() - began
