"""What comes of rows that somebody without the key has put into a sealed file: nothing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connect_sqlite import SessionExists, SQLiteStore, handle_of
from connect_sqlite.testing import Clock

from .files import LATER, OLD, rows, unreadable, write


def absent(store, sid):
    """Whether no call gives anything of that session, and each says so in the counts."""
    before = unreadable(store)
    found = [store.get(sid), store.merge(sid, {"x": 1}), *store.all(), *store.scan()]
    found += store.find("user.id", 1)
    return [None, None] == found and unreadable(store) >= before + 4


def test_a_row_that_was_swapped_with_another_is_absent(path, opened, caplog):
    """A payload vouches for its row: under another id it is absent, counted, logged (threat 9)."""
    store = opened(key=OLD)
    store.set("mine", {"user": {"id": 1}})
    store.set("theirs", {"user": {"id": 1}})
    (one, text, _), (two, other, _) = rows(path)
    write(path, "UPDATE sessions SET sess = ? WHERE sid = ?", other, one)
    write(path, "UPDATE sessions SET sess = ? WHERE sid = ?", text, two)
    assert store.get("mine") is None
    assert absent(store, "theirs")
    assert "cannot be read" in caplog.text
    assert "mine" not in caplog.text


@pytest.mark.parametrize("options", [{"table": "other"}, {"prefix": "app:"}], ids=str)
def test_a_row_that_was_carried_elsewhere_is_absent(path, opened, options):
    """It vouches for its table and prefix too (threat 9)."""
    opened(key=OLD).set("abc123", {"user": {"id": 1}})
    store = opened(key=OLD, **options)
    store.set("abc123", {"user": {"id": 2}})
    ((_, text, _),) = [row for row in rows(path) if row[0].startswith("sess:")]
    table = options.get("table", "sessions")
    write(path, f"UPDATE {table} SET sess = ? WHERE sid LIKE ?", text, store._calls.prefix + "%")
    assert absent(store, "abc123")


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 35, 60, -1, -2, -40])
def test_a_row_that_was_cut_is_absent(path, opened, length):
    """However much of it is left (threat 9)."""
    store = opened(key=OLD)
    store.set("abc123", {"user": {"id": 1}})
    ((_, text, _),) = rows(path)
    write(path, "UPDATE sessions SET sess = ?", text[:length])
    assert store.get("abc123") is None
    assert 1 == unreadable(store)


PLAINTEXT = [
    '{"user":{"id":1}}',
    "{}",
    '{"v":1,"c":""}',
    '{"v":1,"c":"00"}',
    '{"v":1,"c":{"user":{"id":1}}}',
    '{"v":0,"user":{"id":1}}',
    "null",
    "",
]


@pytest.mark.parametrize("text", PLAINTEXT)
def test_plaintext_in_a_sealed_file_is_absent(path, opened, text, caplog):
    """There is no fallback to plaintext, ever: rack-session CVE-2026-39324 (threat 9)."""
    store = opened(key=OLD)
    store.set("abc123", {"user": {"id": 2}})
    write(path, "UPDATE sessions SET sess = ?", text)
    assert absent(store, "abc123")
    assert "cannot be read" in caplog.text


def test_a_plain_row_added_to_a_sealed_file_is_absent(path, opened):
    """Nobody without the key can add a session, by whichever name (threat 9)."""
    store = opened(key=OLD)
    store.set("here", {"user": {"id": 2}})
    for sid in ("sess:abc123", "sess:" + handle_of("abc123"), "sess:x"):
        write(path, "INSERT INTO sessions VALUES (?, ?, ?)", sid, '{"user":{"id":1}}', LATER)
    assert store.get("abc123") is None
    assert [handle_of("here")] == store.ids() == [each.id for each in store.all()]
    assert [] == store.find("user.id", 1)
    assert unreadable(store) >= 6


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 6))
def test_a_flip_of_any_bit_makes_a_row_absent(where, bit):
    """Each bit of a sealed text counts, those of its indexes and brackets too (threat 9)."""
    store, text = _FLIPPED
    at = int(where * len(text))
    changed = text[:at] + chr(ord(text[at]) ^ (1 << bit)) + text[at + 1 :]
    _rewrite(store, changed)
    assert store.get("abc123") is None
    _rewrite(store, text)
    assert store.get("abc123") is not None


def test_a_change_of_any_character_makes_a_row_absent():
    """The whole text, character by character: another letter, none, or one more (threat 9)."""
    store, text = _FLIPPED
    for at, each in enumerate(text):
        for changed in ("0" if each != "0" else "1", each.swapcase(), "", each + " "):
            if changed != each:
                _rewrite(store, text[:at] + changed + text[at + 1 :])
                assert store.get("abc123") is None, (at, each, changed)


def _sealed_in_memory():
    store = SQLiteStore(key=OLD, indexes=("user.id",), clock=Clock(), sweep_interval=None)
    store.set("abc123", {"user": {"id": 1}, "note": "x" * 40})
    return store, store._engine._writer.db.execute("SELECT sess FROM sessions").get


def _rewrite(store, text):
    store._engine._writer.db.execute("UPDATE sessions SET sess = ?", (text,))


_FLIPPED = _sealed_in_memory()


@pytest.fixture(scope="module", autouse=True)
def _flipped_is_closed():
    yield
    _FLIPPED[0].close()


def test_an_unreadable_row_is_in_nobodys_way(path, opened):
    """It can be replaced and ended as any other (threat 11)."""
    store = opened(key=OLD)
    for sid in ("a", "b", "c"):
        store.set(sid, {"user": {"id": 1}})
    write(path, "UPDATE sessions SET sess = '{}'")
    store.set("a", {"user": {"id": 2}})
    assert {"user": {"id": 2}} == store.get("a")
    assert 1 == store.destroy("b")
    assert [handle_of("a")] == store.ids()
    with pytest.raises(SessionExists):
        store.create("c", {})
    assert 2 == store.clear()
