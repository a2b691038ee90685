"""Every call of the original means the same on both sides, while both run."""

import pytest

SESSION = {
    "cookie": {"originalMaxAge": 86_400_000, "httpOnly": True, "path": "/"},
    "user": {"id": 7, "name": "Zoë 😀", "tags": ["a", 1, 2.5, True, False, None, {}, []]},
    "text": 'quotes " and \\ and \u2028 and \x01',
    "": {"very": {"deep": [[[1]]]}},
}

IDS = ["abc123", "a:b/c%d_e", "é😀", "'; DROP TABLE sessions; --", "x" * 255]


@pytest.mark.parametrize("sid", IDS, ids=ascii)
def test_get(both, sid):
    """What one saved, the other reads, equal to the last character (P2-3, P2-5)."""
    node, python = both
    node.set(sid, SESSION)
    assert SESSION == python.get(sid)
    python.set(sid, {**SESSION, "by": "python"})
    assert {**SESSION, "by": "python"} == node.get(sid)


def test_get_of_nothing(both):
    """Absent is `null` there and `None` here."""
    node, python = both
    assert node.get("abc123") is None
    assert python.get("abc123") is None


def test_set_replaces(both):
    """Nothing of the older session is left, whoever wrote it."""
    node, python = both
    node.set("abc123", {"a": 1, "b": 2})
    python.set("abc123", {"a": 3})
    assert {"a": 3} == node.get("abc123")
    node.set("abc123", {"c": 4})
    assert {"c": 4} == python.get("abc123")


def test_destroy(both):
    """A session is gone for both, and each says how many it has deleted (P2-5)."""
    node, python = both
    node.set("abc123", {})
    assert 1 == python.destroy("abc123")
    assert node.get("abc123") is None
    assert 0 == node.destroy("abc123")
    python.set("abc123", {})
    assert 1 == node.destroy("abc123")
    assert python.get("abc123") is None
    assert 0 == python.destroy("abc123")


def test_touch(both):
    """It answers the same words, and prolongs the life of the session for both (P2-5, P2-7)."""
    node, python = both
    node.set("abc123", {"n": 1})
    before = python.get("abc123").expires_ms
    assert "OK" == python.touch("abc123", {"cookie": {"maxAge": 90_000_000}})
    middle = python.get("abc123").expires_ms
    assert before < middle
    assert "OK" == node.touch("abc123", {"cookie": {"maxAge": 100_000_000}})
    assert middle < python.get("abc123").expires_ms
    assert {"n": 1} == python.get("abc123") == node.get("abc123")


def test_touch_of_nothing(both):
    """A session that is gone is `EXPIRED` for both."""
    node, python = both
    assert "EXPIRED" == node.touch("abc123", {})
    assert "EXPIRED" == python.touch("abc123", {})
    node.set("abc123", {})
    python.destroy("abc123")
    assert "EXPIRED" == node.touch("abc123", {})


def test_ids_all_and_length(both):
    """Each lists and counts what both have saved; `all` has the ids in (P2-5)."""
    node, python = both
    for n in range(5):
        node.set(f"node{n}", {"n": n})
        python.set(f"python{n}", {"n": n})
    expected = {f"{who}{n}": n for n in range(5) for who in ("node", "python")}
    assert sorted(expected) == sorted(node.ids()) == python.ids()
    assert expected == {session["id"]: session["n"] for session in node.all()}
    assert expected == {session.id: session["n"] for session in python.all()}
    assert 10 == node.length() == python.length()


def test_clear(both):
    """It empties the table for both."""
    node, python = both
    node.set("a", {})
    python.set("b", {})
    assert 2 == python.clear()
    assert [] == node.ids()
    python.set("c", {})
    node.set("d", {})
    assert 2 == node.clear()
    assert [] == python.ids()


def test_what_only_this_store_has(both):
    """`create`, `merge` and `rotate` leave what Node reads."""
    node, python = both
    python.create("one", {"n": 1})
    node.set("one", {"n": 2, "m": 1})
    assert {"n": 2, "m": 1, "k": 3} == python.merge("one", {"k": 3})
    assert {"n": 2, "m": 1, "k": 3} == node.get("one")
    assert python.rotate("one", "two", {"n": 4}) is True
    assert node.get("one") is None
    assert {"n": 4} == node.get("two")


def test_merge_after_a_logout_in_node(both):
    """What Node destroyed, no save of a slow request here brings back (threat 4)."""
    node, python = both
    python.create("abc123", {"n": 1})
    node.destroy("abc123")
    assert python.merge("abc123", {"n": 2}) is None
    assert node.get("abc123") is None


def test_finding_what_node_saved(path, new_node, new_python):
    """A declared index is kept right by Node's writes, which know nothing of it."""
    node = new_node()
    node.open({"url": path})
    node.set("before", {"user": {"id": 7}})
    python = new_python(path, indexes=("user.id",))
    node.set("after", {"user": {"id": 7}})
    node.set("text", {"user": {"id": "7"}})
    node.set("moved", {"user": {"id": 7}})
    node.set("moved", {"user": {"id": 8}})
    assert ["after", "before"] == sorted(found.id for found in python.find("user.id", 7))
    assert 2 == python.destroy_where("user.id", 7)
    assert ["moved", "text"] == sorted(node.ids())


def test_other_tables_and_prefixes(path, new_node, new_python):
    """`table` and `prefix` mean the same on both sides (P2-1); none sees another's."""
    node, other = new_node(), new_node()
    node.open({"url": path, "table": "logins", "prefix": ""})
    other.open({"url": path})
    python = new_python(path, table="logins", prefix="")
    node.set("abc123", {"n": 1})
    assert {"n": 1} == python.get("abc123")
    python.set("def456", {"n": 2})
    assert {"n": 2} == node.get("def456")
    assert [] == other.ids() == new_python(path).ids()


def test_clear_keeps_to_its_prefix(path, new_node, new_python):
    """Node's `clear` takes the whole table, and ours what has its own prefix (P2-11)."""
    node = new_node()
    node.open({"url": path, "prefix": "a:"})
    python = new_python(path, prefix="b:")
    node.set("1", {})
    python.set("1", {})
    assert 1 == python.clear()
    assert ["1"] == node.ids()
