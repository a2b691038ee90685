"""A file that is deleted, moved or replaced under an open store (threat 40).

It is noticed and said; what took its place is neither read nor written.
"""

import os
import threading
from pathlib import Path

import pytest

from connect_sqlite import SQLiteStore, StoreError, StoreUnavailable
from engine.programs import descriptors, integrity, outcome

SOME = 64
"""Calls among which one looks where the file is."""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


@pytest.fixture
def store(path):
    with SQLiteStore(path) as store:
        store.set("a", {"who": "old"})
        yield store


def some_times(call, *args):
    for _ in range(SOME):
        call(*args)


WRITES = {
    "set": lambda store: store.set("b", {}),
    "create": lambda store: store.create("b", {}),
    "merge": lambda store: store.merge("a", {"x": 1}),
    "rotate": lambda store: store.rotate("a", "b", {}),
    "destroy": lambda store: store.destroy("a"),
    "destroy_many": lambda store: store.destroy_many(["a"]),
    "clear": lambda store: store.clear(),
}


@pytest.mark.parametrize("call", WRITES)
def test_no_write_goes_into_a_deleted_file(store, path, call):
    """SQLite would write it and say nothing; here it fails, naming the file (threat 40)."""
    os.unlink(path)
    with pytest.raises(StoreUnavailable, match=r"s\.db"):
        WRITES[call](store)
    assert not os.path.exists(path)


@pytest.mark.parametrize("call", WRITES)
def test_no_write_goes_into_a_moved_file(store, path, call):
    """Whoever moved it finds in it what was there when it was moved."""
    os.rename(path, path + ".moved")
    before = Path(path + ".moved").read_bytes()
    with pytest.raises(StoreUnavailable, match=r"s\.db"):
        WRITES[call](store)
    assert before == Path(path + ".moved").read_bytes()
    assert not os.path.exists(path)


def test_reads_and_touches_notice_it_soon(store, path):
    """They look now and then: a few dozen calls at most go by (threat 40)."""
    os.unlink(path)
    with pytest.raises(StoreUnavailable, match=r"s\.db"):
        some_times(store.get, "a")
    with pytest.raises(StoreUnavailable, match=r"s\.db"):
        some_times(store.touch, "a", {})


def test_put_back_it_is_used_again(store, path):
    """As the message says."""
    os.rename(path, path + ".moved")
    with pytest.raises(StoreUnavailable):
        store.set("b", {})
    os.rename(path + ".moved", path)
    store.set("b", {})
    assert ["a", "b"] == store.ids()


def test_closing_makes_nothing(store, path, tmp_path):
    """A store whose file is gone closes, and leaves no file in its place."""
    os.unlink(path)
    store.close()
    assert "s.db" not in os.listdir(tmp_path)
    assert [] == descriptors(path)


def test_a_new_store_in_the_place(store, path):
    """Not while the old one is open, for both would share the log's memory; afterwards, yes."""
    os.unlink(path)
    with pytest.raises(StoreUnavailable, match="Close that store first"):
        SQLiteStore(path)
    store.close()
    for end in ("-wal", "-shm"):
        Path(path + end).unlink(missing_ok=True)
    with SQLiteStore(path) as new:
        new.set("b", {})
        assert ["b"] == new.ids()


def made(path, who):
    with SQLiteStore(path) as store:
        store.set("a", {"who": who})


def replaced_under_threads(path, other):
    store = SQLiteStore(path)
    store.set("a", {"who": "old"})
    before = Path(other).read_bytes()
    os.rename(other, path)
    seen = set()

    def use():
        for call in (
            lambda: [store.get("a")],
            store.all,
            lambda: store.set("b", {}) or ["written"],
            lambda: store.destroy("a") and ["destroyed"],
        ) * 100:
            try:
                seen.update(str(dict(found)) for found in call())
            except StoreError as error:
                seen.add(type(error).__name__)

    threads = [threading.Thread(target=use) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    return [sorted(seen), before == Path(path).read_bytes(), descriptors(path)]


def test_nothing_is_read_from_what_took_its_place(path):
    """Twelve threads see the old sessions or an error, never another file's (threat 40)."""
    outcome(made, path + ".new", "new")
    seen, unchanged, held = outcome(replaced_under_threads, path, path + ".new")
    assert set(seen) <= {"{'who': 'old'}", "StoreUnavailable"}
    assert "StoreUnavailable" in seen
    assert [True, []] == [unchanged, held]


def test_what_took_its_place_stays_whole(path, tmp_path):
    """With the old log out of its way it is the database that it was, and opens (threat 40)."""
    outcome(made, path + ".new", "new")
    outcome(replaced_under_threads, path, path + ".new")
    for end in ("-wal", "-shm"):
        Path(path + end).unlink(missing_ok=True)
    assert "ok" == outcome(integrity, path)
    with SQLiteStore(path) as store:
        assert {"who": "new"} == store.get("a")
