"""Which key opens which file, and how keys are changed."""

import logging
import subprocess
import sys

import pytest

from connect_sqlite import (
    AsyncSQLiteStore,
    Handle,
    SessionExists,
    SQLiteStore,
    StoreKeyError,
    handle_of,
    open_store,
)
from connect_sqlite.testing import Clock

from .files import NEW, OLD, OTHER, rows, unreadable


def made(path, **options):
    with SQLiteStore(path, clock=Clock(), **options) as store:
        store.set("abc123", {"user": {"id": 1}})
    return path.read_bytes()


KINDS = {"plain": {}, "hashed": {"hash_ids": True}, "sealed": {"key": OLD}}


@pytest.mark.parametrize("face", [SQLiteStore, AsyncSQLiteStore])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", [*KINDS, "another key", "other keys"])
def test_a_store_and_a_file_that_differ(path, face, kind, other, caplog):
    """Opened in another way than it was made, or with a wrong key, a file is refused (threat 9)."""
    if kind == other:
        return
    ways = {**KINDS, "another key": {"key": NEW}, "other keys": {"key": [NEW, OTHER]}}
    before = made(path, **KINDS[kind])
    with pytest.raises(StoreKeyError) as caught:
        face(path, **ways[other])
    assert before == path.read_bytes()
    told = f"{caught.value}{caplog.text}"
    assert str(path) in told
    assert not any(key.hex() in told or repr(key) in told for key in (OLD, NEW, OTHER))


def test_an_empty_plain_table_becomes_a_sealed_one(path):
    """Nothing that was kept is in danger; and from then on a plain store is refused."""
    SQLiteStore(path).close()
    SQLiteStore(path, key=OLD).close()
    with pytest.raises(StoreKeyError, match="key="):
        SQLiteStore(path)


def test_each_table_of_a_file_is_kept_in_its_own_way(path, opened):
    """A sealed table lies beside a plain one and one under another key."""
    stores = [
        opened(),
        opened(table="sealed", key=OLD),
        opened(table="other", key=NEW),
        opened(table="hashed", hash_ids=True),
    ]
    for number, store in enumerate(stores):
        store.set("abc123", {"n": number})
    assert [{"n": n} for n in range(4)] == [store.get("abc123") for store in stores]


def sealed_under(path, key):
    """How many rows are under this key, without asking a store."""
    from connect_sqlite._stores.sealing import SealingKey

    name = "sess:" + SealingKey(key).name
    return sum(sid.startswith(name) for sid, _, _ in rows(path))


WRITES = {
    "set": lambda store: store.set("abc123", {"user": {"id": 1}}),
    "merge": lambda store: store.merge("abc123", {"n": 1}),
    "touch": lambda store: store.touch("abc123", {}),
    "rotate": lambda store: store.rotate("abc123", "abc123new", {"user": {"id": 1}}, {}),
}


@pytest.mark.parametrize("write_it", WRITES)
def test_a_new_key_reads_what_the_old_one_wrote_and_rewrites_it(path, opened, write_it):
    """Under a new key old sessions are found, and a save moves them to it (threat 10)."""
    made(path, key=OLD)
    store = opened(key=[NEW, OLD])
    assert {"user": {"id": 1}} == store.get("abc123")
    assert (0, 1) == (sealed_under(path, NEW), sealed_under(path, OLD))
    assert [handle_of("abc123")] == store.ids()
    WRITES[write_it](store)
    assert (1, 0) == (sealed_under(path, NEW), sealed_under(path, OLD))
    assert [1] == [each["user"]["id"] for each in store.find("user.id", 1)]
    assert 1 == store.length()


def test_ending_finds_sessions_under_every_key(path, opened):
    """Destroying, by id, by handle or by index, reaches what an old key wrote (threat 10)."""
    with SQLiteStore(path, key=OLD, clock=Clock(), indexes=("user.id",)) as store:
        for sid in "abcdef":
            store.set(sid, {"user": {"id": 1}})
    store = opened(key=[NEW, OLD])
    store.touch("b", {})
    store.touch("d", {})
    assert 1 == store.destroy("a") == store.destroy("b")
    assert 2 == store.destroy_many([Handle(handle_of("c")), Handle(handle_of("d"))])
    assert 1 == store.destroy_where("user.id", 1, keep=["f"])
    assert [handle_of("f")] == store.ids()
    with pytest.raises(SessionExists):
        store.create("f", {})


def test_two_processes_with_the_keys_the_other_way_round(path, opened):
    """While the new order is rolled out, neither loses a session to the other (threat 10)."""
    before, after = opened(key=[OLD, NEW]), opened(key=[NEW, OLD])
    before.set("abc123", {"n": 0})
    for number in range(6):
        store = (after, before)[number % 2]
        assert {"n": number} == store.get("abc123")
        store.merge("abc123", {"n": number + 1})
        assert 1 == before.length() == after.length()


def test_a_withdrawn_key_makes_its_rows_absent(path, opened, caplog):
    """Sessions under a key that is no longer given are absent, counted, logged once (threat 10)."""
    with SQLiteStore(path, key=OLD, clock=Clock(), indexes=("user.id",)) as store:
        for sid in "abc":
            store.set(sid, {"user": {"id": 1}})
    with SQLiteStore(path, key=[NEW, OLD], clock=Clock(), indexes=("user.id",)) as store:
        store.touch("b", {})
    caplog.set_level(logging.DEBUG)
    store = opened(key=NEW)
    assert 1 == caplog.text.count("2 rows of the table sessions")
    caplog.clear()
    assert [None, {"user": {"id": 1}}, None] == [store.get(sid) for sid in "abc"]
    for _ in range(3):
        assert [handle_of("b")] == store.ids() == [each.id for each in store.all()]
    assert 12 == unreadable(store)
    assert 1 == len(caplog.records)
    assert "not given" in caplog.text


def test_a_program_that_was_forgotten_when_keys_changed_is_refused(path):
    """With the old key alone it would see none of the new sessions, and says so (threat 10)."""
    made(path, key=OLD)
    SQLiteStore(path, key=[NEW, OLD]).close()
    with pytest.raises(StoreKeyError, match="last written"):
        SQLiteStore(path, key=OLD)
    SQLiteStore(path, key=[OLD, NEW]).close()
    SQLiteStore(path, key=OLD).close()


@pytest.mark.parametrize("keys", [[OLD, OLD], (OLD,), [bytearray(OLD)]], ids=str)
def test_the_forms_of_a_key(path, opened, keys):
    """A key given twice is one key, and any sequence will do."""
    made(path, key=OLD)
    assert {"user": {"id": 1}} == opened(key=keys).get("abc123")


WRONG = {
    "text": "canary-key" * 4,
    "text of the right length": "canary-key-canary-key-canary-key",
    "too short": b"canary-key",
    "too long": b"canary-key" * 7,
    "none": [],
    "a number": 7,
    "one of several": [OLD, b"canary-key"],
    "one that is text": [OLD, "canary-key"],
    "a set": {OLD},
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_key_is_refused(path, kind):
    """The error says what a key is, and not what was given."""
    with pytest.raises((TypeError, ValueError), match="key") as caught:
        SQLiteStore(path, key=WRONG[kind])
    assert "canary" not in str(caught.value)
    assert not path.exists()


def test_hash_ids_is_a_yes_or_no(path):
    """A mistyped option does not quietly leave ids in the file."""
    with pytest.raises(TypeError, match="hash_ids"):
        SQLiteStore(path, hash_ids="yes")


def test_a_key_is_never_part_of_a_url(tmp_path):
    """Only the option takes it: in a URL it would be logged, and there it is a file's name."""
    store = open_store(f"sqlite:{tmp_path}/s.db?key={OLD.hex()}")
    store.close()
    assert [f"s.db?key={OLD.hex()}"] == [each.name for each in tmp_path.iterdir()]
    with open_store(f"sqlite:{tmp_path}/t.db", key=OLD) as store:
        store.set("abc123", {})
    with pytest.raises(StoreKeyError):
        open_store(tmp_path / "t.db")


def test_a_store_shows_nothing_of_its_key(opened):
    """Neither the store nor what is in it prints the key."""
    store = opened(key=OLD)
    for each in (store, store._calls, store._calls._codec, *vars(store._calls).values()):
        assert repr(OLD) not in repr(each)
        assert OLD.hex() not in repr(each)
    assert OLD not in vars(store._calls._ring[0]).values()


def test_without_cryptography_the_extra_is_named(tmp_path):
    """A key without the package says what to install; everything else works without it."""
    program = (
        "import sys\n"
        "sys.modules['cryptography'] = None\n"
        "from connect_sqlite import SQLiteStore\n"
        f"SQLiteStore({str(tmp_path / 'a.db')!r}, hash_ids=True).close()\n"
        f"try:\n    SQLiteStore({str(tmp_path / 'b.db')!r}, key=bytes(32))\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert 'pip install "connect-sqlite[crypto]"' in done.stdout
    assert not (tmp_path / "b.db").exists()


def test_cryptography_is_only_loaded_for_a_key():
    """`import connect_sqlite`, and a store without a key, do without it."""
    code = (
        "import sys, connect_sqlite; connect_sqlite.SQLiteStore(hash_ids=True).close();"
        "sys.exit('cryptography' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
