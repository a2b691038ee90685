"""What runs by itself behind a store: sweeps and checkpoints (case 5)."""

import logging
import os
import threading
import time

import apsw
import pytest

from connect_sqlite import SQLiteStore
from connect_sqlite._sqlite import sweeper
from engine.programs import outcome

NODES_INDEX = "CREATE INDEX idx_sessions_expired ON sessions (expired)"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


def fill(path, indexed, expired=10_000, live=10):
    """A file as another program makes it."""
    db = apsw.Connection(path)
    db.execute(
        "CREATE TABLE sessions (sid TEXT PRIMARY KEY, sess TEXT NOT NULL, expired INTEGER NOT NULL)"
    )
    if indexed:
        db.execute(NODES_INDEX)
    now = int(time.time() * 1000)
    with db:
        rows = [(f"sess:old{n}", "{}", now - 1 - n) for n in range(expired)]
        rows[300:300] = [(f"sess:live{n}", "{}", now + 10**8) for n in range(live)]
        db.executemany("INSERT INTO sessions VALUES (?, ?, ?)", rows)
    found = schema(db)
    db.close()
    return found


def schema(db):
    return db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()


def schema_of(path):
    db = apsw.Connection(path)
    found = schema(db)
    db.close()
    return found


@pytest.mark.parametrize("indexed", [True, False])
def test_sweeping_until_nothing_is_left(path, indexed):
    """`sweep()` deletes exactly the expired, in bounded calls, and changes no schema (case 5)."""
    before = fill(path, indexed)
    with SQLiteStore(path, sweep_interval=None) as store:
        deleted = []
        while not deleted or deleted[-1]:
            deleted.append(store.sweep(limit=3000))
        assert [3000, 3000, 3000, 1000, 0] == deleted
        assert sorted(f"live{n}" for n in range(10)) == store.ids()
        assert 0 == store.stats()["expired"]
    assert before == schema_of(path)


def sweeps_by_itself(path):
    sweeper._FIRST = 0.0
    with SQLiteStore(path, sweep_interval=0.01) as store:
        while store.stats()["expired"]:
            time.sleep(0.01)
        return store.length()


@pytest.mark.parametrize("indexed", [True, False])
def test_left_alone(path, indexed):
    """The store's own sweeps delete the same, by and by (case 5)."""
    before = fill(path, indexed)
    assert 10 == outcome(sweeps_by_itself, path)
    assert before == schema_of(path)


def sweeps_beside_work(path):
    sweeper._FIRST = 0.0
    with SQLiteStore(path, sweep_interval=0.01) as store:
        n = 0
        while store.stats()["expired"]:
            for _ in range(100):
                store.set(str(n % 50), {"n": n})
                assert {"n": n} == store.get(str(n % 50))
                n += 1
        return store.length()


def test_beside_other_work(path):
    """It goes on in slices, and takes no session that is written meanwhile (case 5)."""
    fill(path, False, expired=300)
    assert 60 == outcome(sweeps_beside_work, path)


def revived(path):
    now = [time.time()]
    with SQLiteStore(path, sweep_interval=None, clock=lambda: now[0], ttl=10) as store:
        for n in range(100):
            store.set(str(n), {})
        now[0] += 11
        for n in range(0, 100, 2):
            store.set(str(n), {})
        return [store.sweep(), store.sweep(), store.length()]


def test_what_was_saved_anew_stays(path):
    """An expired session that is saved again is not swept."""
    assert [50, 0, 50] == outcome(revived, path)


def other_prefixes(path):
    now = [time.time()]
    one = SQLiteStore(path, prefix="a:", clock=lambda: now[0], ttl=10)
    two = SQLiteStore(path, prefix="b:", clock=lambda: now[0], ttl=10)
    other = SQLiteStore(path, table="other", clock=lambda: now[0], ttl=10)
    for store in (one, two, other):
        store.set("x", {})
    now[0] += 11
    return [one.sweep(), two.sweep(), other.stats()["expired"]]


def test_a_sweep_is_of_the_table(path):
    """Whatever the prefix, as Node's; another table is another store's business."""
    assert [2, 0, 1] == outcome(other_prefixes, path)


def without_its_file(path):
    sweeper._FIRST = 0.0
    records, slices = [], 0

    class Heard(logging.Handler):
        def emit(self, record):
            records.append(record.getMessage())

    logging.getLogger("connect_sqlite").addHandler(Heard())
    now = [time.time()]

    def clock():
        nonlocal slices
        if threading.current_thread().name.endswith("housekeeper"):
            slices += 1
        return now[0]

    store = SQLiteStore(path, sweep_interval=0.02, clock=clock)
    for n in range(100):
        store.set(str(n), {})
    os.unlink(path)
    now[0] += 10**6
    while not records:
        time.sleep(0.001)
    began, slices = time.monotonic(), 0
    while slices < 20:  # a look and a deletion each
        time.sleep(0.001)
    # Half an interval each at least: a machine that is slow makes it more, never less.
    spun = time.monotonic() - began < 4 * 0.02
    return [len(records), "swept" in records[0], spun]


def test_the_file_is_gone(path):
    """It says so once, and tries again at its times, not at once and forever (threat 40)."""
    assert [1, True, False] == outcome(without_its_file, path)


def writes_on_and_on(path, readers):
    store = SQLiteStore(path, sweep_interval=None)
    stop = threading.Event()

    def read():
        while not stop.is_set():
            store.get("1")

    threads = [threading.Thread(target=read, daemon=True) for _ in range(readers)]
    for thread in threads:
        thread.start()
    largest, text = 0, "y" * 3500
    for n in range(12_000):
        store.set(str(n % 500), {"n": n, "x": text})
        if not n % 100:
            largest = max(largest, store.stats()["wal_bytes"])
    stop.set()
    for thread in threads:
        thread.join()
    store.close()
    return [largest, os.listdir(os.path.dirname(path))]


@pytest.mark.parametrize("readers", [0, 2])
def test_the_log_stays_short_under_sustained_writes(path, readers):
    """What is written would make 98 MB of log; it starts over long before (`docs/design.md`)."""
    largest, left = outcome(writes_on_and_on, path, readers)
    assert largest < 64 * 2**20
    assert ["s.db"] == left
