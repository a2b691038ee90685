"""Node's store on a sealed file: it reads nothing of it, and can only end its sessions."""

import time

import pytest

KEY = bytes(range(32))

KINDS = pytest.mark.parametrize(
    "options", [{"key": KEY}, {"hash_ids": True}], ids=["sealed", "hashed"]
)


@pytest.fixture
def sealed(path, options, new_node, new_python):
    python = new_python(path, indexes=("user.id",), **options)
    python.set("abc123", {"user": {"id": 7, "name": "canary"}})
    node = new_node()
    node.open({"url": path})
    return node, python


@KINDS
def test_node_opens_counts_and_finds_nothing(sealed, options):
    """Node's store opens the file, counts its rows, and an id leads it to none (threat 8)."""
    node, python = sealed
    assert 1 == node.length()
    assert node.get("abc123") is None
    assert 0 == node.destroy("abc123")
    assert ["abc123"] != node.ids()
    assert 1 == len(node.all())
    assert ("canary" in str(node.all())) is ("hash_ids" in options)
    assert {"user": {"id": 7, "name": "canary"}} == python.get("abc123")


@KINDS
def test_node_clears(sealed, options):
    """Its `clear` ends all sessions here too, and indexes stay right."""
    node, python = sealed
    assert 1 == node.clear()
    assert python.get("abc123") is None
    assert [] == python.find("user.id", 7)
    python.set("abc123", {"user": {"id": 7}})
    assert 1 == len(python.find("user.id", 7))
    assert [{"integrity_check": "ok"}] == node.query("PRAGMA integrity_check")


@KINDS
def test_node_sweeps(path, options, new_node, new_python):
    """The sweep at its start deletes what has expired, and nothing else."""
    python = new_python(path, sweep_interval=None, indexes=("user.id",), **options)
    python.set("short", {"cookie": {"maxAge": 1}, "user": {"id": 7}})
    python.set("long", {"user": {"id": 7}})
    time.sleep(0.01)
    assert 1 == python.stats()["expired"]
    node = new_node()
    node.open({"url": path})
    assert (0, 1) == (python.stats()["expired"], python.length())
    assert 1 == len(python.find("user.id", 7))


def test_what_node_writes_into_a_sealed_file_is_absent(path, new_node, new_python):
    """Its sessions are plaintext, and never taken for sealed ones (threat 9)."""
    python = new_python(path, key=KEY)
    python.set("abc123", {"n": 1})
    node = new_node()
    node.open({"url": path})
    node.set("forged", {"user": {"id": 1}})
    assert {"user": {"id": 1}} == node.get("forged")
    assert python.get("forged") is None
    assert 1 == len(python.ids()) == len(python.all())
    assert 2 == python.stats()["errors"]["unreadable"]
