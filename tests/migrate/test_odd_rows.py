"""What nobody wrote on purpose: such a row is refused, and keeps no other session behind."""

import sqlite3
from contextlib import closing

import pytest

from connect_sqlite import SQLiteStore
from connect_sqlite.migrate.command import main

LATER = "2999-01-01 00:00:00.000000"
DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
DEEPER_THAN_TAGS = b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"
DEEP_IN_MSGPACK = b"\x81\xa1a" + b"\x91" * 100_000 + b"\x90"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("session:odd", DEEP, LATER), "cannot be read"),
        (("session:odd", DEEPER_THAN_TAGS, LATER), "cannot be read"),
        (("session:odd", DEEP_IN_MSGPACK, LATER), "cannot be read"),
        (("session:odd", 7, LATER), "cannot be read"),
        (("session:odd", b'{"a": 1}', "secret words"), "has an end that is no date"),
        (("session:odd", b'{"a": 1}', 7), "has an end that is no date"),
        ((None, b'{"a": 1}', LATER), "has no id"),
    ],
)
def test_an_odd_row_is_refused_alone(tmp_path, capsys, row, reason):
    """Far too deep, a bad date, no id: it is counted with its reason, and the others come along."""
    with closing(sqlite3.connect(tmp_path / "old.db")) as old, old:
        old.execute("CREATE TABLE sessions (session_id VARCHAR, data BLOB, expiry DATETIME)")
        rows = [("session:a", b'{"user": "Ada"}', LATER), row]
        rows.append(("session:z", b'{"user": "Mira"}', "2999-01-01 00:00:00"))
        old.executemany("INSERT INTO sessions VALUES (?, ?, ?)", rows)
    target = tmp_path / "sessions.db"
    url = f"sqlite:///{tmp_path / 'old.db'}"
    assert 1 == main(["flask-session-table", url, "--to", str(target)])
    told = capsys.readouterr()
    assert "2  carried over" in told.out
    assert f"1  {reason}" in told.out
    assert "secret words" not in told.out + told.err
    with SQLiteStore(target) as store:
        assert {"Ada", "Mira"} == {row["user"] for row in store.all()}


def test_a_folder_among_the_files_is_no_session(tmp_path, capsys):
    """Whatever it is called, it is passed by."""
    (tmp_path / "files" / ("0" * 64)).mkdir(parents=True)
    (tmp_path / "files" / ("1" * 64)).write_bytes(b'\0\0\0\0{"user": "Ada"}')
    target = str(tmp_path / "sessions.db")
    assert 0 == main(["flask-session-files", str(tmp_path / "files"), "--to", target])
    assert "1  carried over" in capsys.readouterr().out
