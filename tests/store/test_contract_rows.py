"""Rows as others leave them in the file: what can be read is read, and the rest hides nothing."""

import json
import logging
import subprocess
import sys

import apsw
import pytest

from connect_sqlite import NotASessionStore, SessionExists, SQLiteStore
from connect_sqlite.testing import Clock

LATER = 1_900_000_000_000


class NoUTF8(bytes):
    """What a program that does not check it writes as text."""


UNREADABLE = {
    "cut off": '{"user": {"id": 1}',
    "no JSON": "a:1:{s:4:user}",
    "empty": "",
    "a list": '[{"user": {"id": 1}}]',
    "text": '"user"',
    "a number": "1",
    "null": "null",
    "NaN": '{"user": {"id": 1}, "x": NaN}',
    "a lone surrogate": r'{"user": {"id": 1}, "x": "\ud800"}',
    "a comment": '{"user": {"id": 1}} // mine',
    "single quotes": "{'user': {'id': 1}}",
    "bytes": b"\xff\xfe",
    "no UTF-8": NoUTF8(b'{"user": {"id": 1}, "x": "\xff"}'),
    "a surrogate in UTF-8": NoUTF8(b'{"user": {"id": 1}, "x": "\xed\xa0\x80"}'),
    "JSONB": b"\x4c\x47user\x3c\x27id\x131",
    "10,000 levels": '{"user": {"id": 1}, "x": ' + "[" * 10_000 + "]" * 10_000 + "}",
}
"""Values that the column `sess` may hold and no session."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sessions.db"


@pytest.fixture
def store(path):
    with SQLiteStore(path, indexes=("user.id",), clock=Clock()) as store:
        yield store


def write(path, *rows):
    """As another program would, which knows nothing of this package."""
    with apsw.Connection(str(path)) as db:
        db.execute("PRAGMA busy_timeout = 5000")
        for row in rows:
            places = ("CAST(? AS TEXT)" if isinstance(value, NoUTF8) else "?" for value in row)
            db.execute(f"INSERT OR REPLACE INTO sessions VALUES ({', '.join(places)})", row)
    db.close()


@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_unreadable_row_hides_no_other(path, store, kind, caplog):
    """It is absent, logged without its content and counted; all others are there (threat 11)."""
    caplog.set_level(logging.DEBUG)
    store.set("a", {"user": {"id": 1}})
    store.set("c", {"user": {"id": 1}})
    write(path, ("sess:b", UNREADABLE[kind], LATER))
    assert ["a", "c"] == [each.id for each in store.all()]
    assert ["a", "c"] == [each.id for each in store.find("user.id", 1)]
    assert [["a"], ["c"]] == [
        [each.id for each in store.scan(after=after, limit=1)] for after in (None, "a")
    ]
    assert store.get("b") is None
    assert store.merge("b", {"user": 2}) is None
    assert store.stats()["errors"]["unreadable"] >= 4
    assert "cannot be read" in caplog.text
    assert "user" not in caplog.text
    assert "sess:b" not in caplog.text


@pytest.mark.parametrize("at", [b"sess:\xff", b"sess:b\xff", b"sess:z\xed\xa0\x80"], ids=ascii)
def test_a_key_that_is_not_utf_8_hides_no_other(path, store, at):
    """It is in no list and ends no page, it is counted, and `clear` ends it."""
    for sid in "abc":
        store.set(sid, {"user": {"id": 1}})
    write(path, *((NoUTF8(at + bytes([n])), '{"user": {"id": 1}}', LATER) for n in range(3)))
    assert ["a", "b", "c"] == store.ids()
    assert 3 == store.stats()["errors"]["unreadable"]
    assert ["a", "b", "c"] == [each.id for each in store.all()]
    assert ["a", "b", "c"] == [each.id for each in store.find("user.id", 1)]
    for limit in (1, 2, 3, 5, 1000):
        found = []
        while page := store.scan(after=found[-1] if found else None, limit=limit):
            found += [each.id for each in page]
            assert len(page) <= limit
        assert ["a", "b", "c"] == found
    assert 6 == store.clear()


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_a_file_in_another_encoding(path, encoding):
    """What another program made in UTF-16 is read too, beside rows that are not valid there."""
    db = apsw.Connection(str(path))
    db.execute(f"PRAGMA encoding = '{encoding}'")
    db.execute("CREATE TABLE sessions (sid TEXT PRIMARY KEY, sess TEXT NOT NULL, expired INTEGER)")
    bad = b"\xff" if encoding == "UTF-8" else "\ud800".encode(encoding, "surrogatepass")
    for sid, sess in (("sess:é", b"{}".decode().encode(encoding)), ("sess:bad", bad)):
        db.execute("INSERT INTO sessions VALUES (?, CAST(? AS TEXT), ?)", (sid, sess, LATER))
    db.close()
    with SQLiteStore(path, clock=Clock()) as store:
        assert {} == store.get("é")
        assert store.get("bad") is None
        assert ["é"] == [each.id for each in store.all()] == [each.id for each in store.scan()]


@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_unreadable_row_can_be_ended(path, store, kind):
    """Destroying, clearing and saving anew work on it."""
    for sid in "abc":
        write(path, (f"sess:{sid}", UNREADABLE[kind], LATER))
    assert 1 == store.destroy("a")
    store.set("b", {"user": {"id": 1}})
    assert {"user": {"id": 1}} == store.get("b")
    assert 2 == store.clear()
    assert [] == store.ids()


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_with_unreadable_rows_opens(path, kind):
    """A new index is made over whatever is there."""
    with SQLiteStore(path):
        write(path, ("sess:b", UNREADABLE[kind], LATER), ("sess:c", '{"user": {"id": 1}}', LATER))
    with SQLiteStore(path, indexes=("user.id",), clock=Clock()) as store:
        assert ["c"] == [each.id for each in store.find("user.id", 1)]


ODD_ENDS = pytest.mark.parametrize(
    "expired",
    [1.5e12 + 0.5, "soon", "", b"1", LATER + 0.5, 1e300],
)


@ODD_ENDS
def test_an_end_that_is_no_whole_number_is_read_in_one_way(path, store, expired):
    """Whatever a row says of its end, every call that reads agrees on whether it is there."""
    store.set("a", {"user": {"id": 1}})
    write(path, ("sess:b", '{"user": {"id": 1}}', expired))
    expected = ["a"] if store.get("b") is None else ["a", "b"]
    assert expected == [each.id for each in store.all()]
    assert expected == [each.id for each in store.scan()]
    assert expected == [each.id for each in store.find("user.id", 1)]
    assert expected == store.ids()
    assert len(expected) == store.length()


@ODD_ENDS
def test_an_end_that_is_no_whole_number_is_written_in_one_way(path, store, expired):
    """Calls that write agree with those that read; what was not there is not revived."""
    is_there = []
    for call in (
        lambda: store.get("b") is not None,
        lambda: store.touch("b", {}) == "OK",
        lambda: store.merge("b", {"a": 1}) is not None,
        lambda: store.rotate("b", "c", {}),
        lambda: store.destroy("b") == 1,
        lambda: not creates(store, "b"),
    ):
        write(path, ("sess:b", '{"user": {"id": 1}}', expired))
        is_there.append(call())
    assert 1 == len(set(is_there))


def creates(store, sid):
    try:
        store.create(sid, {})
    except SessionExists:
        return False
    return True


@pytest.mark.parametrize("expired", [0, -1, -(2**63), 1])
def test_an_expiry_long_ago(path, store, expired):
    """Any whole number up to now has passed."""
    write(path, ("sess:b", "{}", expired))
    assert store.get("b") is None
    assert 1 == store.stats()["expired"]
    assert 1 == store.sweep()


@pytest.mark.parametrize("expired", [253_402_300_799_999, 253_402_300_800_000, 2**63 - 1])
def test_an_expiry_beyond_all_calendars(path, store, expired):
    """Such a session is live, and says the last moment of the year 9999."""
    write(path, ("sess:b", "{}", expired))
    found = store.get("b")
    assert 9999 == found.expires.year
    assert [found.expires] == [each.expires for each in store.all()]
    assert 9999 == store.merge("b", {"a": 1}).expires.year


def test_numbers_that_json_writes_otherwise(path, store):
    """Escapes, exponents and spaces are JSON too."""
    text = '\t{"a":1e2,"b":-0.0,"c":"\\u00e9\\ud83c\\udf6a\\/","d":[ ] ,"e":18446744073709551615}\n'
    write(path, ("sess:b", text, LATER))
    assert json.loads(text) == store.get("b")
    assert {**json.loads(text), "f": 1} == store.merge("b", {"f": 1})


def test_find_of_rows_with_repeated_keys(path, store):
    """Where a key stands twice, what `find` returns is at least what its sessions hold."""
    write(path, ("sess:b", '{"user": {"id": 1}, "user": {"id": 2}}', LATER))
    found = store.get("b")
    for value in (1, 2):
        assert all(each == found for each in store.find("user.id", value))


@pytest.mark.parametrize("index", ["", "CREATE INDEX sessions_expired ON sessions (expired)"])
def test_a_foreign_table_is_swept_and_left_as_it_is(path, index):
    """Of 10,000 expired rows and 10 live ones exactly the expired go, and the schema stays."""
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE sessions (sid TEXT PRIMARY KEY, sess TEXT NOT NULL, expired INTEGER)")
    db.execute(index)
    rows = [(f"sess:{n}", '{"user": 1}', LATER if n % 1001 == 0 else n) for n in range(10_010)]
    with db:
        db.executemany("INSERT INTO sessions VALUES (?, ?, ?)", rows)
    schema = db.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    db.close()
    with SQLiteStore(path, clock=Clock(), sweep_interval=None) as store:
        assert [3000, 3000, 3000, 1000, 0] == [store.sweep(3000) for _ in range(5)]
        assert 10 == store.length() == len(store.all())
    db = apsw.Connection(str(path))
    assert schema == db.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    db.close()


def test_another_programs_file_is_left_alone(path):
    """A table of that name with other columns is refused, and the file is as it was."""
    create = "CREATE TABLE sessions (id INTEGER PRIMARY KEY, data TEXT)"
    code = f"import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute({create!r})"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    before = path.read_bytes()
    with pytest.raises(NotASessionStore):
        SQLiteStore(path)
    assert before == path.read_bytes()
