"""Several processes and one file: waiting, fairness, and `kill -9` (threats 38 and 39)."""

import asyncio
import threading

import apsw
import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreBusy
from engine.programs import Program, heard, integrity, outcome, say


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "s.db")
    SQLiteStore(path).close()
    return path


def holds_the_lock(path):
    db = apsw.Connection(path)
    db.execute("BEGIN IMMEDIATE")
    say("held")
    heard()
    db.execute("COMMIT")


CALLS = {
    "set": lambda store: store.set("b", {}),
    "create": lambda store: store.create("b", {}),
    "touch": lambda store: store.touch("a", {}),
    "destroy": lambda store: store.destroy("a"),
    "clear": lambda store: store.clear(),
}


@pytest.mark.parametrize("call", CALLS)
def test_waiting_has_an_end(path, call):
    """`StoreBusy` after `busy_timeout`, naming the file; nothing is written (threat 39)."""
    with SQLiteStore(path, busy_timeout=0.05) as store:
        store.set("a", {"x": 1})
        with Program(holds_the_lock, path) as other:
            assert "held" == other.says()
            with pytest.raises(StoreBusy, match=r"s\.db.*Nothing was written"):
                CALLS[call](store)
            assert {"x": 1} == store.get("a")
            assert ["a"] == store.ids()
            assert 1 == store.length() == store.stats()["live"]
            other.tell()
            other.result()
        CALLS[call](store)


def test_waiting_is_worth_it(path):
    """Released in time, every call that waited is done, in several threads (threat 39)."""
    with SQLiteStore(path, busy_timeout=60) as store, Program(holds_the_lock, path) as other:
        assert "held" == other.says()
        threads = [threading.Thread(target=store.set, args=(str(n), {})) for n in range(8)]
        for thread in threads:
            thread.start()
        assert 0 == store.length()
        other.tell()
        for thread in threads:
            thread.join()
        assert 8 == store.length()


def writes_until_told(path, face, goal):
    done, stop = 0, threading.Event()

    def wait_for_the_word():
        heard()
        stop.set()

    def count():
        nonlocal done
        done += 1
        if done == goal:
            say("goal")

    say("ready")
    heard()
    word = threading.Thread(target=wait_for_the_word)
    word.start()
    if face == "sync":
        with SQLiteStore(path, busy_timeout=30) as store:
            while not stop.is_set():
                store.set(f"{face}{done % 20}", {"n": done})
                count()
    else:
        store = AsyncSQLiteStore(path, busy_timeout=30)

        async def write(k):
            while not stop.is_set():
                await store.set(f"{face}{k}", {"n": done})
                count()

        async def main():
            await asyncio.gather(*(write(k) for k in range(16)))
            await store.close()

        asyncio.run(main())
    word.join()
    return done


@pytest.mark.parametrize("faces", [["sync"] * 3, ["async"] * 3, ["sync", "async", "sync"]])
def test_no_process_starves(path, faces):
    """When the quickest has written 600 times, nobody has written less than 30 (threat 39)."""
    programs = [Program(writes_until_told, path, face, 600) for face in faces]
    for program in programs:
        assert "ready" == program.says()
    for program in programs:
        program.tell()
    # Whoever is first says so; the others' turn comes while one waits for them in order.
    for program in programs:
        assert "goal" == program.says()
    for program in programs:
        program.tell()
    counts = []
    for program in programs:
        with program:
            counts.append(program.result())
    assert min(counts) >= 600


def acknowledges(path, name):
    store = SQLiteStore(path)
    store.set(f"{name}-base", {})
    n = 0
    while True:
        store.set(f"{name}-{n}", {"n": n})
        say(n)
        n += 1


@pytest.mark.parametrize("rounds", [4])
def test_kill_loses_nothing_that_returned(path, rounds):
    """One after another is killed in the middle of its writes, beside others (threat 38)."""
    acknowledged = set()
    with Program(acknowledges, path, "beside") as beside:
        for k in range(rounds):
            with Program(acknowledges, path, f"victim{k}") as victim:
                for _ in range(50 + 17 * k):
                    acknowledged.add(f"victim{k}-{victim.says()}")
                victim.kill()
            for _ in range(20):
                acknowledged.add(f"beside-{beside.says()}")
        beside.kill()
    with SQLiteStore(path) as store:
        assert set() == acknowledged - set(store.ids())
    assert "ok" == outcome(integrity, path)


def killed_with_others(path, count):
    store = SQLiteStore(path)

    def work(k):
        for n in range(10**9):
            store.create(f"{k}-{n}", {})
            say(f"{k}-{n}")

    for k in range(count):
        threading.Thread(target=work, args=(k,), daemon=True).start()
    heard()


def test_kill_loses_nothing_of_a_group(path):
    """Eight threads share their commits; what any of them was told is there (threat 38)."""
    with Program(killed_with_others, path, 8) as victim:
        acknowledged = {victim.says() for _ in range(300)}
        victim.kill()
    with SQLiteStore(path) as store:
        assert set() == acknowledged - set(store.ids())
    assert "ok" == outcome(integrity, path)


def writes_and_tells(path, count):
    with SQLiteStore(path) as store:
        for n in range(count):
            store.set("a", {"n": n})
            say(n)
            heard()


def test_others_see_a_write_when_it_returns(path):
    """However quiet a process was before, and whatever it holds to read cheaply."""
    with SQLiteStore(path) as store, Program(writes_and_tells, path, 100) as other:
        for _ in range(100):
            n = other.says()
            assert {"n": n} == store.get("a")
            for _ in range(64):  # readers in quiet times share an open transaction
                store.get("a")
            other.tell()
        other.result()


def reads_until_told(path):
    stop = threading.Event()
    with SQLiteStore(path) as store:
        threading.Thread(target=lambda: (heard(), stop.set()), daemon=True).start()
        say("reading")
        n = 0
        while not stop.is_set():
            store.get("1")
            n += 1
    return n > 0


def writes_much(path):
    largest, text = 0, "y" * 3500
    with SQLiteStore(path, sweep_interval=None) as store:
        for n in range(12_000):
            store.set(str(n % 500), {"n": n, "x": text})
            if not n % 100:
                largest = max(largest, store.stats()["wal_bytes"])
    return largest


def test_anothers_reads_do_not_let_the_log_grow(path):
    """A process that reads without a pause leaves room for the other's log to start over."""
    with Program(reads_until_told, path) as reader:
        assert "reading" == reader.says()
        assert outcome(writes_much, path) < 80 * 2**20
        reader.tell()
        assert reader.result() is True
