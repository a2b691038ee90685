# ruff: noqa: SIM300 - assert expected == actual
"""`touch`: sliding expiry."""

from enum import StrEnum

from ...contract import TouchResult
from .base import Promise

__all__ = ["Touching"]


class Touching(Promise):
    def test_touch_moves_the_expiry(self) -> None:
        """A touched session is `"OK"`, and lives on from the moment of the touch."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        self.clock.advance(40)
        assert "OK" == store.touch("abc123", {"user": 1})
        found = store.get("abc123")
        assert found is not None
        assert self.clock.at(60) == found.expires
        self.clock.advance(59)
        assert {"user": 1} == store.get("abc123")
        self.clock.advance(1)
        assert store.get("abc123") is None

    def test_touch_can_shorten_a_life(self) -> None:
        """The expiry becomes what the given session says, be it earlier or later."""
        store = self.store()
        store.set("abc123", {"user": 1})
        assert "OK" == store.touch("abc123", {"cookie": {"maxAge": 1000}})
        found = store.get("abc123")
        assert found is not None
        assert self.clock.at(1) == found.expires

    def test_touch_never_changes_data(self) -> None:
        """What the given session holds is not saved, its cookie no more than the rest."""
        store = self.store()
        store.set("abc123", {"user": 1, "cookie": {"path": "/"}})
        assert "OK" == store.touch("abc123", {"user": 2, "cookie": {"maxAge": 1000}})
        assert {"user": 1, "cookie": {"path": "/"}} == store.get("abc123")

    def test_touch_takes_a_loaded_session(self) -> None:
        """What `get` returned can be handed to `touch`."""
        store = self.store()
        store.set("abc123", {"user": 1, "cookie": {"maxAge": 60_000}})
        found = store.get("abc123")
        assert found is not None
        self.clock.advance(30)
        assert "OK" == store.touch("abc123", found)
        again = store.get("abc123")
        assert again is not None
        assert self.clock.at(60) == again.expires

    def test_touch_of_an_absent_session_is_expired(self) -> None:
        """`touch` never makes a session."""
        store = self.store()
        assert "EXPIRED" == store.touch("abc123", {"user": 1})
        assert store.get("abc123") is None
        assert 0 == store.length()

    def test_touch_of_an_expired_session_is_expired(self) -> None:
        """`touch` never brings a session back."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        self.clock.advance(60)
        assert "EXPIRED" == store.touch("abc123", {"user": 1})
        assert store.get("abc123") is None

    def test_touch_after_destroy_is_expired(self) -> None:
        """A logout wins over a request that was under way."""
        store = self.store()
        store.set("abc123", {"user": 1})
        store.destroy("abc123")
        assert "EXPIRED" == store.touch("abc123", {"user": 1})
        assert store.get("abc123") is None

    def test_touch_into_the_past_ends_the_session(self) -> None:
        """A touch whose new expiry has passed is `"EXPIRED"`, and the session is gone."""
        store = self.store()
        store.set("abc123", {"user": 1})
        assert "EXPIRED" == store.touch("abc123", {"cookie": {"expires": self.clock.at(-1)}})
        assert store.get("abc123") is None
        assert (0, 0) == (store.stats()["live"], store.stats()["expired"])

    def test_touch_at_this_very_moment_ends_the_session(self) -> None:
        """A session lives while its expiry lies in the future, and now is not the future."""
        store = self.store()
        store.set("abc123", {"user": 1})
        assert "EXPIRED" == store.touch("abc123", {"cookie": {"expires": self.clock.at(0)}})
        assert store.get("abc123") is None

    def test_an_expired_session_is_not_revived_by_a_clock_set_back(self) -> None:
        """A touch of an expired session moved nothing, whatever the clock says (threat 12)."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        ends = self.clock.at(60)
        self.clock.advance(86_400)
        assert "EXPIRED" == store.touch("abc123", {"user": 1})
        self.clock.now = ends.timestamp()
        assert store.get("abc123") is None

    def test_the_result_is_a_str_and_an_enum(self) -> None:
        """Both `"OK"` and `TouchResult.OK` can be compared with."""
        store = self.store()
        store.set("abc123", {})
        found = store.touch("abc123", {})
        assert TouchResult.OK is found
        assert TouchResult.EXPIRED is store.touch("def456", {})
        assert isinstance(found, StrEnum)
        assert "OK" == f"{found}"

    def test_disable_touch_makes_touch_do_nothing(self) -> None:
        """With `disable_touch` the result is None, and no session is moved, made or ended."""
        store = self.store(ttl=60, disable_touch=True)
        store.set("abc123", {"user": 1})
        ends = self.clock.at(60)
        self.clock.advance(30)
        assert store.touch("abc123", {"user": 1}) is None
        assert store.touch("def456", {"user": 1}) is None
        assert store.touch("abc123", {"cookie": {"expires": self.clock.at(-1)}}) is None
        found = store.get("abc123")
        assert found is not None
        assert ends == found.expires
        assert ["abc123"] == store.ids()
