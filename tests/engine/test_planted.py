"""What somebody planted in the file beside the sessions runs nothing (threat 42)."""

import sqlite3

import pytest

from connect_sqlite import NotASessionStore, SQLiteStore

TRIGGERS = {
    "ends all on a sign-in": "AFTER INSERT ON sessions BEGIN DELETE FROM sessions; END",
    "makes everybody an admin": (
        "AFTER INSERT ON sessions BEGIN UPDATE sessions SET sess = '{\"admin\": true}'; END"
    ),
    "keeps a copy of the ids": (
        "AFTER UPDATE ON sessions BEGIN INSERT INTO copy VALUES (new.sid); END"
    ),
    "keeps what was ended": (
        "BEFORE DELETE ON sessions BEGIN INSERT INTO copy VALUES (old.sid); END"
    ),
    "refuses a sign-out": "BEFORE DELETE ON sessions BEGIN SELECT RAISE(IGNORE); END",
}


def plant(path, *statements):
    """As who may write to the file."""
    db = sqlite3.connect(path)
    for statement in ("CREATE TABLE copy (sid)", *statements):
        db.execute(statement)
    db.commit()
    db.close()


def copied(path):
    db = sqlite3.connect(path)
    rows = db.execute("SELECT * FROM copy").fetchall()
    db.close()
    return rows


@pytest.mark.parametrize("kind", TRIGGERS)
def test_a_planted_trigger_runs_nothing(tmp_path, kind):
    """Sessions are made, saved, moved and ended as without it, and none is copied (threat 42)."""
    path = tmp_path / "s.db"
    SQLiteStore(path).close()
    plant(path, f"CREATE TRIGGER planted {TRIGGERS[kind]}")
    with SQLiteStore(path) as store:
        for sid in ("a", "b", "c"):
            store.create(sid, {"user": sid})
        store.set("a", {"user": "still a"})
        store.merge("b", {"more": 1})
        store.rotate("b", "d", {"user": "b"})
        assert 1 == store.destroy("c")
        assert {"a": "still a", "d": "b"} == {row.id: row["user"] for row in store.all()}
    assert [] == copied(path)


def test_a_planted_view_is_no_table_of_sessions(tmp_path):
    """A view in the table's place, with triggers that take the writes, is refused (threat 42)."""
    path = tmp_path / "s.db"
    SQLiteStore(path).close()
    plant(
        path,
        "DROP TABLE sessions",
        "CREATE VIEW sessions AS SELECT 'a' AS sid, '{\"admin\": true}' AS sess, 9e15 AS expired",
        "CREATE TRIGGER planted INSTEAD OF INSERT ON sessions "
        "BEGIN INSERT INTO copy VALUES (new.sid); END",
    )
    with pytest.raises(NotASessionStore, match=r"s\.db"):
        SQLiteStore(path)
    assert [] == copied(path)
