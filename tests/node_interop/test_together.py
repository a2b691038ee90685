"""Both write one file at the same time, and nothing is lost; the file stays what Node made."""

import os
import time

import apsw
import pytest

MADE_BY_NODE = """
    SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name
"""


def test_writers_at_the_same_time(both):
    """Some hundred calls of each, interleaved as they come; each row is as its writer left it."""
    node, python = both
    count = 300
    ends = node.start(
        "burst",
        [["set", f"node{n}", {"n": n}] for n in range(count)]
        + [["destroy", f"node{n}"] for n in range(0, count, 3)]
        + [["touch", f"node{n}", {"cookie": {"maxAge": 5000_000}}] for n in range(1, count, 3)],
    )
    for n in range(count):
        python.set(f"python{n}", {"n": n})
    for n in range(0, count, 3):
        assert 1 == python.destroy(f"python{n}")
    for n in range(1, count, 3):
        assert "OK" == python.touch(f"python{n}", {"cookie": {"maxAge": 5000_000}})
    answers = ends()
    assert [None] * count + [1] * 100 + ["OK"] * 100 == answers
    expected = {f"{who}{n}": n for who in ("node", "python") for n in range(count) if n % 3}
    assert expected == {session.id: session["n"] for session in python.all()}
    assert expected == {session["id"]: session["n"] for session in node.all()}
    assert [{"integrity_check": "ok"}] == node.query("PRAGMA integrity_check")


def test_both_at_one_session(both):
    """Whole sessions replace each other: what is read is one that was written, never a mixture."""
    node, python = both
    ends = node.start(
        "burst", [["set", "one", {"by": "node", "n": n, "again": n}] for n in range(300)]
    )
    seen = []
    for n in range(300):
        python.set("one", {"by": "python", "n": n, "again": n})
        seen.append(python.get("one"))
    ends()
    assert [] == [session for session in seen if session["n"] != session["again"]]
    assert python.get("one") == node.get("one")


def test_merges_beside_another_programs_writes(both):
    """A `merge` here is one transaction: it works on what Node saved last, and loses nothing."""
    node, python = both
    python.set("one", {})
    ends = node.start("burst", [["set", f"node{n}", {}] for n in range(200)])
    for n in range(200):
        python.merge("one", {str(n): n})
    ends()
    assert {str(n): n for n in range(200)} == node.get("one")


def test_node_ends_while_python_goes_on(both, path):
    """Node's last connection closes; nothing of what is written afterwards is lost."""
    node, python = both
    node.set("node", {})
    python.set("before", {})
    node.close()
    for n in range(100):
        python.set(f"after{n}", {})
    node.open({"url": path})
    assert 102 == node.length()


def test_python_ends_while_node_goes_on(both):
    """Our last connection closes; nothing of what Node writes afterwards is lost."""
    node, python = both
    python.set("python", {})
    python.close()
    node.burst([["set", f"after{n}", {}] for n in range(100)])
    assert 101 == node.length()


@pytest.mark.parametrize("how", ["node first", "python first"])
def test_one_after_the_other(path, new_node, new_python, how):
    """What one left behind when it ended, the other opens and reads."""
    node = new_node()
    if how == "node first":
        node.open({"url": path})
        node.set("abc123", {"n": 1})
        node.close()
        assert {"n": 1} == new_python(path).get("abc123")
    else:
        python = new_python(path)
        python.set("abc123", {"n": 1})
        python.close()
        node.open({"url": path})
        assert {"n": 1} == node.get("abc123")


def test_the_schema_stays_nodes(path, new_node, new_python):
    """A file that Node made has the same tables, indexes and marks after we have used it."""
    node = new_node()
    node.open({"url": path})
    marks = ["PRAGMA application_id", "PRAGMA user_version", "PRAGMA journal_mode"]
    before = node.query(MADE_BY_NODE), [node.query(mark) for mark in marks]
    python = new_python(path)
    for n in range(50):
        python.set(str(n), {"n": n})
        python.destroy(str(n - 5))
    python.sweep()
    python.close()
    assert before == (node.query(MADE_BY_NODE), [node.query(mark) for mark in marks])
    names = {row["name"] for row in before[0]}
    assert {"sessions", "idx_sessions_expired"} <= names


def test_nodes_index_is_kept_right(both):
    """Node finds the expired through its index, also those that were written here."""
    node, python = both
    for n in range(100):
        python.set(str(n), {"cookie": {"maxAge": 60_000 + n}})
    sql = "SELECT count(*) AS n FROM sessions INDEXED BY idx_sessions_expired WHERE expired > 0"
    assert [{"n": 100}] == node.query(sql)
    assert [{"integrity_check": "ok"}] == node.query("PRAGMA integrity_check")


def test_a_file_made_here_is_private(path, new_node, new_python):
    """Node opens it as it is: 0600, and so are the files beside it."""
    new_python(path).set("a", {})
    node = new_node()
    node.open({"url": path})
    node.set("b", {})
    modes = {name: os.stat(path + name).st_mode & 0o777 for name in ("", "-wal", "-shm")}
    assert {"": 0o600, "-wal": 0o600, "-shm": 0o600} == modes


def test_a_row_that_node_could_not_read(both, path):
    """One row that is not JSON is absent here and hides no other (P2-9)."""
    node, python = both
    node.set("good", {"n": 1})
    node.set("bad", {"n": 2})
    db = apsw.Connection(path)
    db.execute("UPDATE sessions SET sess = '{' WHERE sid = 'sess:bad'")
    db.close()
    assert python.get("bad") is None
    assert ["good"] == [session.id for session in python.all()]
    assert 1 == python.destroy("bad")
    assert ["good"] == [session["id"] for session in node.all()]


def test_node_without_checkpoints(path, new_node, new_python):
    """What Node then leaves in the log, the store here folds into the file, beside its own."""
    node, python = new_node(), new_python(path, sweep_interval=None)
    node.openWithoutCheckpoints(path)
    for _ in range(20):
        node.burst([["set", str(n), {"x": "x" * 7000}] for n in range(100)])
    before = python.stats()["file_bytes"]
    deadline = time.monotonic() + 60
    while python.stats()["file_bytes"] < 500_000 and time.monotonic() < deadline:
        python.set("python", {})
    assert before < 500_000 <= python.stats()["file_bytes"]
    assert 101 == node.length() == python.length()
    assert [{"integrity_check": "ok"}] == node.query("PRAGMA integrity_check")
