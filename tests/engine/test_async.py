"""The async store: cancellation, one loop after another, a loop that never waits (threat 45)."""

import asyncio
import random
import threading
from collections import Counter

import apsw
import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed
from engine.programs import Program, descriptors, heard, integrity, outcome, say, threads_left
from engine.vfs import CountingVFS


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


def cancels_at_random(path):
    store = AsyncSQLiteStore(path)
    chance = random.Random(7)
    acknowledged, halves = set(), []

    async def write(n):
        await store.set(str(n), {"a": n, "b": n})
        acknowledged.add(str(n))

    async def use(n):
        await store.merge("shared", {"a": n, "b": n})
        found = await store.get("shared")
        if found["a"] != found["b"]:
            halves.append(n)
        await store.length()

    async def main(start):
        await store.set("shared", {"a": 0, "b": 0})
        for first in range(start, start + 1000, 100):
            tasks = [asyncio.create_task(write(first + n)) for n in range(100)]
            tasks += [asyncio.create_task(use(n)) for n in range(20)]
            for task in chance.sample(tasks, 60):
                asyncio.get_running_loop().call_later(chance.uniform(0, 0.003), task.cancel)
            await asyncio.gather(*tasks, return_exceptions=True)
        await store.set("last", {"a": 1})

    for start in (0, 1000):
        asyncio.run(main(start))
    lost = acknowledged - set(asyncio.run(store.ids()))
    last = asyncio.run(store.get("last"))
    asyncio.run(store.close())
    return [last, sorted(lost), halves, len(acknowledged) < 2000, integrity(path), threads_left()]


def test_tasks_that_are_cancelled(path):
    """They lose no thread, wedge no lock and write nothing by halves (threat 45)."""
    assert [{"a": 1}, [], [], True, "ok", []] == outcome(cancels_at_random, path)


def one_loop_after_another(path):
    store = AsyncSQLiteStore(path)

    async def use(n):
        await asyncio.gather(*(store.set(f"{n}-{k}", {}) for k in range(20)))
        return await store.length()

    counts = [asyncio.run(use(n)) for n in range(5)]
    asyncio.run(store.close())
    return [counts, descriptors(path)]


def test_one_loop_after_another(path):
    """A store made outside any loop serves each (threat 45)."""
    assert [[20, 40, 60, 80, 100], []] == outcome(one_loop_after_another, path)


def loops_at_once(path):
    store = AsyncSQLiteStore(path)

    async def use(n):
        for k in range(50):
            await store.set(f"{n}", {"k": k})
            assert {"k": k} == await store.get(f"{n}")
            await store.merge("shared", {f"{n}-{k}": 1})

    asyncio.run(store.set("shared", {}))
    failed = []

    def run(n):
        try:
            asyncio.run(use(n))
        except Exception as error:  # noqa: BLE001
            failed.append(repr(error))

    threads = [threading.Thread(target=run, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [failed, asyncio.run(store.length()), len(asyncio.run(store.get("shared")))]


def test_loops_at_once(path):
    """Loops in several threads share it; each result goes to the loop that asked (threat 45)."""
    assert [[], 5, 200] == outcome(loops_at_once, path)


def closed_loops(path):
    store = AsyncSQLiteStore(path)

    async def leave():
        for n in range(200):
            task = asyncio.ensure_future(store.set(f"left{n}", {}))
            task.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.sleep(0)

    asyncio.run(leave())
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(store.set(f"stopped{n}", {})) for n in range(100)]
    loop.call_soon(loop.stop)
    loop.run_forever()
    for task in tasks:
        task.cancel()
        task._log_destroy_pending = False
    loop.close()

    async def after():
        await store.set("after", {})
        return await store.get("after")

    result = asyncio.run(after())
    asyncio.run(store.close())
    return [result, integrity(path), threads_left()]


def test_a_loop_that_is_closed_over_its_writes(path):
    """They are done or not, and the store goes on with the next loop (threat 45)."""
    assert [{}, "ok", []] == outcome(closed_loops, path)


def holds_the_lock(path):
    db = apsw.Connection(path)
    db.execute("BEGIN IMMEDIATE")
    say("held")
    heard()
    db.execute("COMMIT")
    say("released")
    heard()


def works_beside_a_blocked_file(path):
    store = AsyncSQLiteStore(path, busy_timeout=30)

    async def main():
        await store.set("a", {"x": 1})
        say("ready")
        heard()  # another process holds the lock
        writes = [asyncio.create_task(store.set(f"b{n}", {})) for n in range(5)]
        for _ in range(300):
            await asyncio.sleep(0)
            assert {"x": 1} == await store.get("a")
        assert 1 == await store.length()
        assert not any(task.done() for task in writes)
        writes[0].cancel()
        say("went on")
        await asyncio.gather(*writes, return_exceptions=True)
        await store.close()
        return [task.cancelled() for task in writes]

    return asyncio.run(main())


def test_a_file_that_another_process_holds(path):
    """Writes wait, and the loop goes on: 300 rounds and reads meanwhile (threats 39, 45)."""
    with Program(works_beside_a_blocked_file, path) as program:
        assert "ready" == program.says()
        with Program(holds_the_lock, path) as other:
            assert "held" == other.says()
            program.tell()
            assert "went on" == program.says()
            other.tell()
            assert "released" == other.says()
            assert [True, False, False, False, False] == program.result()


def syncs_on_the_loop(path):
    vfs = CountingVFS()
    store = AsyncSQLiteStore(path, indexes=("user",), durability="full")
    vfs.threads.clear()
    text = "y" * 100_000

    async def main():
        for n in range(50):
            await store.create(f"c{n}", {"user": 1})
            await store.set(f"s{n}", {"user": 2, "x": text})
            await store.merge(f"s{n}", {"y": 1})
            await store.get(f"s{n}")
            await store.touch(f"s{n}", {})
            await store.rotate(f"c{n}", f"r{n}", {})
            await store.destroy(f"r{n}")
        await store.destroy_where("user", 2)
        await store.destroy_many(["x"])
        await store.sweep()
        await store.clear()
        await asyncio.gather(*(store.create(f"g{n}", {}) for n in range(50)))
        await store.close()

    asyncio.run(main())
    return ["MainThread" in names for _, names in sorted(vfs.threads.items())]


def test_the_loop_never_waits_for_the_disk(path):
    """No sync is made in its thread, by no call, nor by closing (threat 45)."""
    assert [False, False] == outcome(syncs_on_the_loop, path)


def closes_beside_tasks(path):
    store = AsyncSQLiteStore(path)
    ends, saved, enough = Counter(), [], asyncio.Event()

    async def work(k):
        n = 0
        try:
            while True:
                await store.set(f"{k}-{n}", {})
                saved.append(f"{k}-{n}")
                if len(saved) == 200:
                    enough.set()
                await store.get(f"{k}-{n}")
                if not n % 10:
                    await store.length()
                n += 1
        except StoreClosed:
            ends["closed"] += 1
        except Exception as error:  # noqa: BLE001
            ends[repr(error)] += 1

    async def main():
        tasks = [asyncio.create_task(work(k)) for k in range(16)]
        await enough.wait()
        await asyncio.gather(store.close(), store.close())
        await asyncio.gather(*tasks)

    asyncio.run(main())
    with SQLiteStore(path) as again:
        lost = set(saved) - set(again.ids())
    return [ends, sorted(lost), descriptors(path), threads_left()]


def test_closing_while_tasks_work(path):
    """Each call ends in its result or `StoreClosed`, and what returned is there (threat 44)."""
    assert [{"closed": 16}, [], [], []] == outcome(closes_beside_tasks, path)


def cancels_the_close(path):
    store = AsyncSQLiteStore(path)

    async def main():
        await store.set("a", {})
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        await store.close()

    asyncio.run(main())
    return [descriptors(path), threads_left()]


def test_a_close_that_is_cancelled(path):
    """It is closed all the same, and closing again waits for it (threat 45)."""
    assert [[], []] == outcome(cancels_the_close, path)
