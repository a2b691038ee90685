# ruff: noqa: SIM300 - assert expected == actual
"""What `cookie.expires` and `cookie.maxAge` may be, and what is refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from ...errors import InvalidSession
from .base import Promise, rows
from .calls import TIMED

__all__ = ["Expiry"]


def zone(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))


# The suite's clock begins at 08:00 UTC of that day.
NINE = datetime(2027, 1, 15, 9, tzinfo=UTC)
IN_AN_HOUR = {
    "datetime in UTC": NINE,
    "datetime east": NINE.astimezone(zone(5.5)),
    "datetime west": NINE.astimezone(zone(-8)),
    "datetime on another day": NINE.astimezone(zone(-14)),
    "text as JavaScript writes it": "2027-01-15T09:00:00.000Z",
    "text without decimals": "2027-01-15T09:00:00Z",
    "text with an offset": "2027-01-15T10:30:00+01:30",
    "text with microseconds": "2027-01-15T09:00:00.000000+00:00",
    "HTTP date": "Fri, 15 Jan 2027 09:00:00 GMT",
    "milliseconds": 1_800_003_600_000,
    "milliseconds as float": 1_800_003_600_000.0,
}
REFUSED_EXPIRES = {
    "naive datetime": datetime(2027, 1, 15, 9),
    "text without an offset": "2027-01-15T09:00:00",
    "text of a date": "2027-01-15",
    "HTTP date without a zone": "Fri, 15 Jan 2027 09:00:00",
    "other text": "tomorrow",
    "empty text": "",
    "digits as text": "1800003600000",
    "a surrogate": "\ud800",
    "true": True,
    "list": [1_800_003_600_000],
    "object": {"at": 1_800_003_600_000},
    "date": date(2027, 1, 15),
    "bytes": b"2027-01-15T09:00:00Z",
    "Decimal": Decimal(1_800_003_600_000),
    "NaN": float("nan"),
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "text after the year 9999": "+010000-01-01T00:00:00.000Z",
    "datetime after the year 9999": datetime(9999, 12, 31, 23, 30, tzinfo=zone(-1)),
    "datetime.max in the west": datetime.max.replace(tzinfo=zone(-14)),
    "text with an offset beyond 9999": "9999-12-31T23:30:00-01:00",
    "milliseconds after the year 9999": 253_402_300_800_000,
    "a number beyond 64 bits": 2**64,
    "a number beyond floats": 10**400,
    "a huge float": 1e300,
}
REFUSED_MAX_AGE = {
    "text": "3600000",
    "empty text": "",
    "true": True,
    "list": [3_600_000],
    "object": {},
    "timedelta": timedelta(hours=1),
    "Decimal": Decimal(3_600_000),
    "NaN": float("nan"),
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "beyond the year 9999": 253_402_300_800_000,
    "beyond floats": 10**400,
}
EARLIEST = {
    "the year 1": datetime(1, 1, 1, tzinfo=UTC),
    "before the year 1": datetime.min.replace(tzinfo=zone(14)),
    "text before the year 1": "0001-01-01T00:00:00+14:00",
    "before 1970": -1,
    "before all calendars": -(10**17),
}


class Expiry(Promise):
    @pytest.mark.parametrize("form", IN_AN_HOUR)
    def test_a_moment_has_many_forms(self, form: str) -> None:
        """An aware `datetime`, ISO 8601 text, an HTTP date and epoch milliseconds mean the same."""
        store = self.store()
        store.set("abc123", {"cookie": {"expires": IN_AN_HOUR[form]}})
        found = store.get("abc123")
        assert found is not None
        assert NINE == found.expires
        assert UTC is found.expires.tzinfo

    @pytest.mark.parametrize("form", IN_AN_HOUR)
    def test_a_touch_takes_the_same_forms(self, form: str) -> None:
        """What may be saved may be touched with."""
        store = self.store()
        store.set("abc123", {})
        assert "OK" == store.touch("abc123", {"cookie": {"expires": IN_AN_HOUR[form]}})
        found = store.get("abc123")
        assert found is not None
        assert NINE == found.expires

    @pytest.mark.parametrize("call", TIMED)
    @pytest.mark.parametrize("form", REFUSED_EXPIRES)
    def test_what_is_no_moment_is_refused(self, call: str, form: str) -> None:
        """Anything else is `InvalidSession` that names `cookie.expires`, and nothing is written."""
        self.refuses(call, "expires", REFUSED_EXPIRES[form])

    @pytest.mark.parametrize("call", TIMED)
    @pytest.mark.parametrize("form", REFUSED_MAX_AGE)
    def test_what_is_no_lifetime_is_refused(self, call: str, form: str) -> None:
        """`cookie.maxAge` is a finite number, or it is refused by name and nothing is written."""
        self.refuses(call, "maxAge", REFUSED_MAX_AGE[form])

    def refuses(self, call: str, field: str, value: object) -> None:
        store = self.store()
        store.set("here", {"user": 1})
        before = rows(store)
        with pytest.raises(InvalidSession, match=rf"cookie\.{field}"):
            TIMED[call](store, {"user": 2, "cookie": {field: value}})
        assert before == rows(store)

    @pytest.mark.parametrize("call", TIMED)
    @pytest.mark.parametrize("cookie", ["a=b", [], ["a"], 1, 0, True, ""], ids=repr)
    def test_a_cookie_is_an_object(self, call: str, cookie: Any) -> None:
        """`cookie` is the reference's own key: something else there is refused by name."""
        store = self.store()
        store.set("here", {"user": 1})
        before = rows(store)
        with pytest.raises(InvalidSession, match="cookie"):
            TIMED[call](store, {"cookie": cookie})
        assert before == rows(store)

    @pytest.mark.parametrize("cookie", ["a=b", [1], {"expires": "soon"}, {"maxAge": []}], ids=repr)
    def test_merge_refuses_a_cookie_that_could_not_be_saved(self, cookie: Any) -> None:
        """A merged session can always be saved again: its cookie obeys the same rules."""
        store = self.store()
        store.set("here", {"user": 1})
        before = rows(store)
        with pytest.raises(InvalidSession, match="cookie"):
            store.merge("here", {"cookie": cookie})
        assert before == rows(store)

    @pytest.mark.parametrize("form", EARLIEST)
    def test_the_far_past_is_past(self, form: str) -> None:
        """However long ago, an end that has passed is no error: the session is not saved."""
        session = {"cookie": {"expires": EARLIEST[form]}}
        store = self.store()
        store.create("new", session)
        store.set("a", {})
        assert store.rotate("a", "b", session)
        store.set("a", {})
        store.set("a", session)
        assert [] == store.ids()
        store.set("a", {})
        assert "EXPIRED" == store.touch("a", session)
        assert [] == store.ids()

    def test_parts_of_a_millisecond_are_dropped(self) -> None:
        """An expiry is kept in whole milliseconds."""
        store = self.store()
        store.set("abc123", {"cookie": {"expires": NINE + timedelta(microseconds=1999)}})
        found = store.get("abc123")
        assert found is not None
        assert NINE + timedelta(milliseconds=1) == found.expires

    @pytest.mark.parametrize("call", ["set", "create", "rotate"])
    def test_a_datetime_is_kept_as_javascript_writes_it(self, call: str) -> None:
        """JSON has no dates: a `datetime` comes back as text that a Node app reads too."""
        store = self.store()
        if call == "rotate":
            store.set("here", {})
        cookie = {"expires": NINE.astimezone(zone(1)), "path": "/"}
        TIMED[call](store, {"user": 1, "cookie": cookie})
        as_text = {"expires": "2027-01-15T09:00:00.000Z", "path": "/"}
        assert [{"user": 1, "cookie": as_text}] == store.all()

    def test_a_merged_datetime_is_kept_the_same_way(self) -> None:
        """`merge` writes a cookie as `set` does."""
        store = self.store()
        store.set("abc123", {"user": 1})
        merged = store.merge("abc123", {"cookie": {"expires": NINE}}, (), NINE)
        as_text = {"user": 1, "cookie": {"expires": "2027-01-15T09:00:00.000Z"}}
        assert as_text == merged
        assert as_text == store.get("abc123")

    @pytest.mark.parametrize("form", ["2027-01-15T10:30:00+01:30", 1_800_003_600_000])
    def test_text_and_numbers_are_kept_as_they_are(self, form: Any) -> None:
        """What a Node app wrote is not rewritten."""
        store = self.store()
        store.set("abc123", {"cookie": {"expires": form, "maxAge": None}})
        assert {"cookie": {"expires": form, "maxAge": None}} == store.get("abc123")
