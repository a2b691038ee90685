"""Many who work on one file at once, and are killed or cancelled at random.

Each worker makes sessions under names of its own, and reads, changes, rotates and destroys its own
and everybody else's.  What a call may mean for an id's life, `history` says.
"""

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from connect_sqlite import AsyncSQLiteStore, SessionExists, SQLiteStore, StoreClosed
from engine.programs import fork, integrity

from .history import Done, Log, judged, read
from .scale import chance

__all__ = ["storm_of_processes", "storm_of_tasks", "storm_of_threads", "verdict"]

PROCESSES, THREADS, TASKS = 8, 64, 1000

OPTIONS: dict[str, Any] = {"busy_timeout": 120.0, "sweep_interval": 0.5}

_OFTEN = {"get": 6, "merge": 5, "create": 4, "create together": 1, "rotate": 2, "destroy": 3}

Step = tuple[str, tuple[Any, ...], tuple[Any, ...]]
"""What is to be called, what of it goes into the log, and what the call takes."""


def steps(name: str, luck: random.Random) -> Generator[Step, Any, None]:
    """One worker's calls, without end.  Is sent what each of them answered."""
    made = count = 0
    known = ["none"]
    while True:
        count += 1
        if count % 10 == 1:
            after = f"{chr(luck.randrange(97, 123))}"
            known = [each.id for each in (yield "scan", (), (after, 12))] or known
        sid = luck.choice(known)
        what = luck.choices(list(_OFTEN), list(_OFTEN.values()))[0]
        made += 1
        new = f"{chr(97 + made % 26)}-{name}-{made}"
        if what == "get":
            yield "get", (sid,), (sid,)
        elif what == "merge":
            yield "merge", (sid, name, count), (sid, {name: count})
        elif what == "rotate":
            # Nobody ends what all make together: it must be there at the end.
            if "together" not in sid:
                yield "rotate", (sid, new), (sid, new, {"text": "x" * luck.randrange(2000)})
        elif what == "destroy":
            if "together" not in sid:
                yield "destroy", (sid,), (sid,)
        else:
            if what != "create":
                new = f"m-together-{int(time.monotonic() * 20)}"
            yield "create", (new,), (new, {"text": "x" * luck.randrange(2000)})
            known.append(new)


def _answer(result: Any) -> Any:
    """As the log keeps it."""
    return result if result is None or isinstance(result, int) else True


def _work(store: SQLiteStore, log: Log, name: str, stop: threading.Event) -> None:
    mine = steps(name, chance(name))
    step = next(mine)
    while not stop.is_set():
        what, about, arguments = step
        if what == "scan":
            step = mine.send(store.scan(after=arguments[0], limit=arguments[1]))
            continue
        number = log.begins(what, *about)
        try:
            result = _answer(getattr(store, what)(*arguments))
        except SessionExists:
            result = "exists"
        log.ends(number, result)
        step = mine.send(result)


# ---------------------------------------------------------------------- processes


def storm_of_processes(folder: str, seconds: float) -> dict[str, Any]:
    """Eight processes, one after another killed and replaced, for so long."""
    path, luck = f"{folder}/s.db", chance("processes")
    running: dict[int, str] = {}
    started = kills = 0
    ends = time.monotonic() + seconds

    def work(name: str) -> None:
        with SQLiteStore(path, **OPTIONS) as store:
            _work(store, Log(f"{folder}/{name}.log"), name, threading.Event())

    while time.monotonic() < ends:
        while len(running) < PROCESSES:
            started += 1
            name = f"p{started}"
            running[fork(lambda name=name: work(name))] = name
        time.sleep(luck.uniform(0.02, 0.25))
        kills += _killed(luck.choice(list(running)), running)
    while running:
        kills += _killed(next(iter(running)), running)
    return {"kills": kills, **verdict(folder)}


def _killed(pid: int, running: dict[int, str]) -> int:
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    name = running.pop(pid)
    assert os.WIFSIGNALED(status), f"{name} ended by itself: {status}"
    return 1


# ---------------------------------------------------------------------- threads


def _threads(folder: str, number: int, seconds: float, killed: bool) -> None:
    store = SQLiteStore(f"{folder}/s.db", **OPTIONS)
    stop = threading.Event()
    surprises: list[BaseException] = []

    def work(name: str) -> None:
        log = Log(f"{folder}/{name}.log")
        try:
            _work(store, log, name, stop)
        except StoreClosed:
            pass
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            surprises.append(error)

    names = [f"t{number}x{n}" for n in range(THREADS)]
    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    if killed:
        os.kill(os.getpid(), signal.SIGKILL)
    store.close()
    for thread in threads:
        thread.join()
    if surprises:
        raise surprises[0]


def storm_of_threads(folder: str, seconds: float) -> dict[str, Any]:
    """64 threads with one store; the process is killed thrice, and at last the store is closed."""
    rounds = 4
    for number in range(rounds):
        last = number == rounds - 1
        pid = fork(lambda n=number, k=not last: _threads(folder, n, seconds / rounds, k))
        _, status = os.waitpid(pid, 0)
        assert status == 0 if last else os.WIFSIGNALED(status), f"round {number}: {status}"
    return {"kills": rounds - 1, **verdict(folder)}


# ---------------------------------------------------------------------- tasks


def storm_of_tasks(folder: str, seconds: float) -> dict[str, Any]:
    """1,000 tasks at once, cancelled at random and replaced."""
    return {"cancelled": asyncio.run(_tasks(folder, seconds)), **verdict(folder)}


async def _tasks(folder: str, seconds: float) -> int:
    log, luck = Log(f"{folder}/tasks.log"), chance("tasks")
    store = AsyncSQLiteStore(f"{folder}/s.db", **OPTIONS)
    started = 0
    gone: list[asyncio.Task[None]] = []

    async def work(name: str) -> None:
        mine = steps(name, chance(name))
        step = next(mine)
        while True:
            what, about, arguments = step
            if what == "scan":
                step = mine.send(await store.scan(after=arguments[0], limit=arguments[1]))
                continue
            number = log.begins(what, *about)
            try:
                result = _answer(await getattr(store, what)(*arguments))
            except SessionExists:
                result = "exists"
            log.ends(number, result)
            step = mine.send(result)

    running: list[asyncio.Task[None]] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        while len(running) < TASKS:
            started += 1
            running.append(asyncio.create_task(work(f"a{started}")))
        await asyncio.sleep(luck.uniform(0.0, 0.02))
        for _ in range(luck.randrange(40)):
            task = running.pop(luck.randrange(len(running)))
            task.cancel()
            gone.append(task)
    for task in running:
        task.cancel()
    for outcome in await asyncio.gather(*gone, *running, return_exceptions=True):
        if not isinstance(outcome, asyncio.CancelledError):
            raise AssertionError("a task ended by itself") from outcome
    await store.close()
    return len(gone) + len(running)


def verdict(folder: str) -> dict[str, Any]:
    """Whether all that was answered can be true of the file as it is now."""
    path = f"{folder}/s.db"
    calls: list[Done] = read(sorted(Path(folder).glob("*.log")))
    with SQLiteStore(path, sweep_interval=None) as store:
        there = {each.id: dict(each) for each in store.all()}
    wrong = judged(calls, there)
    if (sound := integrity(path)) != "ok":
        wrong.append(sound)
    return {
        "operations": sum(call.answered for call in calls),
        "interrupted": sum(not call.answered for call in calls),
        "losses": len(wrong),
        "wrong": wrong[:5],
    }
