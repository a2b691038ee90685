# ruff: noqa: SIM300 - assert expected == actual
"""`set`, `destroy` and `clear`: what the reference asks of a session store."""

from collections import UserDict
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from ...contract import StoredSession
from ...errors import InvalidSession
from .base import Promise
from .calls import WITH_A_SESSION

__all__ = ["Writing"]


class Writing(Promise):
    def test_set_returns_nothing(self) -> None:
        """Saving a session has no result, whether it is new or not."""
        store = self.store()
        results: list[object] = [store.set("abc123", {"a": 1}), store.set("abc123", {"a": 2})]  # type: ignore[func-returns-value]
        assert [None, None] == results

    def test_set_replaces_the_whole_session(self) -> None:
        """Saving again leaves nothing of the session that was there, nor of its expiry."""
        store = self.store(ttl=60)
        store.set("abc123", {"a": 1, "b": 2, "cookie": {"maxAge": 5000}})
        store.set("abc123", {"a": 3})
        found = store.get("abc123")
        assert found is not None
        assert {"a": 3} == found
        assert self.clock.at(60) == found.expires
        assert 1 == store.length()

    def test_set_leaves_other_sessions_alone(self) -> None:
        """Each id has a session of its own."""
        store = self.store()
        store.set("a", {"user": 1})
        store.set("b", {"user": 2})
        assert [{"user": 1}, {"user": 2}] == [store.get("a"), store.get("b")]

    def test_set_keeps_no_hold_of_the_callers_dict(self) -> None:
        """Changing a dict after it was saved changes nothing in the store."""
        store = self.store()
        session = {"user": {"id": 1}}
        store.set("abc123", session)
        session["user"]["id"] = 2
        assert {"user": {"id": 1}} == store.get("abc123")

    @pytest.mark.parametrize("call", WITH_A_SESSION)
    def test_saving_does_not_change_the_callers_dict(self, call: str) -> None:
        """A session is only read, also where its `cookie.expires` is written as text."""
        store = self.store()
        store.set("here", {})
        session = {"user": [1], "cookie": {"expires": self.clock.at(60), "path": "/"}}
        WITH_A_SESSION[call](store, "here", session)
        assert {"user": [1], "cookie": {"expires": self.clock.at(60), "path": "/"}} == session

    @pytest.mark.parametrize("call", WITH_A_SESSION)
    @pytest.mark.parametrize("kind", [MappingProxyType, UserDict, StoredSession])
    def test_any_mapping_can_be_saved(self, call: str, kind: Any) -> None:
        """A session is any mapping, a loaded one too."""
        store = self.store()
        store.set("here", {})
        session = kind({"user": 1, "cookie": {"maxAge": 5000}})
        WITH_A_SESSION[call](store, "here", session)
        assert [{"user": 1, "cookie": {"maxAge": 5000}}] == [each for each in store.all() if each]

    @pytest.mark.parametrize("call", WITH_A_SESSION)
    @pytest.mark.parametrize("session", [None, [], ["user"], "user", 1], ids=repr)
    def test_what_is_no_mapping_is_refused(self, call: str, session: Any) -> None:
        """A list or a text is `InvalidSession`, and nothing is written."""
        store = self.store()
        store.set("here", {"user": 1})
        with pytest.raises(InvalidSession):
            WITH_A_SESSION[call](store, "here", session)
        assert [("here", {"user": 1})] == [(each.id, dict(each)) for each in store.all()]

    def test_a_loaded_session_can_be_saved_again(self) -> None:
        """Load, change, save: the habit of every session middleware."""
        store = self.store()
        store.set("abc123", {"count": 1, "cookie": {"expires": self.clock.at(60)}})
        found = store.get("abc123")
        assert found is not None
        found["count"] += 1
        store.set("abc123", found)
        again = store.get("abc123")
        assert again is not None
        assert found == again
        assert self.clock.at(60) == again.expires

    def test_set_of_an_expired_session_destroys_it(self) -> None:
        """A session whose end has passed is destroyed instead of saved."""
        store = self.store()
        store.set("abc123", {"user": 1})
        result: object = store.set("abc123", {"user": 2, "cookie": {"expires": self.clock.at(-1)}})  # type: ignore[func-returns-value]
        assert (None, None) == (result, store.get("abc123"))
        assert [] == store.ids()

    def test_set_of_an_expired_session_writes_nothing(self) -> None:
        """Where there was none, there is none afterwards, not even an expired one."""
        store = self.store()
        store.set("abc123", {"cookie": {"maxAge": -1000}})
        assert (0, 0) == (store.stats()["live"], store.stats()["expired"])

    def test_destroy_counts_what_it_ended(self) -> None:
        """`destroy` answers 1 for a live session, and 0 for one that is already gone."""
        store = self.store()
        store.set("abc123", {})
        store.set("def456", {})
        assert 1 == store.destroy("abc123")
        assert 0 == store.destroy("abc123")
        assert 0 == store.destroy("never")
        assert store.get("abc123") is None
        assert ["def456"] == store.ids()

    def test_destroy_of_an_expired_session_is_0(self) -> None:
        """What has expired was over before, and does not count."""
        store = self.store(ttl=60)
        store.set("abc123", {})
        self.clock.advance(60)
        assert 0 == store.destroy("abc123")

    def test_a_session_can_be_set_again_after_destroy(self) -> None:
        """An id is free again once its session is gone."""
        store = self.store()
        store.set("abc123", {"a": 1})
        store.destroy("abc123")
        store.set("abc123", {"b": 2})
        assert {"b": 2} == store.get("abc123")

    def test_clear_ends_all_and_counts_the_live(self) -> None:
        """`clear` leaves nothing, and counts only what was live."""
        store = self.store(ttl=60)
        assert 0 == store.clear()
        store.set("expired", {})
        self.clock.advance(60)
        for sid in ("a", "b", "c"):
            store.set(sid, {})
        assert 3 == store.clear()
        assert ([], 0) == (store.ids(), store.length())
        assert (0, 0) == (store.stats()["live"], store.stats()["expired"])
        assert 0 == store.clear()

    @pytest.mark.parametrize("end", ["destroy", "clear", "destroy_many", "set", "touch", "merge"])
    def test_what_was_ended_stays_ended(self, end: str) -> None:
        """Not even a clock that is set back brings a session back that was ended (threat 12)."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        if end not in ("touch", "merge"):  # those only look at live sessions
            self.clock.advance(120)
        past = {"cookie": {"expires": self.clock.at(-1)}}
        ends: dict[str, Callable[[], object]] = {
            "destroy": lambda: store.destroy("abc123"),
            "clear": store.clear,
            "destroy_many": lambda: store.destroy_many(["abc123"]),
            "set": lambda: store.set("abc123", past),
            "touch": lambda: store.touch("abc123", past),
            "merge": lambda: store.merge("abc123", {}, (), self.clock.at(-1)),
        }
        ends[end]()
        self.clock.advance(-86_400)
        assert store.get("abc123") is None
        assert [] == store.ids()
