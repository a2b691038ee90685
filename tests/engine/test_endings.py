"""How programs end, and stores with them: forgotten, or dropped."""

import asyncio
import atexit
import gc
import json
import os
import sys
import threading
import time
from contextlib import suppress

import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed
from connect_sqlite._sqlite import sweeper
from engine.programs import Program, descriptors, integrity, outcome, own_threads


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


def end(how):
    if how == "sys.exit":
        sys.exit(3)
    if how == "exception":
        raise ValueError("the program's own")
    if how == "os._exit":
        os._exit(4)


def forgets_sync(path, how):
    store = SQLiteStore(path)
    for n in range(50):
        store.set(str(n), {})
        store.get(str(n))
    end(how)


def forgets_async(path, how):
    store = AsyncSQLiteStore(path)

    async def main():
        await asyncio.gather(*(store.set(str(n), {}) for n in range(50)))
        await store.length()
        await store.get("1")
        end(how)

    asyncio.run(main())


ENDS = {"returns": 0, "sys.exit": 3, "exception": 1, "os._exit": 4}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("forgets", [forgets_sync, forgets_async])
def test_a_program_that_forgets_to_close(path, forgets, how):
    """It ends by itself, in its own way and without a word, and every row is there."""
    with Program(forgets, path, how, options=("-X", "dev")) as program:
        code, said = program.ended()
    assert ENDS[how] == code
    assert ("ValueError: the program's own" in said) == (how == "exception")
    assert how == "exception" or not said
    left = os.listdir(os.path.dirname(path))
    assert how == "os._exit" or ["s.db"] == left
    with SQLiteStore(path) as store:
        assert 50 == store.length()


def forgets_threads(path):
    store = SQLiteStore(path)
    begun = threading.Event()

    def work(k):
        # Quietly: Python itself aborts when a thread writes to stderr as the program ends.
        with suppress(StoreClosed):
            for n in range(10**9):
                store.set(f"{k}-{n % 100}", {})
                begun.set()

    for k in range(4):
        threading.Thread(target=work, args=(k,), daemon=True).start()
    begun.wait()


def test_a_program_that_ends_under_its_daemon_threads(path):
    """They write on to the very end; the program ends, and the file is whole (threat 44)."""
    with Program(forgets_threads, path, patience=10) as program:
        code, _ = program.ended()
    assert 0 == code
    assert "ok" == outcome(integrity, path)


def uses_at_exit(path):
    store = SQLiteStore(path)
    atexit.register(lambda: store.set("last", {}))
    store.set("first", {})


def test_what_a_program_does_at_its_exit(path):
    """Its `atexit` functions still have the store."""
    with Program(uses_at_exit, path) as program:
        assert (0, "") == program.ended()
    with SQLiteStore(path) as store:
        assert ["first", "last"] == store.ids()


def uses_async_at_exit(path):
    store = AsyncSQLiteStore(path)

    async def last():
        await store.set("last", {})
        assert {} == await store.get("last")
        assert 2 == await store.length()
        assert 2 == len(await store.scan())
        assert 0 == await store.sweep()
        assert 2 == (await store.stats())["live"]
        await store.close()

    atexit.register(lambda: asyncio.run(last()))
    asyncio.run(store.set("first", {}))


def test_what_a_program_awaits_at_its_exit(path):
    """No thread can be had any more, and each call still does its work."""
    with Program(uses_async_at_exit, path) as program:
        assert (0, "") == program.ended()
    with SQLiteStore(path) as store:
        assert ["first", "last"] == store.ids()


# ---------------------------------------------------------------------- dropped


def until_gone(path):
    while descriptors(path) or own_threads():
        time.sleep(0.001)
    return True


def drops(path, face):
    if face == "sync":
        SQLiteStore(path).set("a", {})
    else:
        asyncio.run(AsyncSQLiteStore(path).set("a", {}))
    gc.collect()
    until_gone(path)
    with SQLiteStore(path) as store:
        return store.ids()


@pytest.mark.parametrize("face", ["sync", "async"])
def test_a_store_that_is_dropped(path, face):
    """Its descriptors and threads go with it, and what it had written is there."""
    assert ["a"] == outcome(drops, path, face)


def drops_in_own_thread(path, which):
    sweeper._FIRST = 0.0
    go = threading.Event()

    def perhaps():
        if go.is_set() and threading.current_thread().name.startswith(which):
            gc.collect()

    def clock():
        perhaps()
        return time.time()

    class Codec:
        dumps = staticmethod(json.dumps)

        def loads(self, text):
            perhaps()
            return json.loads(text)

    gc.disable()
    if which == "connect-sqlite-housekeeper":
        store = SQLiteStore(path, sweep_interval=0.01, clock=clock)
        store.set("a", {})
        cycle = [store]
        cycle.append(cycle)
        del store, cycle
        go.set()
        return until_gone(path)

    store = AsyncSQLiteStore(path, serializer=Codec())

    async def main():
        nonlocal store
        await store.set("a", {})
        # The call keeps the engine, not the store, which is gone when it is answered.
        waiting = [store.all(), store.merge("a", {"x": 1})]
        tasks = [asyncio.ensure_future(call) for call in waiting]
        await asyncio.sleep(0)
        cycle = [store]
        cycle.append(cycle)
        store = None
        del cycle, waiting
        go.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())
    gc.collect()
    return until_gone(path)


THREADS = ["connect-sqlite-housekeeper", "connect-sqlite-writer", "connect-sqlite_"]


@pytest.mark.parametrize("which", THREADS)
def test_a_store_that_is_collected_in_a_thread_of_its_own(path, which):
    """The collector may run anywhere; a thread that would wait for itself waits for nobody."""
    assert outcome(drops_in_own_thread, path, which) is True
