"""`data_version()`: whether anything was committed since, by any process, for next to nothing."""

import asyncio
import os

import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed, StoreUnavailable
from engine.programs import Program, descriptors, ended_well, fork, outcome, say

HOUR = {"cookie": {"maxAge": 3_600_000}}
WRITES = {
    "set": lambda store: store.set("a", {"x": 1}),
    "create": lambda store: store.create("b", {}),
    "merge": lambda store: store.merge("a", {"x": 1}),
    "touch": lambda store: store.touch("a", HOUR),
    "rotate": lambda store: store.rotate("a", "c", {}),
    "destroy": lambda store: store.destroy("a"),
    "destroy_where": lambda store: store.destroy_where("user", 7),
    "destroy_many": lambda store: store.destroy_many(["a"]),
    "clear": lambda store: store.clear(),
}


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


@pytest.fixture(params=["in a file", "in memory"])
def store(request, path):
    where = path if request.param == "in a file" else ":memory:"
    with SQLiteStore(where, indexes=("user",)) as store:
        store.set("a", {"user": 7})
        yield store


def test_it_stays_while_nothing_is_committed(store):
    """Neither asking nor reading changes it."""
    before = store.data_version()
    assert {"user": 7} == store.get("a")
    store.length()
    store.stats()
    assert [before] * 3 == [store.data_version() for _ in range(3)]


@pytest.mark.parametrize("write", WRITES)
def test_each_write_of_the_store_changes_it(store, write):
    """Whatever the store itself commits is seen at once."""
    before = store.data_version()
    WRITES[write](store)
    assert before != store.data_version()


def test_no_two_commits_say_the_same(store):
    """After each commit it is a number that it never was."""
    seen = set()
    for n in range(200):
        store.set("a", {"n": n})
        seen.add(store.data_version())
    assert 200 == len(seen)


def destroys(path):
    with SQLiteStore(path, indexes=("user",)) as store:
        store.destroy_where("user", 7)
        say("done")


@pytest.mark.parametrize("face", ["sync", "async"])
def test_another_process_changes_it(path, face):
    """What any other process commits is seen as well, by both faces."""

    async def on_a_loop():
        async with AsyncSQLiteStore(path) as store:
            await store.set("a", {"user": 7})
            return store.data_version(), await asyncio.to_thread(elsewhere), store.data_version()

    def elsewhere():
        with Program(destroys, path) as program:
            return program.says()

    if face == "async":
        before, _, after = asyncio.run(on_a_loop())
    else:
        with SQLiteStore(path) as store:
            store.set("a", {"user": 7})
            before, _, after = store.data_version(), elsewhere(), store.data_version()
    assert before != after


@pytest.mark.parametrize("asked", [False, True])
def test_a_closed_store_says_so(store, asked):
    """After `close()` it raises, whether or not it was asked before."""
    if asked:
        store.data_version()
    store.close()
    with pytest.raises(StoreClosed):
        store.data_version()


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_gone_says_so(path, asked, replaced):
    """Of a deleted or replaced file it says neither the old state nor the new one (threat 40)."""
    with SQLiteStore(path) as store:
        store.set("a", {})
        if asked:
            store.data_version()
        os.unlink(path)
        if replaced:
            open(path, "x").close()
        with pytest.raises(StoreUnavailable, match=r"s\.db"):
            store.data_version()
        assert not replaced or not os.path.getsize(path)


def forks(path):
    store = SQLiteStore(path)
    store.set("a", {})
    before = store.data_version()

    def child():
        assert not descriptors(path), "the connection was inherited"
        known = store.data_version()
        assert known == store.data_version()
        store.set("b", {})
        assert known != store.data_version()

    well = ended_well(fork(child))
    after = store.data_version()
    steady = after == store.data_version()
    store.close()
    return [well, before != after, steady]


def test_it_goes_on_behind_a_fork(path):
    """Its connection is closed before a fork, and each side sees all commits (threat 41)."""
    assert [True, True, True] == outcome(forks, path)


def forks_in_memory():
    store = SQLiteStore()
    store.set("a", {})
    before = store.data_version()

    def child():
        assert before == store.data_version()
        store.set("b", {})
        assert before != store.data_version()

    return [ended_well(fork(child)), before == store.data_version()]


def test_a_memory_s_goes_on_behind_a_fork():
    """A store in memory is copied: what the child commits is the child's (threat 41)."""
    assert [True, True] == outcome(forks_in_memory)
