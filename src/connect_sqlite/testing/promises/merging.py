# ruff: noqa: SIM300 - assert expected == actual
"""`merge`: concurrent requests do not overwrite each other, and saving never revives."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ...contract import StoredSession
from ...errors import InvalidSession
from .base import Promise, rows
from .serializers import Damaging

__all__ = ["Merging"]


class Merging(Promise):
    def test_merge_sets_and_removes_keys(self) -> None:
        """Changed keys are set, removed ones are gone, and all others stay."""
        store = self.store()
        store.set("abc123", {"a": 1, "b": 2, "c": 3})
        merged = store.merge("abc123", {"b": 20, "d": 4}, ["a"])
        assert {"b": 20, "c": 3, "d": 4} == merged
        assert {"b": 20, "c": 3, "d": 4} == store.get("abc123")

    def test_merge_returns_the_session_as_merged(self) -> None:
        """The result is a stored session with its id and its expiry, as `get` would return it."""
        store = self.store(prefix="app:", ttl=60)
        store.set("abc123", {"a": 1})
        merged = store.merge("abc123", {"b": 2})
        assert merged is not None
        assert isinstance(merged, StoredSession)
        assert ("abc123", self.clock.at(60)) == (merged.id, merged.expires)
        assert store.get("abc123") == merged

    def test_two_requests_that_change_different_keys(self) -> None:
        """Both loaded the same session, and both changes stay."""
        store = self.store()
        store.set("abc123", {"cart": [], "seen": 0})
        first, second = store.get("abc123"), store.get("abc123")
        assert first == second
        store.merge("abc123", {"cart": ["book"]})
        merged = store.merge("abc123", {"seen": 1})
        assert {"cart": ["book"], "seen": 1} == merged

    def test_two_requests_that_change_the_same_key(self) -> None:
        """The later one wins."""
        store = self.store()
        store.set("abc123", {"seen": 0})
        store.merge("abc123", {"seen": 1})
        store.merge("abc123", {"seen": 2})
        assert {"seen": 2} == store.get("abc123")

    def test_one_removes_what_another_changes(self) -> None:
        """A key removed meanwhile stays removed unless it was changed itself."""
        store = self.store()
        store.set("abc123", {"a": 1, "b": 1})
        store.merge("abc123", {}, ["a"])
        store.merge("abc123", {"b": 2})
        assert {"b": 2} == store.get("abc123")

    def test_only_top_level_keys_are_merged(self) -> None:
        """A changed key's value is replaced as a whole."""
        store = self.store()
        store.set("abc123", {"user": {"id": 1, "name": "x"}, "a.b": 1})
        store.merge("abc123", {"user": {"id": 2}}, ["a", "user.name"])
        assert {"user": {"id": 2}, "a.b": 1} == store.get("abc123")

    def test_a_key_both_removed_and_changed_is_changed(self) -> None:
        """Removing comes first."""
        store = self.store()
        store.set("abc123", {"a": 1})
        assert {"a": 2} == store.merge("abc123", {"a": 2}, ["a"])

    def test_removing_what_is_not_there_is_no_error(self) -> None:
        """Another request may have removed it before."""
        store = self.store()
        store.set("abc123", {"a": 1})
        assert {"a": 1} == store.merge("abc123", {}, ["b", "c"])

    def test_removed_may_be_any_iterable(self) -> None:
        """A generator, a set or the keys of a dict name what to remove."""
        store = self.store()
        store.set("abc123", {"a": 1, "b": 2, "c": 3, "d": 4})
        store.merge("abc123", {}, (key for key in ("a",)))
        store.merge("abc123", {}, {"b"})
        assert {"d": 4} == store.merge("abc123", {}, {"c": 0}.keys())

    def test_merging_everything_away(self) -> None:
        """A session without data is still a session."""
        store = self.store()
        store.set("abc123", {"a": 1})
        assert {} == store.merge("abc123", {}, ["a"])
        assert ["abc123"] == store.ids()

    def test_merge_of_nothing_changes_nothing(self) -> None:
        """Without changes the session is only read."""
        store = self.store()
        store.set("abc123", {"a": 1})
        before = rows(store)
        self.clock.advance(10)
        assert {"a": 1} == store.merge("abc123", {})
        assert before == rows(store)

    def test_merge_keeps_no_hold_of_the_callers_dict(self) -> None:
        """Changing the changes afterwards, or the result, changes nothing in the store."""
        store = self.store()
        store.set("abc123", {})
        changed = {"user": {"id": 1}}
        merged = store.merge("abc123", changed)
        assert merged is not None
        changed["user"]["id"] = 2
        merged["more"] = True
        assert {"user": {"id": 1}} == store.get("abc123")

    def test_merge_returns_what_get_would(self) -> None:
        """The result is as it will be read, with lists for tuples, and shares nothing with it."""
        store = self.store()
        store.set("abc123", {})
        tags = ["a"]
        merged = store.merge("abc123", {"pair": (1, 2), "tags": tags})
        assert merged is not None
        assert {"pair": [1, 2], "tags": ["a"]} == merged == store.get("abc123")
        tags.append("b")
        assert {"pair": [1, 2], "tags": ["a"]} == merged

    @pytest.mark.parametrize("removed", [b"ab", bytearray(b"ab"), [b"a"], [1], [None], [[]]])
    def test_what_is_removed_is_named_by_text(self, removed: Any) -> None:
        """Anything else names no key, so it is a `TypeError`, and nothing is written."""
        store = self.store()
        store.set("abc123", {"a": 1})
        with pytest.raises(TypeError):
            store.merge("abc123", {"b": 2}, removed)
        assert {"a": 1} == store.get("abc123")

    def test_merge_of_an_absent_session_is_none(self) -> None:
        """`merge` never makes a session."""
        store = self.store()
        assert store.merge("abc123", {"a": 1}) is None
        assert store.merge("abc123", {"a": 1}, (), self.clock.at(60)) is None
        assert (0, 0) == (store.stats()["live"], store.stats()["expired"])

    def test_merge_after_destroy_is_none(self) -> None:
        """A save that comes after a logout does not bring the session back."""
        store = self.store()
        store.set("abc123", {"a": 1})
        store.destroy("abc123")
        assert store.merge("abc123", {"a": 2}, (), self.clock.at(60)) is None
        assert store.get("abc123") is None

    def test_merge_of_an_expired_session_is_none(self) -> None:
        """What has expired stays so, even where a new expiry is given."""
        store = self.store(ttl=60)
        store.set("abc123", {"a": 1})
        self.clock.advance(60)
        assert store.merge("abc123", {"a": 2}, (), self.clock.at(60)) is None
        assert store.get("abc123") is None

    def test_an_expired_session_is_not_changed_by_a_merge(self) -> None:
        """A clock that is set back shows the session as it was, if it shows it at all."""
        store = self.store(ttl=60)
        store.set("abc123", {"a": 1})
        self.clock.advance(60)
        store.merge("abc123", {"a": 2}, (), self.clock.at(60))
        self.clock.advance(-30)
        assert store.get("abc123") in (None, {"a": 1})

    def test_merge_leaves_the_expiry(self) -> None:
        """Without `expires` a session ends when it would have ended."""
        store = self.store(ttl=60)
        store.set("abc123", {"a": 1})
        ends = self.clock.at(60)
        self.clock.advance(30)
        merged = store.merge("abc123", {"a": 2})
        assert merged is not None
        assert ends == merged.expires
        self.clock.advance(30)
        assert store.get("abc123") is None

    @pytest.mark.parametrize("hours", [0, 5.5, -8])
    def test_merge_moves_the_expiry(self, hours: float) -> None:
        """`expires`, in any time zone, becomes the session's end, be it later or earlier."""
        store = self.store(ttl=60)
        store.set("abc123", {"a": 1})
        for seconds in (600, 6):
            ends = self.clock.at(seconds).astimezone(timezone(timedelta(hours=hours)))
            merged = store.merge("abc123", {}, (), ends)
            found = store.get("abc123")
            assert merged is not None
            assert found is not None
            assert [ends, ends] == [merged.expires, found.expires]
            assert timedelta(0) == merged.expires.utcoffset()

    @pytest.mark.parametrize("seconds", [0, -1, -86_400 * 365 * 100])
    def test_merge_into_the_past_ends_the_session(self, seconds: float) -> None:
        """A session whose new expiry has passed is gone."""
        store = self.store()
        store.set("abc123", {"a": 1})
        assert store.merge("abc123", {"a": 2}, (), self.clock.at(seconds)) is None
        assert store.get("abc123") is None
        assert (0, 0) == (store.stats()["live"], store.stats()["expired"])

    def test_merge_refuses_a_naive_expiry(self) -> None:
        """A `datetime` without a time zone is refused by name, and nothing is written."""
        store = self.store()
        store.set("abc123", {"a": 1})
        before = rows(store)
        with pytest.raises(InvalidSession, match="expires"):
            store.merge("abc123", {"a": 2}, (), datetime(2027, 1, 15, 9))
        assert before == rows(store)

    @pytest.mark.parametrize(
        "late",
        [
            datetime(9999, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1))),
            datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        ],
        ids=str,
    )
    def test_merge_refuses_an_expiry_after_the_year_9999(self, late: datetime) -> None:
        """As in a cookie, such a time is refused by name, and nothing is written."""
        store = self.store()
        store.set("abc123", {"a": 1})
        before = rows(store)
        with pytest.raises(InvalidSession, match="expires"):
            store.merge("abc123", {"a": 2}, (), late)
        assert before == rows(store)

    def test_merge_refuses_what_json_has_not(self) -> None:
        """A value that cannot be saved is refused by its key, also where nothing would be saved."""
        store = self.store()
        store.set("abc123", {"a": 1})
        before = rows(store)
        for sid in ("abc123", "absent"):
            with pytest.raises(InvalidSession, match="tags"):
                store.merge(sid, {"b": 2, "tags": {"x"}}, ["a"])
        assert before == rows(store)

    def test_merge_counts_the_whole_session_against_max_bytes(self) -> None:
        """Many small changes cannot make a session larger than the store allows."""
        store = self.store(max_bytes=100)
        store.set("abc123", {"a": "x" * 60})
        before = rows(store)
        with pytest.raises(InvalidSession):
            store.merge("abc123", {"b": "y" * 60})
        assert before == rows(store)
        assert {"b": "y" * 60} == store.merge("abc123", {"b": "y" * 60}, ["a"])

    def test_merge_leaves_an_unreadable_session_alone(self) -> None:
        """What cannot be read cannot be merged: None, and the others are as they were."""
        store = self.store(serializer=Damaging())
        store.set("a", {"damaged": True})
        store.set("b", {"user": 1})
        assert store.merge("a", {"user": 2}, ["damaged"]) is None
        assert store.get("a") is None
        assert {"user": 1} == store.get("b")
