# ruff: noqa: SIM300 - assert expected == actual
"""How long a session lives: the reference's order of rules, and the store's own `ttl`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from .base import Promise, rows
from .calls import TIMED

__all__ = ["Lifetime"]

CENTURY = 100 * 365 * 86_400
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


class Lifetime(Promise):
    def lives(self, session: dict[str, Any], **options: Any) -> float | None:
        """For how many seconds a session lives when it is saved now; None when it is not saved."""
        store = self.store(**options)
        store.set("abc123", session)
        found = store.get("abc123")
        return None if found is None else (found.expires - self.clock.at()).total_seconds()

    def test_expires_comes_first(self) -> None:
        """`cookie.expires` decides over `cookie.maxAge` and the store's `ttl`."""
        cookie = {"expires": self.clock.at(10), "maxAge": 20_000}
        assert 10 == self.lives({"cookie": cookie}, ttl=30)

    def test_max_age_comes_second(self) -> None:
        """`cookie.maxAge` decides over the store's `ttl`."""
        assert 20 == self.lives({"cookie": {"maxAge": 20_000}}, ttl=30)

    @pytest.mark.parametrize(
        "session",
        [{}, {"cookie": {}}, {"cookie": {"path": "/", "originalMaxAge": 5000}}, {"user": 1}],
        ids=repr,
    )
    def test_ttl_comes_last(self, session: dict[str, Any]) -> None:
        """The store's `ttl` decides where the cookie says nothing."""
        assert 30 == self.lives(session, ttl=30)

    def test_the_order_holds_even_for_an_end_that_has_passed(self) -> None:
        """A rule that speaks wins, also when it ends the session and the next would not."""
        assert self.lives({"cookie": {"expires": self.clock.at(-1), "maxAge": 20_000}}) is None
        assert self.lives({"cookie": {"maxAge": -1}}, ttl=30) is None
        assert 10 == self.lives({"cookie": {"expires": self.clock.at(10), "maxAge": -1}})

    def test_the_default_ttl_is_a_day(self) -> None:
        """Without an option a session lives 86,400 seconds."""
        assert 86_400 == self.lives({"user": 1})

    def test_max_age_is_in_milliseconds(self) -> None:
        """3,600,000 is an hour, whole or with a decimal point."""
        assert 3600 == self.lives({"cookie": {"maxAge": 3_600_000}})
        assert 3600 == self.lives({"cookie": {"maxAge": 3_600_000.0}})
        assert 0.001 == self.lives({"cookie": {"maxAge": 1}})

    def test_ttl_is_in_seconds(self) -> None:
        """Parts of a second count."""
        assert 1.5 == self.lives({}, ttl=1.5)

    @pytest.mark.parametrize("nothing", [None, False])
    def test_what_is_absent_falls_through(self, nothing: Any) -> None:
        """None and `false`, as express-session writes them, say nothing."""
        assert 20 == self.lives({"cookie": {"expires": nothing, "maxAge": 20_000}}, ttl=30)
        assert 30 == self.lives({"cookie": {"expires": nothing, "maxAge": nothing}}, ttl=30)
        assert 30 == self.lives({"cookie": {"maxAge": nothing}}, ttl=30)
        assert 30 == self.lives({"cookie": nothing}, ttl=30)

    @pytest.mark.parametrize("field", ["expires", "maxAge"])
    @pytest.mark.parametrize("past", [0, 0.0, -1, -(10**15)])
    def test_zero_is_a_value_and_past(self, field: str, past: float) -> None:
        """0 does not fall through: it ends the session, as every negative number does."""
        assert self.lives({"cookie": {field: past, "path": "/"}}, ttl=30) is None

    def test_a_negative_lifetime_ends_the_session_that_was_there(self) -> None:
        """Saving with a negative lifetime destroys the session, as the reference says."""
        store = self.store()
        store.set("abc123", {"user": 1})
        store.set("abc123", {"user": 1, "cookie": {"maxAge": -1000}})
        assert store.get("abc123") is None

    def test_a_hundred_years(self) -> None:
        """A very long life is no error, in any of the three ways to ask for it."""
        session = {"cookie": {"maxAge": CENTURY * 1000}}
        assert CENTURY == self.lives(session)
        assert CENTURY == self.lives({"cookie": {"expires": self.clock.at(CENTURY)}})
        assert CENTURY == self.lives({}, ttl=CENTURY)

    def test_a_hundred_years_later(self) -> None:
        """Such a session is there until its last moment, and not a moment longer."""
        store = self.store(ttl=CENTURY)
        store.set("abc123", {"user": 1})
        self.clock.advance(CENTURY - 1)
        assert {"user": 1} == store.get("abc123")
        self.clock.advance(1)
        assert store.get("abc123") is None

    def test_the_year_9999(self) -> None:
        """The latest end is the last millisecond of the year 9999."""
        store = self.store()
        for form in ("9999-12-31T23:59:59.999Z", LAST, int(LAST.timestamp() * 1000)):
            store.set("abc123", {"cookie": {"expires": form}})
            found = store.get("abc123")
            assert found is not None
            assert LAST == found.expires
        store.set("abc123", {"cookie": {"expires": "9999-12-31T23:59:59Z"}})
        found = store.get("abc123")
        assert found is not None
        assert LAST.replace(microsecond=0) == found.expires

    @pytest.mark.parametrize("seconds", [300_000_000_000, 10**15, 1e300, 1e308, 10**400])
    def test_a_ttl_beyond_the_year_9999_is_refused(self, seconds: float) -> None:
        """A lifetime that ends later than any calendar is a `ValueError`, not an overflow."""
        with pytest.raises(ValueError, match="ttl"):
            self.store(ttl=seconds).set("abc123", {})
        assert [] == self.store().ids()

    def test_without_ttl_a_session_lives_until_destroyed(self) -> None:
        """`ttl=None`: a session whose cookie says nothing has the last of all days for its end."""
        store = self.store(ttl=None)
        store.set("abc123", {"user": 1})
        found = store.get("abc123")
        assert found is not None
        assert LAST == found.expires
        self.clock.advance(70 * CENTURY)
        assert {"user": 1} == store.get("abc123")
        assert "OK" == store.touch("abc123", {})
        assert 1 == store.destroy("abc123")

    def test_without_ttl_the_cookie_still_decides(self) -> None:
        """`ttl=None` is only about sessions whose cookie says nothing."""
        assert 20 == self.lives({"cookie": {"maxAge": 20_000}}, ttl=None)

    @pytest.mark.parametrize("ttl", [60, 1.5, None])
    def test_a_store_tells_its_ttl(self, ttl: float | None) -> None:
        """`ttl` is what the store was opened with, or else a day."""
        assert ttl == self.store(ttl=ttl).ttl
        assert 86_400 == self.store().ttl

    @pytest.mark.parametrize("ttl", [0, -1, -0.5])
    def test_a_ttl_of_0_or_less_is_an_error(self, ttl: float) -> None:
        """A store in which nothing could live is refused when it is opened, naming `ttl`."""
        with pytest.raises(ValueError, match="ttl"):
            self.store(ttl=ttl)

    @pytest.mark.parametrize("call", TIMED)
    def test_every_call_that_saves_has_the_same_rules(self, call: str) -> None:
        """`set`, `create`, `rotate` and `touch` find the expiry in the same way."""
        store = self.store(ttl=30)
        cookies: list[tuple[dict[str, Any], int]] = [
            ({"expires": self.clock.at(10), "maxAge": 20_000}, 10),
            ({"expires": None, "maxAge": 20_000}, 20),
            ({}, 30),
        ]
        for cookie, seconds in cookies:
            store.clear()
            store.set("here", {})
            TIMED[call](store, {"cookie": cookie})
            store.destroy_many(["here"] if call == "create" else [])
            assert [self.clock.at(seconds)] == [each.expires for each in store.all()]

    def test_merge_takes_its_expiry_apart(self) -> None:
        """A cookie among the changes is data: only `expires=` moves the end of a merged session."""
        store = self.store(ttl=30)
        store.set("abc123", {"user": 1})
        store.merge("abc123", {"cookie": {"maxAge": 99_000}})
        ends = int(self.clock.at(30).timestamp() * 1000)
        assert [("abc123", {"user": 1, "cookie": {"maxAge": 99_000}}, ends)] == rows(store)
