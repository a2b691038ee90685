# ruff: noqa: SIM300 - assert expected == actual
"""`create`: a new session never overwrites another."""

import pytest

from ...errors import SessionExists
from .base import Promise, rows

__all__ = ["Creating"]


class Creating(Promise):
    def test_create_saves_a_new_session(self) -> None:
        """What was created is there, and the call has no result."""
        store = self.store(ttl=60)
        result: object = store.create("abc123", {"user": 1})  # type: ignore[func-returns-value]
        assert result is None
        assert [("abc123", {"user": 1})] == [row[:2] for row in rows(store)]
        assert [self.clock.at(60)] == [each.expires for each in store.all()]

    def test_create_refuses_a_live_id(self) -> None:
        """`SessionExists`, and the session that was there keeps its data and expiry (threat 3)."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        before = rows(store)
        self.clock.advance(30)
        with pytest.raises(SessionExists):
            store.create("abc123", {"user": 2})
        assert before == rows(store)

    def test_create_twice(self) -> None:
        """Of two that create the same id, the first has it."""
        store = self.store()
        store.create("abc123", {"user": 1})
        with pytest.raises(SessionExists):
            store.create("abc123", {"user": 2})
        assert {"user": 1} == store.get("abc123")

    def test_create_over_an_expired_session(self) -> None:
        """An id whose session has expired is free, and nothing of the old session stays."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        self.clock.advance(60)
        store.create("abc123", {"name": "new"})
        assert [("abc123", {"name": "new"})] == [row[:2] for row in rows(store)]
        assert [self.clock.at(60)] == [each.expires for each in store.all()]

    def test_create_over_a_destroyed_session(self) -> None:
        """An id whose session was destroyed is free."""
        store = self.store()
        store.create("abc123", {"user": 1})
        store.destroy("abc123")
        store.create("abc123", {"user": 2})
        assert {"user": 2} == store.get("abc123")

    def test_create_of_an_expired_session_saves_nothing(self) -> None:
        """A session whose end has passed is not saved."""
        store = self.store()
        store.create("abc123", {"user": 1, "cookie": {"expires": self.clock.at(-1)}})
        assert store.get("abc123") is None
        assert (0, 0) == (store.stats()["live"], store.stats()["expired"])

    def test_create_of_an_expired_session_ends_no_other(self) -> None:
        """On a live id it is `SessionExists` all the same: the session that is there stays."""
        store = self.store()
        store.set("abc123", {"user": 1})
        with pytest.raises(SessionExists):
            store.create("abc123", {"user": 2, "cookie": {"maxAge": -1}})
        assert {"user": 1} == store.get("abc123")
