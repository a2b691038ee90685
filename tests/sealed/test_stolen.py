"""What a copy of a sealed or hashed file tells: nothing that is a session."""

import apsw
import pytest

from connect_sqlite import handle_of

from .files import NEW, OLD, everything, rows


def use(store):
    """All kinds of writes, with things that must not be seen."""
    store.create("canary-id-1", {"user": {"id": "canary-user"}, "note": "canary-note"})
    store.set("canary-id-2", {"user": {"id": 4242424242}, "canary-key": True})
    store.merge("canary-id-2", {"note": "canary-merged"})
    store.touch("canary-id-2", {})
    store.rotate("canary-id-1", "canary-id-3", {"user": {"id": "canary-user"}}, {"note": "canary"})


@pytest.mark.parametrize("keys", [OLD, [OLD], [NEW, OLD]], ids=["one", "a list", "two"])
def test_a_stolen_sealed_file_tells_neither_ids_nor_data(path, opened, keys):
    """Neither an id nor a byte of data, nor an indexed value, is in any of its files (threat 8)."""
    use(opened(key=keys))
    stolen = everything(path)
    assert b"canary" not in stolen
    assert b"4242424242" not in stolen
    assert handle_of("canary-id-2").encode() not in stolen


def test_a_stolen_hashed_file_has_no_id(path, opened):
    """With `hash_ids` the data are plain, and nothing in the file is a cookie's id (threat 8)."""
    store = opened(hash_ids=True)
    use(store)
    assert b"canary-id" not in everything(path)
    assert b"canary-merged" in everything(path)
    for sid, _, _ in rows(path):
        assert store.get(sid.removeprefix("sess:")) is None
        assert store.get(sid) is None


@pytest.mark.parametrize("options", [{"key": OLD}, {"hash_ids": True}], ids=["sealed", "hashed"])
def test_what_a_file_or_a_list_tells_is_no_cookie(path, opened, options):
    """Neither a row's id nor a handle gets the session (threat 8)."""
    store = opened(**options)
    store.set("abc123", {"user": {"id": 1}})
    told = [store.ids()[0], *(row[0] for row in rows(path))]
    for text in (*told, *(each.removeprefix("sess:") for each in told)):
        assert store.get(str(text)) is None
        assert 0 == store.destroy(str(text))
    assert store.get("abc123") is not None


def test_the_same_data_are_sealed_to_other_bytes_each_time(path, opened):
    """A fresh nonce each write: one cannot see whether a session changed, or equals another."""
    store = opened(key=OLD)
    seen = set()
    for _ in range(50):
        store.set("abc123", {"user": {"id": 1}})
        ((_, text, _),) = rows(path)
        seen.add(text[12:36])
    assert 50 == len(seen)


def test_the_file_is_one_that_every_reader_of_the_table_knows(path, opened):
    """A sealed file has the same table, and its column `sess` holds JSON."""
    opened(key=OLD).set("abc123", {"user": {"id": 1}})
    with apsw.Connection(str(path)) as db:
        columns = db.execute("SELECT name, type FROM pragma_table_info('sessions')").fetchall()
        assert [("sid", "TEXT"), ("sess", "TEXT"), ("expired", "INTEGER")] == columns
        assert 1 == db.execute("SELECT json_valid(sess) FROM sessions").get
    db.close()
