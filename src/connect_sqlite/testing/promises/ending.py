# ruff: noqa: SIM300 - assert expected == actual
"""`destroy_where` and `destroy_many`: ending several sessions at once."""

from collections.abc import Callable, Collection

import pytest

from ...errors import InvalidSessionId
from ...handles import Handle, handle_of
from .base import Promise, rows

__all__ = ["Ending"]


class Ending(Promise):
    def test_log_out_everywhere(self) -> None:
        """All sessions of one user end, and their number is told; nobody else's do."""
        store = self.store(indexes=("user.id",))
        for sid, user in (("a", 1), ("b", 1), ("c", 2), ("d", 1)):
            store.set(sid, {"user": {"id": user}})
        assert 3 == store.destroy_where("user.id", 1)
        assert ["c"] == store.ids()
        assert 0 == store.destroy_where("user.id", 1)

    @pytest.mark.parametrize("kind", [tuple, list, set, frozenset, dict.fromkeys])
    def test_log_out_everywhere_else(self, kind: Callable[[list[str]], Collection[str]]) -> None:
        """The ids in `keep` stay, whatever collection names them."""
        store = self.store(prefix="app:", indexes=("user.id",))
        for sid in ("a", "b", "c", "d"):
            store.set(sid, {"user": {"id": 1}})
        assert 2 == store.destroy_where("user.id", 1, keep=kind(["b", "d"]))
        assert ["b", "d"] == store.ids()

    def test_keep_may_name_what_is_not_there(self) -> None:
        """An id that is absent, or another user's, keeps nothing and harms nothing."""
        store = self.store(indexes=("user.id",))
        store.set("a", {"user": {"id": 1}})
        store.set("b", {"user": {"id": 2}})
        assert 1 == store.destroy_where("user.id", 1, keep=["absent", "b", "A", "%", "sess:a"])
        assert ["b"] == store.ids()

    @pytest.mark.parametrize("sid", ["é", "\U0001f36a", "a'b", 'a"b', "a\\b", "\n", "a\x01", "%"])
    def test_keep_takes_any_id(self, sid: str) -> None:
        """Odd ids are kept as they are."""
        store = self.store(indexes=("user.id",))
        store.set(sid, {"user": {"id": 1}})
        store.set("b", {"user": {"id": 1}})
        assert 1 == store.destroy_where("user.id", 1, keep=[sid])
        assert [sid] == store.ids()

    def test_keep_of_many(self) -> None:
        """Thousands of ids can be kept."""
        store = self.store(indexes=("user.id",))
        store.set("a", {"user": {"id": 1}})
        store.set("9999", {"user": {"id": 1}})
        assert 1 == store.destroy_where("user.id", 1, keep=[str(n) for n in range(40_000)])
        assert ["9999"] == store.ids()

    def test_destroy_where_counts_the_live(self) -> None:
        """What had expired is gone too, and is not counted."""
        store = self.store(indexes=("user.id",))
        store.set("expired", {"user": {"id": 1}, "cookie": {"maxAge": 1000}})
        store.set("live", {"user": {"id": 1}})
        self.clock.advance(1)
        assert 1 == store.destroy_where("user.id", 1)
        self.clock.advance(-1)
        assert store.get("expired") is None

    def test_signed_in_again_and_out_elsewhere(self) -> None:
        """One user, three browsers: the one that says so stays, under a new id; one row is left."""
        store = self.store(indexes=("user.id",))
        for sid in ("laptop", "phone", "tablet"):
            store.set(sid, {"user": {"id": 7}})
        assert 2 == store.destroy_where("user.id", 7, keep=("laptop",))
        assert store.rotate("laptop", "laptop2", {"user": {"id": 7}})
        assert ["laptop2"] == store.ids()
        assert 1 == store.stats()["live"]

    def test_destroy_many_counts_what_it_ended(self) -> None:
        """The number is of those that were live; absent and expired ones do not count."""
        store = self.store(ttl=60)
        store.set("expired", {"cookie": {"maxAge": 1000}})
        for sid in ("a", "b", "c"):
            store.set(sid, {})
        self.clock.advance(1)
        assert 2 == store.destroy_many(["a", "absent", "expired", "c"])
        assert ["b"] == store.ids()
        assert 0 == store.destroy_many(["a", "c"])

    def test_destroy_many_of_none(self) -> None:
        """Nothing to end is no error."""
        store = self.store()
        store.set("a", {})
        assert 0 == store.destroy_many([])
        assert ["a"] == store.ids()

    def test_destroy_many_counts_each_once(self) -> None:
        """An id named twice is ended once."""
        store = self.store()
        store.set("a", {})
        assert 1 == store.destroy_many(["a", "a", "a"])

    def test_destroy_many_takes_any_iterable(self) -> None:
        """A generator, a set or the result of `ids` name what to end."""
        store = self.store()
        for sid in ("a", "b", "c", "d"):
            store.set(sid, {})
        assert 1 == store.destroy_many(sid for sid in ("a",))
        assert 1 == store.destroy_many({"b"})
        assert 2 == store.destroy_many(store.ids())

    def test_destroy_many_of_thousands(self) -> None:
        """There is no limit to how many are ended in one call."""
        store = self.store()
        store.set("17", {})
        store.set("39999", {})
        store.set("other", {})
        assert 2 == store.destroy_many(str(n) for n in range(40_000))
        assert ["other"] == store.ids()

    def test_what_a_list_names_can_be_ended(self) -> None:
        """By the `.id` of what `find`, `ids` and `scan` return, be it an id or a handle."""
        store = self.store(indexes=("user.id",), as_it_is=True)
        sids = ("a", "b", "c", "d")
        for sid in sids:
            store.set(sid, {"user": {"id": 1}})
        found = store.find("user.id", 1)
        assert sorted(map(handle_of, sids)) == sorted(handle_of(each.id) for each in found)
        assert {Handle if self.hides_ids else str} == {type(each.id) for each in found}
        assert [] == store.scan(after=store.scan()[-1].id)
        kept, ended, *others = found
        assert 1 == store.destroy(ended.id)
        assert 2 == store.destroy_many([each.id for each in others])
        assert 0 == store.destroy_where("user.id", 1, keep=[kept.id])
        assert [kept.id] == store.ids() == [each.id for each in store.all()]
        if self.hides_ids:
            assert store.get(str(kept.id)) is None
            with pytest.raises(InvalidSessionId):
                store.get(kept.id)

    def test_destroy_many_ends_all_or_none(self) -> None:
        """One id that is none makes the call fail, and no session ends."""
        store = self.store()
        store.set("a", {})
        before = rows(store)
        with pytest.raises(InvalidSessionId):
            store.destroy_many(["a", ""])
        assert before == rows(store)
