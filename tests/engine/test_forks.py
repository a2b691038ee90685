"""A store that was used before a `fork()` is right on both sides of it (threat 41).

The programs here fork as gunicorn, multiprocessing and plain `os.fork` do.  What races in the very
moment of the fork is in test_fork_races.py.
"""

import asyncio
import multiprocessing
import os
import warnings

import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed
from engine.programs import (
    Program,
    descriptors,
    ended_well,
    fork,
    heard,
    in_the_pause,
    integrity,
    outcome,
    own_threads,
    say,
)

FACES = pytest.mark.parametrize("face", ["sync", "async"])


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


def both_write(path):
    store = SQLiteStore(path)
    store.set("before", {})

    def write(who):
        for n in range(50):
            store.set(f"{who}{n}", {"n": n})
            assert {"n": n} == store.get(f"{who}{n}")

    child = fork(lambda: write("child"))
    write("parent")
    well = ended_well(child)
    found = store.length()
    store.close()
    return [well, found, integrity(path)]


def test_parent_and_child_both_use_it(path):
    """Each sees what the other saves, and nothing is lost (threat 41)."""
    assert [True, 101, "ok"] == outcome(both_write, path)


def preloaded(path):
    store = SQLiteStore(path)
    store.create("app", {"ready": True})

    def serve(k):
        assert {"ready": True} == store.get("app")
        for n in range(20):
            store.create(f"{k}-{n}", {})

    workers = [fork(lambda k=k: serve(k)) for k in range(4)]
    well = ended_well(*workers)
    workers = [fork(lambda k=k: serve(k)) for k in range(4, 8)]  # those that replace them
    well = ended_well(*workers) and well
    found = store.length()
    store.close()
    return [well, found, integrity(path)]


def test_workers_forked_by_a_master_that_opened_it(path):
    """As under `gunicorn --preload`: 8 workers, some after others, all share it (threat 41)."""
    assert [True, 161, "ok"] == outcome(preloaded, path)


def opens_at_once(path):
    store = SQLiteStore(path)
    for n in range(5):
        store.set("parent", {"n": n})
        children = [fork(lambda k=k: store.set(f"child{k}", {})) for k in range(8)]
        if not ended_well(*children):
            return "a child failed"
    return store.length()


def test_many_children_begin_at_once(path):
    """None is told that the store is busy, because others of them open it too (threat 41)."""
    assert 9 == outcome(opens_at_once, path)


_store = None


def _in_worker(n):
    _store.set(f"worker{n}", {})
    return _store.get(f"worker{n}") == {}


def pooled(path):
    global _store
    # From Python 3.12 on: a pool starts threads of its own before all of its workers.
    warnings.simplefilter("ignore", DeprecationWarning)
    _store = SQLiteStore(path)
    _store.set("before", {})
    context = multiprocessing.get_context("fork")
    with context.Pool(3) as pool:
        found = pool.map(_in_worker, range(30))
    process = context.Process(target=_in_worker, args=(30,))
    process.start()
    process.join()
    return [all(found), process.exitcode, _store.length()]


def test_multiprocessing_pool(path):
    """The workers of a pool use the store of the program that made them (threat 41)."""
    assert [True, 0, 32] == outcome(pooled, path)


def processes(path):
    global _store
    _store = SQLiteStore(path)
    _store.set("before", {})
    context = multiprocessing.get_context("fork")
    started = [context.Process(target=_in_worker, args=(n,)) for n in range(4)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return [[process.exitcode for process in started], _store.length()]


def test_multiprocessing_processes(path):
    """A `Process` uses the store of the program that made it, and ends (threat 41)."""
    assert [[0, 0, 0, 0], 5] == outcome(processes, path)


def parent_closes(path):
    store = SQLiteStore(path)
    store.set("before", {})
    (wake_read, wake), (done, done_write) = os.pipe(), os.pipe()

    def child():
        for n in range(100):
            store.set(f"a{n}", {})
        os.write(done_write, b"a")
        os.read(wake_read, 1)
        for n in range(100):
            store.set(f"b{n}", {})

    pid = fork(child)
    store.close()  # the child is writing
    os.read(done, 1)
    say("closed")
    heard()  # the third program has opened and closed the file
    os.write(wake, b"w")
    return ended_well(pid)


def opens_and_closes(path):
    with SQLiteStore(path) as store:
        return store.length()


def plain_open_and_close(path):
    return integrity(path)


def test_a_third_program_closes_the_file_behind_the_child(path):
    """The parent has closed, the child writes on: it holds locks, its WAL stays (threat 41)."""
    with Program(parent_closes, path) as program:
        assert "closed" == program.says()
        assert 101 == outcome(opens_and_closes, path)
        assert "ok" == outcome(plain_open_and_close, path)
        program.tell()
        assert program.result() is True
    assert 201 == outcome(opens_and_closes, path)


def inherits(path):
    store = SQLiteStore(path)
    for n in range(100):
        store.set(str(n), {})
        store.get(str(n))
    held = []
    in_the_pause.append(lambda: held.extend([*descriptors(path), *own_threads()]))

    def child():
        held.extend([*descriptors(path), *own_threads()])
        assert [] == [name for name in held if not name.endswith("housekeeper")]

    pid = fork(child)
    return [held, ended_well(pid), store.length()]


def test_nothing_of_the_file_is_inherited(path):
    """At the fork no descriptor of the file is open and no thread of the store runs."""
    assert [[], True, 100] == outcome(inherits, path)


def generations(path):
    store = SQLiteStore(path)

    def go(depth):
        store.set(f"at{depth}", {})
        if depth < 4:
            assert ended_well(fork(lambda: go(depth + 1)))
        store.set(f"again{depth}", {})

    go(0)
    return store.length()


def test_children_of_children(path):
    """A child forks as its parent did (threat 41)."""
    assert 10 == outcome(generations, path)


def closes_in_child(path):
    store = SQLiteStore(path)
    store.set("a", {})

    def child():
        store.close()
        try:
            store.get("a")
        except StoreClosed:
            return
        raise AssertionError("it is not closed")

    well = ended_well(fork(child))
    store.set("b", {})
    return [well, store.ids()]


def test_closing_in_the_child_closes_there_alone(path):
    """The parent's store stays open (threat 41)."""
    assert [True, ["a", "b"]] == outcome(closes_in_child, path)


def closed_before(path):
    store = SQLiteStore(path)
    store.set("a", {})
    store.close()

    def child():
        try:
            store.set("b", {})
        except StoreClosed:
            return
        raise AssertionError("it is open")

    return [ended_well(fork(child)), descriptors(path), own_threads()]


def test_a_closed_store_stays_closed_in_the_child(path):
    """It opens nothing again, on either side."""
    assert [True, [], []] == outcome(closed_before, path)


def in_memory():
    store = SQLiteStore()
    store.set("before", {})

    def child():
        store.set("child", {})
        assert ["before", "child"] == store.ids()

    pid = fork(child)
    store.set("parent", {})
    return [ended_well(pid), store.ids()]


def test_a_store_in_memory_is_copied():
    """Each side goes on with its own copy, as with everything else in memory (threat 41)."""
    assert [True, ["before", "parent"]] == outcome(in_memory)


def several(path):
    stores = [SQLiteStore(path), SQLiteStore(path, table="other"), SQLiteStore(path + "2")]

    def write(who):
        for store in stores:
            store.set(who, {})

    pid = fork(lambda: write("child"))
    write("parent")
    return [ended_well(pid), *(store.ids() for store in stores)]


def test_several_stores(path):
    """All of a program's stores are carried across, also two on one file (threat 41)."""
    both = ["child", "parent"]
    assert [True, both, both, both] == outcome(several, path)


def opened_in_child(path):
    store = SQLiteStore(path)
    store.set("parent", {})

    def child():
        with SQLiteStore(path) as own:
            own.set("child", {})
        store.set("too", {})

    return [ended_well(fork(child)), store.ids()]


def test_a_child_opens_a_store_of_its_own(path):
    """Beside the one it has from its parent, on the same file (threat 41)."""
    assert [True, ["child", "parent", "too"]] == outcome(opened_in_child, path)


def async_beside_a_loop(path):
    store = AsyncSQLiteStore(path)

    async def in_child(k):
        await store.set(f"child{k}", {})
        assert {} == await store.get(f"child{k}")
        assert await store.length() > 0

    async def main():
        await store.set("before", {})
        await store.length()
        writes = [asyncio.create_task(store.set(f"parent{n}", {})) for n in range(100)]
        await asyncio.sleep(0)
        children = [_start(lambda k=k: asyncio.run(in_child(k))) for k in range(4)]
        await asyncio.gather(*writes)
        for child in children:
            child.join()
        return [[child.exitcode for child in children], await store.length()]

    result = asyncio.run(main())
    asyncio.run(store.close())
    return result


def _start(function):
    process = multiprocessing.get_context("fork").Process(target=function)
    process.start()
    return process


def test_a_task_starts_processes_while_writes_wait(path):
    """The async store's queue is served in the parent, and the children have none of it."""
    assert [[0, 0, 0, 0], 105] == outcome(async_beside_a_loop, path)


def own_threads_only(path, face):
    if face == "sync":
        store = SQLiteStore(path, sweep_interval=0.01)
        store.set("a", {})
        store.get("a")
    else:
        store = AsyncSQLiteStore(path, sweep_interval=0.01)
        asyncio.run(store.set("a", {}))
        asyncio.run(store.length())
    assert own_threads()
    assert ended_well(fork(lambda: None))


@FACES
def test_the_stores_threads_are_no_reason_for_a_warning(path, face):
    """Python 3.12 warns of a fork beside threads; the store's have ended by then (threat 41)."""
    # As an error, the warning would be swallowed: it is given in a hook's place.
    with Program(own_threads_only, path, face, options=("-W", "always")) as program:
        assert (0, "") == program.ended()


def used_after_the_fork(face):
    store = SQLiteStore(sweep_interval=0.01) if face == "memory" else SQLiteStore(face)
    store.set("a", {})
    well = ended_well(fork(lambda: None))
    before = own_threads()
    store.set("a", {})
    return [well, before, "connect-sqlite-housekeeper" in own_threads()]


@pytest.mark.parametrize("where", ["file", "memory"])
def test_the_first_call_after_a_fork_starts_the_housekeeper(path, where):
    """Not the fork itself, which Python would see and warn of."""
    face = path if where == "file" else "memory"
    assert [True, [], True] == outcome(used_after_the_fork, face)
