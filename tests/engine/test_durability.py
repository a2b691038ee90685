"""How often the disk is synced: what power loss cannot undo, and what that costs."""

import threading

import pytest

from connect_sqlite import SQLiteStore
from engine.programs import outcome
from engine.vfs import CountingVFS

CALLS = {
    "set": lambda store: store.set("a", {"user": {"id": 1}}),
    "touch": lambda store: store.touch("a", {"cookie": {"maxAge": 10**9}}),
    "merge": lambda store: store.merge("a", {"y": 1}),
    "create": lambda store: store.create("b", {"user": {"id": 2}}),
    "rotate": lambda store: store.rotate("b", "c", {"z": 1}),
    "destroy": lambda store: store.destroy("c"),
    "destroy_where": lambda store: store.destroy_where("user.id", 1),
    "destroy_many": lambda store: store.destroy_many(["warm"]),
    "set that is over": lambda store: store.set("too", {"cookie": {"maxAge": -1}}),
    "clear": lambda store: store.clear(),
    "get": lambda store: store.get("a"),
    "length": lambda store: store.length(),
}

ENDS_OR_MAKES = {
    *("create", "rotate", "destroy", "destroy_where", "destroy_many", "set that is over", "clear")
}
READS = {"get", "length"}


def synced_calls(path, durability):
    vfs = CountingVFS()
    synced = []
    with SQLiteStore(path, durability=durability, indexes=("user.id",)) as store:
        for sid in ("warm", "too", "last"):
            store.create(sid, {})
        for name, call in CALLS.items():
            before = vfs.syncs["wal"]
            call(store)
            synced += [name] * (vfs.syncs["wal"] - before)
    return synced


@pytest.mark.parametrize(
    ("durability", "expected"),
    [
        ("balanced", ENDS_OR_MAKES),
        ("full", CALLS.keys() - READS),
        ("relaxed", set()),
    ],
)
def test_which_calls_wait_for_the_disk(tmp_path, durability, expected):
    """Once for each call that power loss must not undo, and for no other (threat 37)."""
    result = outcome(synced_calls, tmp_path / "s.db", durability)
    assert sorted(expected) == sorted(result)


def shared_sync(path, count):
    vfs = CountingVFS()
    with SQLiteStore(path) as store:
        store.create("first", {})
        # Everybody is in the queue before the first one writes: so it is one group.
        writer = store._engine._writer
        with writer.held():
            threads = [
                threading.Thread(target=store.create, args=(str(n), {})) for n in range(count)
            ]
            before = vfs.syncs["wal"]
            for thread in threads:
                thread.start()
            while len(writer._queue) < count - 1:
                pass
        for thread in threads:
            thread.join()
        return [vfs.syncs["wal"] - before, store.length()]


def test_those_who_wait_share_one_sync(tmp_path):
    """20 logins at once cost two syncs: the first one's, and one for all the others."""
    syncs, found = outcome(shared_sync, tmp_path / "s.db", 20)
    assert 21 == found
    assert syncs <= 2


def saves_beside_a_login(path):
    vfs = CountingVFS()
    with SQLiteStore(path) as store:
        for n in range(50):
            store.set(str(n), {})
        saved = vfs.syncs["wal"]
        store.create("login", {})
        return [saved, vfs.syncs["wal"]]


def test_a_login_syncs_the_saves_before_it(tmp_path):
    """50 saves cost no sync, and the login's makes them durable too: the log is one."""
    before, after = outcome(saves_beside_a_login, tmp_path / "s.db")
    assert 1 == after - before


def syncs_of_logouts(path):
    vfs = CountingVFS()
    with SQLiteStore(path) as store, SQLiteStore(path) as another:
        counts = []

        def count(call, *args):
            before = vfs.syncs["wal"]
            call(*args)
            counts.append(vfs.syncs["wal"] - before)

        store.create("a", {})
        store.touch("a", {"cookie": {"maxAge": -1}})
        count(store.destroy, "a")
        count(store.destroy, "a")
        store.set("b", {})
        another.touch("b", {"cookie": {"maxAge": -1}})
        count(store.destroy, "b")
        count(store.destroy, "b")
        return counts


def test_a_logout_that_finds_nothing_syncs_what_it_saw(tmp_path):
    """What had ended the session is durable too when `destroy` says 0, whichever store it was
    ended through; the next such logout costs nothing (threat 37)."""
    assert [1, 0, 1, 0] == outcome(syncs_of_logouts, tmp_path / "s.db")
