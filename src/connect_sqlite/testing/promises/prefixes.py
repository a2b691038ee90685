# ruff: noqa: SIM300 - assert expected == actual
"""Prefixes: stores that share one place and never meet.

Where each `open` makes a place of its own, as in memory, these hold by themselves.
"""

import pytest

from ...contract import Store, StoredSession
from .base import Promise, rows

__all__ = ["Prefixes"]

PAIRS = [  # ours, theirs; ours is never the beginning of theirs
    ("sess:", "app:"),
    ("ab", "a"),
    ("b", ""),
    ("%", "a"),
    ("_", "a"),
    ("a%", "ab"),
    ("a_", "ab"),
    ("a*", "ab"),
    ("a?", "ab"),
    ("[ab]", "a"),
    ("A", "a"),
    ("a", "A"),
    ("sess:", "sess;"),
    ("'", '"'),
    ("é", "e"),
    ("e\u0301", "é"),
    ("\ud7ff", "\ue000"),
    ("\uffff", "\U00010000"),
    ("\U0010ffff", "\U0010fffe"),
]


BESIDE = pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=ascii)


class Prefixes(Promise):
    @BESIDE
    def test_neither_sees_the_others_sessions(self, ours: str, theirs: str) -> None:
        """No call finds, counts or lists a session of another prefix."""
        store, other = self.stores(ours, theirs)
        other.set("id", {"user": {"id": 1}})
        assert store.get("id") is None
        assert (0, [], [], []) == (store.length(), store.ids(), store.all(), store.scan())
        assert [] == store.find("user.id", 1)
        assert (0, 0) == (store.stats()["live"], store.stats()["expired"])
        store.set("id", {"user": {"id": 1}, "ours": True})
        assert [("id", {"user": {"id": 1}, "ours": True})] == [row[:2] for row in rows(store)]
        assert ["id"] == [each.id for each in store.find("user.id", 1)]
        assert ["id"] == store.ids()
        assert ["id"] == [each.id for each in store.scan(limit=1)]
        assert [] == store.scan(after="id")
        assert (1, 1) == (store.length(), store.stats()["live"])
        assert {"user": {"id": 1}} == other.get("id")

    @BESIDE
    def test_neither_changes_the_others_sessions(self, ours: str, theirs: str) -> None:
        """No call changes, moves or takes over a session of another prefix."""
        store, other = self.stores(ours, theirs)
        other.set("id", {"user": {"id": 1}})
        before = theirs_of(other)
        self.clock.advance(10)
        assert "EXPIRED" == store.touch("id", {})
        assert store.merge("id", {"user": 2}) is None
        assert not store.rotate("id", "new", {})
        store.create("id", {"ours": True})
        assert "OK" == store.touch("id", {"cookie": {"maxAge": 1000}})
        store.set("id", {"ours": True})
        assert before == theirs_of(other)

    @BESIDE
    def test_neither_ends_the_others_sessions(self, ours: str, theirs: str) -> None:
        """No call ends a session of another prefix, `clear` least of all."""
        store, other = self.stores(ours, theirs)
        other.set("id", {"user": {"id": 1}})
        before = theirs_of(other)
        assert 0 == store.destroy("id")
        assert 0 == store.destroy_many(["id"])
        assert 0 == store.destroy_where("user.id", 1)
        assert 0 == store.clear()
        store.set("id", {"cookie": {"maxAge": 0}})
        store.touch("id", {"cookie": {"maxAge": 0}})
        assert before == theirs_of(other)
        store.set("id", {"user": {"id": 1}})
        assert 1 == store.destroy_where("user.id", 1)
        store.set("id", {})
        assert 1 == store.clear()
        assert before == theirs_of(other)

    def stores(self, ours: str, theirs: str) -> tuple[Store, Store]:
        indexes = ("user.id",)
        return self.store(prefix=ours, indexes=indexes), self.store(prefix=theirs, indexes=indexes)

    @pytest.mark.parametrize("prefix", [*sorted({ours for ours, _ in PAIRS}), ""], ids=ascii)
    def test_any_text_is_a_prefix(self, prefix: str) -> None:
        """A store works the same under every prefix, and under none (threat 2)."""
        store = self.store(prefix=prefix, indexes=("user.id",))
        for sid in ("a", "b", "c"):
            store.set(sid, {"user": {"id": 1}})
        assert ["a", "b", "c"] == store.ids()
        assert ["a", "b", "c"] == [each.id for each in store.all()]
        first, second, third = (each.id for each in store.scan())
        assert [first, second] == [each.id for each in store.scan(limit=2)]
        assert [third] == [each.id for each in store.scan(after=second)]
        assert ["a", "b", "c"] == [each.id for each in store.find("user.id", 1)]
        assert 1 == store.destroy_where("user.id", 1, keep=["a", "c"])
        assert 1 == store.destroy_many(["a", "b"])
        assert {"user": {"id": 1}} == store.get("c")
        assert (1, 1) == (store.length(), store.stats()["live"])
        assert 1 == store.clear()
        assert [] == store.ids()

    @pytest.mark.parametrize("prefix", ["a\0", "\ud800"], ids=ascii)
    def test_what_could_not_be_in_an_id_is_no_prefix(self, prefix: str) -> None:
        """NUL and lone surrogates are refused when the store is opened."""
        with pytest.raises(ValueError, match="prefix"):
            self.store(prefix=prefix)


def theirs_of(other: Store) -> tuple[StoredSession, int]:
    """The neighbour's session, as it is now."""
    found = other.get("id")
    assert found is not None
    return found, found.expires_ms
