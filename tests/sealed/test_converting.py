"""`seal`: a file whose sessions were plain goes on sealed, and nothing plain is left in it."""

import os
import signal
import subprocess
import sys
from textwrap import dedent

import apsw
import pytest

from connect_sqlite import (
    NotASessionStore,
    Sealed,
    SQLiteStore,
    StoreBusy,
    StoreError,
    StoreKeyError,
    handle_of,
    seal,
)
from connect_sqlite.testing import Clock

from .files import NEW, OTHER
from .files import OLD as KEY

COUNT = 1700
INDEXES = ("user.id",)


def session(number):
    # Large ones lie on pages of their own.
    return {"user": {"id": number % 7}, "note": f"canary-value-{number} " * (1 + number % 9 * 40)}


def fill(path, **options):
    with SQLiteStore(path, indexes=INDEXES, clock=Clock(), **options) as store:
        for number in range(COUNT):
            store.set(f"canary-id-{number}", session(number))
        for number in range(0, COUNT, 10):  # what was deleted lies about in free pages
            store.destroy(f"canary-id-{number}")


def check(path, key=KEY, **options):
    """All sessions are there, sealed, and whole."""
    with SQLiteStore(path, key=key, indexes=INDEXES, clock=Clock(), **options) as store:
        for number in range(COUNT):
            expected = session(number) if number % 10 else None
            assert expected == store.get(f"canary-id-{number}")
        threes = [n for n in range(COUNT) if n % 7 == 3 and n % 10]
        found = {each.id for each in store.find("user.id", 3)}
        assert {handle_of(f"canary-id-{n}") for n in threes} == found
        assert {} == store.stats()["errors"]


def nothing_is_plain(path):
    """No byte of what was plain is in the file or in what lies beside it."""
    lying = list(path.parent.iterdir())
    assert [] == [each.name for each in lying if b"canary" in each.read_bytes()]
    # The memory that processes share, of one that was killed or refused, holds numbers only.
    return [each for each in lying if not each.name.endswith("-shm")]


def sealed(path, key=KEY, **options):
    return seal(path, key, indexes=INDEXES, clock=Clock(), **options)


def test_a_plain_file_is_sealed_in_place(path):
    """Every session goes on; file, WAL and free pages hold nothing plain (threat 8)."""
    fill(path)
    assert b"canary-id" in path.read_bytes()
    seen = []
    done = sealed(path, progress=lambda *numbers: seen.append(numbers))
    assert Sealed(COUNT - COUNT // 10, 0) == done
    assert [path] == nothing_is_plain(path)
    assert (COUNT - COUNT // 10,) * 2 == seen[-1]
    assert sorted(seen) == seen
    assert 0o600 == path.stat().st_mode & 0o777
    check(path)
    nothing_is_plain(path)
    with pytest.raises(StoreKeyError):
        SQLiteStore(path)
    db = apsw.Connection(str(path))
    assert "ok" == db.execute("PRAGMA integrity_check").get
    db.close()


class Stop(Exception):
    """Whatever may come up meanwhile."""


@pytest.mark.parametrize("at", [1, 2, 4])
def test_an_interruption_is_made_good_by_sealing_again(path, at):
    """Stopped between two batches, no store opens the file; sealing again ends it (threat 8)."""
    fill(path)
    calls = []

    def stop(done, total):
        calls.append(done)
        if len(calls) == at:
            raise Stop

    with pytest.raises(Stop):
        sealed(path, progress=stop)
    for options in ({}, {"key": KEY}, {"hash_ids": True}):
        with pytest.raises(StoreKeyError, match="half sealed"):
            SQLiteStore(path, **options)
    with pytest.raises(StoreKeyError, match="another key"):
        sealed(path, OTHER)
    left = COUNT - COUNT // 10 - calls[-1]
    assert Sealed(left, 0) == sealed(path)
    assert [path] == nothing_is_plain(path)
    check(path)


KILLED = """
    import os, signal, sys
    import apsw
    from connect_sqlite import seal
    from connect_sqlite.testing import Clock

    path, place = sys.argv[1:]

    def progress(done, total):
        if place == "batch" and done >= 1000:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(sql):
        for word in ("VACUUM", "TRUNCATE"):
            if word.lower() == place and word in sql:
                os.kill(os.getpid(), signal.SIGKILL)
        return True

    apsw.connection_hooks.append(
        lambda db: setattr(db, "exec_trace", lambda cursor, sql, bound: traced(sql))
    )
    seal(path, bytes([1]) * 32, indexes=("user.id",), clock=Clock(), progress=progress)
"""


@pytest.mark.parametrize("place", ["batch", "vacuum", "truncate"])
def test_a_kill_is_made_good_by_sealing_again(path, place):
    """Killed at a batch, before the file is written anew, or before the log is cut (threat 8)."""
    fill(path)
    program = [sys.executable, "-c", dedent(KILLED), str(path), place]
    killed = subprocess.run(program, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert -signal.SIGKILL == killed.returncode
    with pytest.raises(StoreKeyError, match="half sealed"):
        SQLiteStore(path)
    sealed(path)
    assert [path] == nothing_is_plain(path)
    check(path)


def test_sealing_twice_changes_nothing(path):
    """A file that is sealed already stays as it is."""
    fill(path)
    sealed(path)
    assert Sealed(0, 0) == sealed(path)
    check(path)


def test_a_hashed_file_can_be_sealed(path):
    """Its ids were gone before, and its sessions still answer to them."""
    fill(path, hash_ids=True)
    assert Sealed(COUNT - COUNT // 10, 0) == sealed(path)
    assert [path] == nothing_is_plain(path)
    check(path)


def test_a_sealed_file_is_moved_to_a_new_key_at_once(path):
    """With the new key first, every row is sealed anew, and the old key can go (threat 10)."""
    fill(path, key=KEY)
    with pytest.raises(StoreKeyError, match="another key"):
        sealed(path, NEW)
    assert Sealed(COUNT - COUNT // 10, 0) == sealed(path, [NEW, KEY])
    check(path, NEW)
    with pytest.raises(StoreKeyError):
        SQLiteStore(path, key=KEY)


def test_plaintext_that_came_into_a_sealed_file_is_never_sealed(path):
    """Sealing again makes no session of what somebody put there; it goes (threat 9)."""
    fill(path, key=KEY)
    db = apsw.Connection(str(path))
    row = ("sess:forged", '{"user":{"id":1}}', 1_900_000_000_000)
    db.execute("INSERT INTO sessions VALUES (?, ?, ?)", row)
    db.close()
    assert Sealed(0, 1) == sealed(path)
    with SQLiteStore(path, key=KEY, clock=Clock()) as store:
        assert store.get("forged") is None
    check(path)


def test_what_is_under_a_key_that_was_not_given_stays(path):
    """A row that cannot be opened is left for whoever has its key."""
    fill(path, key=KEY)
    with SQLiteStore(path, key=[NEW, KEY], clock=Clock(), indexes=INDEXES) as store:
        store.set("canary-id-1", session(1))
    assert Sealed(0, 0) == sealed(path, NEW)
    check(path, [NEW, KEY])


def test_what_nobody_could_read_is_dropped(path):
    """Expired and unreadable rows go: they must not stay behind as they are."""
    clock = Clock()
    with SQLiteStore(path, clock=clock) as store:
        store.set("live", {"n": 1})
        store.set("expired", {"note": "canary", "cookie": {"maxAge": 1000}})
    db = apsw.Connection(str(path))
    for sid, text in (
        ("sess:no json", "canary"),
        ("sess:no utf-8", b"canary\xff"),
        ("sess:", "{}"),
    ):
        sql = "INSERT INTO sessions VALUES (?, CAST(? AS TEXT), 1900000000000)"
        db.execute(sql, (sid, text))
    db.close()
    clock.advance(1)
    assert Sealed(1, 4) == seal(path, KEY, clock=clock)
    assert [path] == nothing_is_plain(path)
    with SQLiteStore(path, key=KEY, clock=clock) as store:
        assert {"n": 1} == store.get("live")
        assert 1 == store.length()


def test_every_prefix_must_be_named(path):
    """Rows of another store on the table would be lost to it, so nothing is begun."""
    stores = ("app:", "application:")
    for prefix in stores:
        with SQLiteStore(path, prefix=prefix, clock=Clock()) as store:
            store.set("abc123", {"of": prefix})
    before = path.read_bytes()
    with pytest.raises(StoreError, match="1 rows of the table sessions have another prefix"):
        seal(path, KEY, prefix="application:", clock=Clock())
    assert before == path.read_bytes()
    assert Sealed(2, 0) == seal(path, KEY, prefix=stores, clock=Clock())
    for prefix in stores:
        with SQLiteStore(path, key=KEY, prefix=prefix, clock=Clock()) as store:
            assert {"of": prefix} == store.get("abc123")


def test_a_file_that_is_in_use_is_not_sealed(path):
    """A store of this program, or any program that has it open, is in the way and is told."""
    fill(path)
    with SQLiteStore(path), pytest.raises(StoreError, match="close it first"):
        sealed(path)
    code = (
        "import sys, apsw; db = apsw.Connection(sys.argv[1]); db.execute('SELECT 1 FROM sessions')"
    )
    program = [sys.executable, "-c", f"{code}.fetchall(); print(flush=True); input()", str(path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(StoreBusy, match="Stop every program"):
            sealed(path, busy_timeout=0.1)
        other.communicate(b"\n")
    sealed(path)
    check(path)


def test_nobody_opens_the_file_meanwhile(path):
    """Another program waits, and is told that the file is busy."""
    fill(path)
    code = (
        "import sys; from connect_sqlite import *\n"
        "try: SQLiteStore(sys.argv[1], busy_timeout=0.1)\n"
        "except StoreBusy: print('busy')"
    )
    answers = []

    def progress(done, total):
        if not answers:
            program = [sys.executable, "-c", code, str(path)]
            answers.append(subprocess.run(program, capture_output=True, text=True).stdout)
            with pytest.raises(StoreBusy):
                SQLiteStore(path, busy_timeout=0.1)

    sealed(path, progress=progress)
    assert ["busy\n"] == answers
    check(path)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
def test_a_file_of_the_node_store_can_be_sealed(path, encoding):
    """Its table, its index on the expiry and its journal are as that package made them."""
    db = apsw.Connection(str(path))
    db.execute(f"PRAGMA encoding = '{encoding}'")
    db.execute(
        "CREATE TABLE sessions (sid TEXT PRIMARY KEY, sess TEXT NOT NULL, expired INTEGER NOT NULL)"
    )
    db.execute("CREATE INDEX sessions_expired ON sessions (expired)")
    row = ("sess:é", '{"note":"canary é"}', 1_900_000_000_000)
    db.execute("INSERT INTO sessions VALUES (?, ?, ?)", row)
    db.close()
    assert Sealed(1, 0) == seal(path, KEY, clock=Clock())
    assert [path] == nothing_is_plain(path)
    with SQLiteStore(path, key=KEY, clock=Clock()) as store:
        assert {"note": "canary é"} == store.get("é")


def test_what_is_no_session_file_is_left_alone(path):
    """No file, no table, or another program's: said, and nothing is changed."""
    with pytest.raises(StoreError, match="no such file"):
        seal(path, KEY)
    assert not path.exists()
    with pytest.raises(StoreError):
        seal(":memory:", KEY)
    SQLiteStore(path, table="others").close()
    before = path.read_bytes()
    with pytest.raises(NotASessionStore, match="no table sessions"):
        seal(path, KEY)
    path.with_name("text").write_text("x" * 2000)
    with pytest.raises(NotASessionStore):
        seal(path.with_name("text"), KEY)
    assert before == path.read_bytes()
