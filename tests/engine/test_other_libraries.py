"""Two SQLite libraries with one file open in one process undo each other's locks (threat 47)."""

import os
import sqlite3
import threading
from collections import Counter

import apsw
import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreError, StoreUnavailable
from engine.programs import Program, outcome

FACES = ["SQLiteStore", "AsyncSQLiteStore"]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


def beside_sqlite3(path, other_path, face):
    face = {"SQLiteStore": SQLiteStore, "AsyncSQLiteStore": AsyncSQLiteStore}[face]
    SQLiteStore(path).close()
    if path != other_path:
        os.link(path, other_path)
    db = sqlite3.connect(other_path)
    db.execute("SELECT * FROM sessions").fetchall()
    with pytest.raises(StoreUnavailable, match="another library") as refused:
        face(path)
    db.close()
    face(path)
    return path in str(refused.value)


@pytest.mark.parametrize("face", FACES)
def test_the_standard_librarys(path, face):
    """Refused with the reason while `sqlite3` has the file open, and not afterwards (threat 47)."""
    assert outcome(beside_sqlite3, path, path, face)


def test_by_another_name(path):
    """The file counts, not its name (threat 47)."""
    assert outcome(beside_sqlite3, path, path + ".link", FACES[0])


def test_another_file_of_the_application(path):
    """`sqlite3` on a file of its own is nobody's harm."""
    db = sqlite3.connect(path + ".app")
    db.execute("CREATE TABLE x (y)")
    with SQLiteStore(path) as store:
        store.set("a", {})
    db.close()


def test_apsw_of_the_application(path):
    """A connection of the application's own through APSW is of this same library, and safe."""
    SQLiteStore(path).close()
    db = apsw.Connection(path)
    db.execute("SELECT * FROM sessions").fetchall()
    with SQLiteStore(path) as store:
        store.set("a", {})
        assert [("sess:a",)] == db.execute("SELECT sid FROM sessions").fetchall()
    db.close()


def reads_with_sqlite3(path):
    db = sqlite3.connect(path)
    found = db.execute("SELECT count(*) FROM sessions").fetchone()
    db.close()
    return found


def test_another_process_may(path):
    """`sqlite3` elsewhere, such as the command line's, reads beside the store."""
    with SQLiteStore(path) as store:
        store.set("a", {})
        with Program(reads_with_sqlite3, path) as other:
            assert [1] == other.result()
        store.set("b", {})
        assert ["a", "b"] == store.ids()


def opens_in_threads(path):
    errors = Counter()
    for n in range(5):
        ready = threading.Barrier(12)

        def open_and_close(k, n=n, ready=ready):
            ready.wait()
            try:
                with SQLiteStore(f"{path}{n}") as store:
                    store.set(str(k), {})
            except StoreError as error:
                errors[str(error)] += 1

        threads = [threading.Thread(target=open_and_close, args=(k,)) for k in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with SQLiteStore(f"{path}{n}") as store:
            if store.length() != 12:
                errors["lost"] += 1
    return errors


def test_stores_of_one_process_at_once(path):
    """Threads that open and close stores on one file do not take each other for a stranger."""
    assert {} == outcome(opens_in_threads, path)


def opens_beside_a_busy_one(path):
    errors = Counter()
    stop = threading.Event()
    with SQLiteStore(path) as busy:
        busy.set("a", {})

        def use():
            while not stop.is_set():
                busy.get("a")
                busy.set("b", {})
                busy.length()

        threads = [threading.Thread(target=use) for _ in range(6)]
        for thread in threads:
            thread.start()
        for n in range(100):
            try:
                with SQLiteStore(path, table=f"t{n % 5}") as store:
                    store.set("a", {})
            except Exception as error:  # noqa: BLE001
                errors[repr(error)] += 1
        stop.set()
        for thread in threads:
            thread.join()
    return errors


def test_a_second_store_beside_a_busy_one(path):
    """It opens while six threads use the first one's connections."""
    assert {} == outcome(opens_beside_a_busy_one, path)
