# ruff: noqa: SIM300 - assert expected == actual
"""`get`, `length`, `ids` and `all`: what a store tells of its sessions."""

from datetime import UTC

from ...contract import StoredSession
from .base import Promise, rows
from .serializers import Damaging

__all__ = ["Reading"]


class Reading(Promise):
    def test_get_returns_what_was_set(self) -> None:
        """A saved session comes back with its data."""
        store = self.store()
        store.set("abc123", {"user": {"id": 1}, "cookie": {"path": "/"}})
        assert {"user": {"id": 1}, "cookie": {"path": "/"}} == store.get("abc123")

    def test_get_of_an_absent_session_is_none(self) -> None:
        """No session is no error."""
        store = self.store()
        store.set("abc123", {"user": 1})
        assert store.get("abc124") is None

    def test_get_of_an_expired_session_is_none(self) -> None:
        """A session is there until its expiry, and from that very moment on it is not."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        self.clock.advance(59.999)
        assert {"user": 1} == store.get("abc123")
        self.clock.advance(0.001)
        assert store.get("abc123") is None

    def test_a_stored_session_is_a_dict_with_id_and_expiry(self) -> None:
        """What `get` returns is a `dict` that also knows its id and its end, in UTC."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        found = store.get("abc123")
        assert isinstance(found, dict)
        assert isinstance(found, StoredSession)
        assert ("abc123", self.clock.at(60)) == (found.id, found.expires)
        assert UTC is found.expires.tzinfo
        assert int(self.clock.at(60).timestamp() * 1000) == found.expires_ms

    def test_id_and_expiry_are_no_data(self) -> None:
        """Keys named `id` and `expires` belong to the user; `.id` and `.expires` stay apart."""
        store = self.store(ttl=60)
        store.set("abc123", {"id": 7, "expires": "never"})
        found = store.get("abc123")
        assert found is not None
        assert {"id": 7, "expires": "never"} == found
        assert ("abc123", self.clock.at(60)) == (found.id, found.expires)

    def test_an_empty_session_is_a_session(self) -> None:
        """A session without data is live, and is not None."""
        store = self.store()
        store.set("abc123", {})
        found = store.get("abc123")
        assert found is not None
        assert {} == found
        assert 1 == store.length()

    def test_reading_does_not_keep_a_session_alive(self) -> None:
        """Only `touch` and saving move the expiry."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        self.clock.advance(30)
        store.get("abc123")
        store.all()
        store.ids()
        store.scan()
        self.clock.advance(30)
        assert store.get("abc123") is None

    def test_what_get_returned_is_the_callers(self) -> None:
        """Changing a loaded session changes nothing in the store."""
        store = self.store()
        store.set("abc123", {"user": {"id": 1}})
        found = store.get("abc123")
        assert found is not None
        found["user"]["id"] = 2
        assert {"user": {"id": 1}} == store.get("abc123")

    def test_length_counts_the_live(self) -> None:
        """Absent, destroyed and expired sessions are not counted."""
        store = self.store(ttl=60)
        assert 0 == store.length()
        for sid in ("a", "b", "c"):
            store.set(sid, {})
        assert 3 == store.length()
        store.destroy("a")
        assert 2 == store.length()
        store.set("later", {"cookie": {"maxAge": 120_000}})
        self.clock.advance(60)
        assert 1 == store.length()

    def test_ids_are_those_of_the_live(self) -> None:
        """`ids` lists live sessions, without the store's prefix."""
        store = self.store(prefix="app:", ttl=60)
        assert [] == store.ids()
        store.set("abc123", {})
        store.set("def456", {"cookie": {"maxAge": 120_000}})
        assert ["abc123", "def456"] == store.ids()
        self.clock.advance(60)
        assert ["def456"] == store.ids()

    def test_all_has_the_live_sessions_with_their_ids(self) -> None:
        """`all` returns live sessions, each with its data, `.id` and `.expires`."""
        store = self.store(prefix="app:", ttl=60)
        assert [] == store.all()
        store.set("abc123", {"user": 1})
        store.set("def456", {"user": 2, "cookie": {"maxAge": 120_000}})
        soon, later = (int(self.clock.at(seconds).timestamp() * 1000) for seconds in (60, 120))
        last = ("def456", {"user": 2, "cookie": {"maxAge": 120_000}}, later)
        assert [("abc123", {"user": 1}, soon), last] == rows(store)
        assert [StoredSession, StoredSession] == [type(each) for each in store.all()]
        self.clock.advance(60)
        assert [last] == rows(store)

    def test_ids_come_in_order(self) -> None:
        """Ids are ordered by their characters' code points, in `ids`, `all` and `scan` alike."""
        store = self.store()
        ordered = sorted(["b", "a", "B", "é", "~", "1", "10", "9", "\ufffd", "\U0001f36a", "aa"])
        for sid in reversed(ordered):
            store.set(sid, {})
        assert ordered == store.ids()
        assert ordered == [each.id for each in store.all()]
        scanned = [each.id for each in store.scan()]
        assert ordered == (sorted(scanned) if self.hides_ids else scanned)

    def test_an_unreadable_row_hides_no_other(self) -> None:
        """A session that cannot be read is left out of `all`, and counted in `stats`."""
        store = self.store(serializer=Damaging())
        store.set("a", {"user": 1})
        store.set("b", {"damaged": True})
        store.set("c", {"user": 3})
        assert ["a", "c"] == [each.id for each in store.all()]
        assert store.stats()["errors"]["unreadable"] >= 1

    def test_an_unreadable_row_is_absent(self) -> None:
        """`get` and `merge` answer None for a session that cannot be read, and it is counted."""
        store = self.store(serializer=Damaging())
        store.set("b", {"damaged": True})
        assert "unreadable" not in store.stats()["errors"]
        assert store.get("b") is None
        assert 1 == store.stats()["errors"]["unreadable"]
        assert store.merge("b", {"user": 1}) is None
        assert store.get("b") is None
        assert 3 == store.stats()["errors"]["unreadable"]

    def test_an_unreadable_row_can_be_replaced_and_destroyed(self) -> None:
        """`set` and `destroy` work on a session that cannot be read."""
        store = self.store(serializer=Damaging())
        store.set("a", {"damaged": True})
        store.set("b", {"damaged": True})
        store.set("a", {"user": 1})
        assert {"user": 1} == store.get("a")
        store.destroy("b")
        assert ["a"] == store.ids()
