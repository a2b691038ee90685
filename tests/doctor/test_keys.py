"""What `doctor` says of how the ids and the data are kept."""

import apsw
import pytest

from connect_sqlite import SQLiteStore
from connect_sqlite.doctor import State, doctor
from doctor.test_files import of

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "ids and data are plain"),
        ({"hash_ids": True}, "ids are hashed, data are plain"),
        ({"key": OLD}, "ids and data are sealed"),
    ],
)
def test_how_rows_are_kept(tmp_path, options, words):
    """It is said of an open store and of its file, and sealed rows are read with the key."""
    with SQLiteStore(tmp_path / "s.db", indexes=("user.id",), **options) as store:
        store.set("a", {"user": {"id": 1}})
        for examined in (store, tmp_path / "s.db"):
            report = doctor(examined)
            states, text = of(report, "keys")
            assert [State.OK] == states
            assert words in text
        for check in ("rows", "indexes", "layout"):
            assert [State.OK] == of(doctor(store), check)[0]


def test_a_key_that_was_withdrawn_too_early(tmp_path):
    """Rows under a key that the store has no more are counted."""
    with SQLiteStore(tmp_path / "s.db", key=OLD) as store:
        store.set("a", {})
    with SQLiteStore(tmp_path / "s.db", key=(NEW, OLD)) as store:
        store.set("b", {})
        assert [State.OK] == of(doctor(store), "keys")[0]
    with SQLiteStore(tmp_path / "s.db", key=NEW) as store:
        states, text = of(doctor(store), "keys")
    assert [State.WARNING] == states
    assert "1 rows are under keys" in text


def test_a_file_that_is_half_sealed(tmp_path):
    """A sealing that did not come to its end is said."""
    SQLiteStore(tmp_path / "s.db", key=OLD).close()
    db = apsw.Connection(str(tmp_path / "s.db"))
    db.execute("UPDATE \"sessions#keeping\" SET value = 'sealing' WHERE name = 'how'")
    db.close()
    states, text = of(doctor(tmp_path / "s.db"), "keys")
    assert [State.PROBLEM] == states
    assert "connect_sqlite.seal" in text
