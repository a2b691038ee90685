"""The TTL rules as pure functions, for any input."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connect_sqlite import InvalidSession
from connect_sqlite.expiry import NEVER, expiry_of, from_datetime, to_datetime, to_iso
from connect_sqlite.testing.sessions import json_values

NOW = 1_800_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(
    min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=offsets
)
ttls = st.none() | st.integers(1, 10**10) | st.floats(0.001, 10**10)
absent = st.sampled_from([None, False])


@given(moment=moments)
def test_a_moment_is_the_same_in_every_zone(moment):
    """What counts is the instant, in whole milliseconds rounded down."""
    expected = (moment - EPOCH) // timedelta(milliseconds=1)
    assert expected == from_datetime(moment, "x")
    assert expected == from_datetime(moment.astimezone(UTC), "x")


@given(milliseconds=st.integers(-62_135_596_800_000, NEVER))
def test_milliseconds_and_datetimes_are_the_same(milliseconds):
    """Each millisecond of the years 1 to 9999 is a `datetime` in UTC, and back again."""
    moment = to_datetime(milliseconds)
    assert UTC is moment.tzinfo
    assert milliseconds == from_datetime(moment, "x")


@given(milliseconds=st.integers())
def test_every_number_is_some_moment(milliseconds):
    """A number from a file that no calendar knows is moved to the nearer end."""
    assert 1 <= to_datetime(milliseconds).year <= 9999


@given(moment=moments)
def test_text_is_as_javascript_writes_it(moment):
    """24 characters, three decimals, `Z`; and it is read as the same moment."""
    text = to_iso(moment)
    assert 24 == len(text)
    assert "Z" == text[-1]
    assert from_datetime(moment, "x") == from_datetime(datetime.fromisoformat(text), "x")


@given(moment=moments, ttl=ttls)
def test_forms_of_one_moment_end_at_one_moment(moment, ttl):
    """A `datetime`, its text and its milliseconds are the same expiry, whatever the `ttl`."""
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    forms = [moment, moment.isoformat(), to_iso(moment), from_datetime(moment, "x")]
    ends = {expiry_of({"cookie": {"expires": form, "maxAge": 1}}, ttl, NOW) for form in forms}
    assert {max(0, forms[-1])} == ends


@given(expires=absent | st.integers(0, NEVER), max_age=absent | st.integers(-NOW, 10**13), ttl=ttls)
def test_the_first_rule_that_speaks_wins(expires, max_age, ttl):
    """`cookie.expires`, then `cookie.maxAge`, then the `ttl`, and without one never."""
    if expires is not None and expires is not False:
        expected = expires
    elif max_age is not None and max_age is not False:
        expected = NOW + max_age
    elif ttl is not None:
        expected = NOW + int(ttl * 1000)
    else:
        expected = NEVER
    assert expected == expiry_of({"cookie": {"expires": expires, "maxAge": max_age}}, ttl, NOW)


@given(max_age=st.floats(-(10**12), 10**12))
def test_part_of_a_millisecond_is_a_whole_one(max_age):
    """A `maxAge` with decimals is rounded up, so that a positive one is never nothing."""
    assert NOW + math.ceil(max_age) == expiry_of({"cookie": {"maxAge": max_age}}, 1, NOW)


dates = st.builds(
    "{}{}{} {} {}{}{}:{}:{}{}{}".format,
    st.sampled_from(["", "Fri, ", "Friday, ", "Fri "]),
    st.integers(-1, 40),
    st.sampled_from([" ", "-", ""]),
    st.sampled_from(["Jan", "jan", "Foo", "01", ""]),
    st.integers(-1, 10**12) | st.sampled_from([0, 27, 99, 2027, 9999, 10000]),
    st.sampled_from([" ", "T", ""]),
    st.integers(-1, 25),
    st.integers(-1, 61),
    st.integers(-1, 61),
    st.sampled_from(["", ".5", ".123456789"]),
    st.sampled_from(["", "Z", " GMT", " UT", " EST", " +0000", "+01:00", " -9999", " +99999999"]),
)
isolike = st.builds(
    "{}-{:02}-{:02}T{:02}:{:02}:{:02}{}".format,
    *(st.integers(-1, 10_001), st.integers(0, 13), st.integers(0, 32)),
    *(st.integers(0, 25), st.integers(0, 60), st.integers(0, 61)),
    st.sampled_from(["", "Z", "+24:00", "-23:59", "+00:00:00.000001", ".5Z", ",5Z"]),
)


@given(
    expires=st.one_of(
        *(json_values, st.text(), dates, isolike, st.floats(), st.integers()),
        *(st.datetimes(), st.datetimes(timezones=offsets), st.binary(), st.uuids()),
    ),
    max_age=json_values | st.floats() | st.integers(),
    ttl=ttls,
)
@example(expires="Fri, 15 Jan 2027 09:00:00 +9999999999", max_age=None, ttl=1)
@example(expires=datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), max_age=1, ttl=1)
@example(expires=datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), max_age=1, ttl=1)
@example(expires="\0", max_age=1, ttl=1)
@example(expires="9" * 5000, max_age=1, ttl=1)
def test_an_expiry_within_bounds_or_invalid_session(expires, max_age, ttl):
    """Whatever a cookie holds, the answer is a time up to the year 9999, or one kind of error."""
    for cookie in ({"expires": expires}, {"maxAge": max_age}, {"expires": None, "maxAge": max_age}):
        try:
            ends = expiry_of({"cookie": cookie}, ttl, NOW)
        except InvalidSession as error:
            ends = error
        if isinstance(ends, InvalidSession):
            assert str(ends).startswith(("cookie.expires", "cookie.maxAge"))
        else:
            assert int is type(ends)
            assert 0 <= ends <= NEVER


@given(cookie=json_values | st.binary() | st.floats(), ttl=ttls)
def test_a_cookie_is_an_object_or_nothing(cookie, ttl):
    """Anything else under that key is refused by its name."""
    if isinstance(cookie, dict):
        return
    if cookie is None or cookie is False:
        assert expiry_of({}, ttl, NOW) == expiry_of({"cookie": cookie}, ttl, NOW)
        return
    with pytest.raises(InvalidSession, match="cookie"):
        expiry_of({"cookie": cookie}, ttl, NOW)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Fri, 15 Jan 2027 09:00:00 GMT", 9),
        ("Fri, 15 Jan 2027 09:00:00 UT", 9),
        ("Fri, 15 Jan 2027 09:00:00 +0200", 7),
        ("15 Jan 2027 09:00:00 GMT", 9),
        ("Friday, 15-Jan-27 09:00:00 GMT", 9),
        ("2027-01-15T09:00Z", 9),
        ("2027-01-15 09:00:00+00:00", 9),
        ("20270115T090000Z", 9),
    ],
)
def test_dates_as_they_are_met_in_the_wild(text, hours):
    """HTTP's dates, old and new, and the shorter forms of ISO 8601 are understood."""
    midnight = from_datetime(datetime(2027, 1, 15, tzinfo=UTC), "x")
    assert midnight + hours * 3_600_000 == expiry_of({"cookie": {"expires": text}}, 1, NOW)


@pytest.mark.parametrize(
    "text", ["Fri, 15 Jan 2027 09:00:00", "Fri, 15 Jan 2027 09:00:00 -0000", "2027-01-15T09:00:00"]
)
def test_a_date_without_a_zone_is_refused(text):
    """It would mean another moment on another machine."""
    with pytest.raises(InvalidSession, match=r"cookie\.expires"):
        expiry_of({"cookie": {"expires": text}}, 1, NOW)


def test_what_javascript_writes_is_read():
    """A cookie as express-session stores it, after a trip through JSON."""
    cookie = {"originalMaxAge": 60_000, "expires": "2027-01-15T08:01:00.000Z", "httpOnly": True}
    session = json.loads(json.dumps({"cookie": {**cookie, "path": "/"}}))
    assert NOW + 60_000 == expiry_of(session, 1, NOW)
    session["cookie"].update(originalMaxAge=None, expires=None)
    assert NOW + 1000 == expiry_of(session, 1, NOW)
    session["cookie"].update(originalMaxAge=None, expires=False)
    assert NOW + 1000 == expiry_of(session, 1, NOW)
