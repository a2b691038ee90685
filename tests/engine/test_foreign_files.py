"""A file that is not this store's is refused, and stays as it was to the last byte (threat 34)."""

import os
import sqlite3
from pathlib import Path

import pytest

from connect_sqlite import AsyncSQLiteStore, NotASessionStore, SchemaTooNew, SQLiteStore
from engine.programs import Program, descriptors, heard, say

FACES = pytest.mark.parametrize("face", [SQLiteStore, AsyncSQLiteStore])

OURS = 0x43534954
"""The application id of files that this package makes."""

FOREIGN = {
    "other columns": "CREATE TABLE sessions (a, b)",
    "another key": "CREATE TABLE sessions (sid TEXT, sess TEXT PRIMARY KEY, expired INTEGER)",
    "no key": "CREATE TABLE sessions (sid TEXT, sess TEXT, expired INTEGER)",
    "one column more": (
        "CREATE TABLE sessions (sid TEXT PRIMARY KEY, sess TEXT, expired INTEGER, more)"
    ),
    "no rowid": (
        "CREATE TABLE sessions (sid TEXT PRIMARY KEY, sess TEXT, expired INTEGER) WITHOUT ROWID"
    ),
    "a view": "CREATE TABLE t (a); CREATE VIEW sessions AS SELECT 1",
    "a full-text table": "CREATE VIRTUAL TABLE sessions USING fts5(sid, sess, expired)",
    "another application": "PRAGMA application_id = 77; CREATE TABLE x (y)",
    "the future": f"PRAGMA application_id = {OURS}; PRAGMA user_version = 99; CREATE TABLE x (y)",
}


def everything(folder):
    return {entry.name: entry.read_bytes() for entry in Path(folder).iterdir()}


@FACES
@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_another_program(tmp_path, face, mode, kind):
    """It is refused in words that name it; it and its folder are as before (threat 34)."""
    path = tmp_path / "s.db"
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA journal_mode = {mode}")
    db.executescript(FOREIGN[kind])
    db.close()
    before = everything(tmp_path)
    error = SchemaTooNew if kind == "the future" else NotASessionStore
    with pytest.raises(error, match=r"s\.db"):
        face(path)
    assert before == everything(tmp_path)
    assert [] == descriptors(str(path))


NO_DATABASES = {
    "text": b"This is a letter, and not a short one.\n" * 100,
    "a short text": b"xy",
    "one letter": b"x",
    "zeros": bytes(8192),
    "a cut header": b"SQLite format 3\0",
}


@FACES
@pytest.mark.parametrize("kind", NO_DATABASES)
def test_what_is_no_database(tmp_path, face, kind):
    """A letter, a picture or a cut file is left as it is (threat 34)."""
    path = tmp_path / "s.db"
    path.write_bytes(NO_DATABASES[kind])
    before = everything(tmp_path)
    with pytest.raises(NotASessionStore, match=r"s\.db"):
        face(path)
    assert before == everything(tmp_path)


@FACES
def test_what_is_no_file(tmp_path, face):
    """A folder and a pipe are refused at once, and nothing waits for the pipe's other end."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(NotASessionStore, match=name):
            face(tmp_path / name)
    assert ["folder", "pipe"] == sorted(os.listdir(tmp_path))


def test_an_empty_file_is_a_beginning(tmp_path):
    """As `touch` and `mktemp` make them; its mode is the user's choice."""
    path = tmp_path / "s.db"
    path.touch(mode=0o640)
    with SQLiteStore(path) as store:
        store.set("a", {})
    with SQLiteStore(path) as store:
        assert ["a"] == store.ids()
    assert 0o640 == path.stat().st_mode & 0o777


def test_another_programs_tables_are_left_alone(tmp_path):
    """A file with other tables takes ours beside them, and keeps its marks."""
    path = tmp_path / "s.db"
    db = sqlite3.connect(path)
    db.executescript("PRAGMA user_version = 5; CREATE TABLE x (y); INSERT INTO x VALUES (1)")
    db.close()
    with SQLiteStore(path) as store:
        store.set("a", {})
    db = sqlite3.connect(path)
    assert [(1,)] == db.execute("SELECT y FROM x").fetchall()
    assert [(5,)] == db.execute("PRAGMA user_version").fetchall()
    db.close()


def uses_and_stays(path, mode):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA journal_mode = {mode}")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("CREATE TABLE sessions (a, b)")
    db.execute("INSERT INTO sessions VALUES (1, 2)")
    say("written")
    heard()
    db.execute("INSERT INTO sessions VALUES (3, 4)")
    found = db.execute("SELECT a FROM sessions").fetchall()
    db.close()
    return found


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_another_program_is_using_it(tmp_path, mode):
    """It goes on undisturbed, and its log stays as it was (threat 34)."""
    path = tmp_path / "s.db"
    with Program(uses_and_stays, path, mode) as other:
        assert "written" == other.says()
        before = everything(tmp_path)
        before.pop("s.db-shm", None)  # the readers' marks, in memory that all share
        with pytest.raises(NotASessionStore):
            SQLiteStore(path)
        after = everything(tmp_path)
        after.pop("s.db-shm", None)
        assert before == after
        other.tell()
        assert [[1], [3]] == other.result()


def test_another_program_was_killed(tmp_path):
    """What it had committed is in its log, which stays for it as it was (threat 34)."""
    path = tmp_path / "s.db"
    with Program(uses_and_stays, path, "wal") as other:
        other.says()
        other.kill()
    before = everything(tmp_path)
    before.pop("s.db-shm")
    with pytest.raises(NotASessionStore):
        SQLiteStore(path)
    after = everything(tmp_path)
    after.pop("s.db-shm", None)
    assert before == after
    db = sqlite3.connect(path)
    assert [(1, 2)] == db.execute("SELECT * FROM sessions").fetchall()
    db.close()


def test_a_second_try_tells_the_same(tmp_path):
    """Nothing of the first is left over in the process."""
    path = tmp_path / "s.db"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 50)
    for _ in range(3):
        with pytest.raises(NotASessionStore):
            SQLiteStore(path)
    path.unlink()
    with SQLiteStore(path) as store:
        store.set("a", {})
