"""The `Session` that a handler sees."""

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_sqlite import InvalidSession, StoredSession
from connect_sqlite._session.jar import SessionCookies
from connect_sqlite._session.options import CookieOptions
from connect_sqlite._session.session import Session
from connect_sqlite._session.signing import Signer, new_id
from connect_sqlite._session.timeouts import Timeouts

from .conftest import SECRET, START, Clock

NOW = int(START * 1000)
DAY = 86_400
DATA = {"a": 1, "user": {"id": 7}}


def timeouts(clock=None, **options):
    nothing = dict.fromkeys(("idle", "absolute", "touch_interval"))
    return Timeouts(clock=clock or Clock(), **{"ttl": DAY * 1000, **nothing, **options})


class Home:
    """All that a session asks of its middleware."""

    store = None

    def __init__(self, terms):
        self.timeouts = terms

    def new_id(self, request):
        return new_id()

    def has_changed_hands(self, session):
        return False


def new(clock=None, *, max_age=None, **options):
    cookies = SessionCookies("connect.sid", CookieOptions(max_age=max_age), Signer(SECRET))
    return Session(Home(timeouts(clock, **options)), cookies, https=False)


def loaded(data=DATA, clock=None, **options):
    row = StoredSession(copy.deepcopy(data))
    row.id, row.expires_ms = "the-id", NOW + DAY * 1000
    session = new(clock, **options)
    session._fill(row)
    return session


def test_it_holds_what_was_loaded_before_anybody_looks():
    """A loaded session is full at once, also for code that reads the dict underneath."""
    assert DATA == orjson.loads(orjson.dumps(loaded()))
    assert DATA == json.loads(json.dumps(loaded()))
    assert DATA == dict(loaded())
    assert DATA == {**loaded()}
    assert DATA == loaded().copy()
    assert not loaded().is_new
    assert new().is_new


_KEYS = st.sampled_from("abc")
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("__setitem__"), _KEYS, st.integers()),
        st.tuples(st.just("__delitem__"), _KEYS),
        st.tuples(st.just("pop"), _KEYS),
        st.tuples(st.just("pop"), _KEYS, st.none()),
        st.tuples(st.just("popitem")),
        st.tuples(st.just("setdefault"), _KEYS, st.integers()),
        st.tuples(st.just("update"), st.dictionaries(_KEYS, st.integers())),
        st.tuples(st.just("__ior__"), st.dictionaries(_KEYS, st.integers())),
        st.tuples(st.just("__or__"), st.dictionaries(_KEYS, st.integers())),
        st.tuples(st.just("__ror__"), st.dictionaries(_KEYS, st.integers())),
        st.tuples(st.just("clear")),
        st.tuples(st.just("get"), _KEYS),
        st.tuples(st.just("__getitem__"), _KEYS),
        st.tuples(st.just("__contains__"), _KEYS),
        st.tuples(st.just("__len__")),
        st.tuples(st.just("__eq__"), st.dictionaries(_KEYS, st.integers())),
        st.tuples(st.just("copy")),
    )
)


@given(_STEPS)
def test_it_behaves_as_a_dict(steps):
    """Whatever is done to a session gives and leaves what it would give and leave with a dict."""

    def outcome(mapping, name, arguments):
        try:
            result = getattr(mapping, name)(*arguments)
        except KeyError as error:
            return error.args
        return result if not isinstance(result, dict) else sorted(dict(result).items())

    model, session = dict(DATA), loaded()
    for name, *arguments in steps:
        assert outcome(model, name, arguments) == outcome(session, name, arguments)
        assert list(model.items()) == list(session.items())
        assert list(reversed(model)) == list(reversed(session))


@pytest.mark.parametrize(
    "look",
    [
        lambda s: s["a"],
        lambda s: s.get("zzz"),
        lambda s: "a" in s,
        lambda s: len(s),
        lambda s: bool(s),
        lambda s: list(s),
        lambda s: list(reversed(s)),
        lambda s: s.keys(),
        lambda s: s.values(),
        lambda s: s.items(),
        lambda s: s == {},
        lambda s: s != {},
        lambda s: s | {},
        lambda s: {} | s,
        lambda s: {**s},
        lambda s: dict(s),
        lambda s: s.copy(),
        lambda s: copy.copy(s),
        lambda s: copy.deepcopy(s),
        lambda s: json.dumps(s),
        lambda s: sorted(s),
        lambda s: s.update(a=2),
        lambda s: s.__ior__({"a": 2}),
        lambda s: s.__setitem__("a", 2),
        lambda s: s.pop("a"),
        lambda s: s.popitem(),
        lambda s: s.setdefault("a", 1),
        lambda s: s.clear(),
        lambda s: s.mark_accessed(),
        lambda s: s.rotate(),
        lambda s: s.regenerate(),
        lambda s: s.destroy(),
    ],
)
def test_threat_21_every_way_to_look_is_an_access(look):
    """Threat 21: any look at the data is noticed, also `in`, `len` and iteration."""
    session = loaded()
    assert not session.accessed
    look(session)
    assert session.accessed


def test_what_says_nothing_of_the_data_is_no_access():
    """Asking for the id, the end or the cookie's lifetime is no access to the data."""
    session = loaded()
    _ = (session.id, session.is_new, session.expires, session.cookie.max_age, repr(session))
    assert not session.accessed


def test_neither_id_nor_data_are_in_what_is_printed():
    """A session in a log or a traceback shows neither its id nor its data."""
    session = loaded({"password": "hunter2"})
    for text in (repr(session), str(session), f"{session}", repr(session.cookie)):
        assert "the-id" not in text
        assert "hunter2" not in text
        assert "password" not in text


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s)), dict, Session.copy],
)
def test_copies_are_of_the_data_alone(duplicate):
    """A copy, deep or not, is a plain dict: no id goes where data go."""
    twin = duplicate(loaded())
    assert dict is type(twin)
    assert DATA == twin


def test_an_attribute_that_does_not_exist_cannot_be_set():
    """`session.user = …` is an error, for it would be lost; `session["user"] = …` is meant."""
    with pytest.raises(AttributeError):
        loaded().user = 7


def test_data_may_have_the_names_of_methods():
    """Data named like a method are data, and methods stay methods (L10)."""
    session = loaded({"id": 1, "save": 2, "destroy": 3, "items": 4})
    assert (1, 2, 3, 4) == tuple(session[key] for key in ("id", "save", "destroy", "items"))
    assert "the-id" == session.id


def test_a_new_session_has_an_id_that_stays():
    """A new session has an id of its own from the first time it is asked for."""
    session = new()
    assert session.id == session.id
    assert session.id != new().id


@pytest.mark.parametrize(
    ("ask", "data_left"),
    [
        (lambda s: s.rotate(), DATA),
        (lambda s: s.rotate(keep=True), DATA),
        (lambda s: s.rotate(keep=False), {}),
        (lambda s: s.regenerate(), {}),
        (lambda s: s.destroy(), {}),
    ],
)
def test_threat_19_what_ends_the_id_gives_another(ask, data_left):
    """Threat 19: `rotate`, `regenerate` and `destroy` change the id; only `rotate` keeps data."""
    session = loaded()
    ask(session)
    assert data_left == session
    assert session.id not in ("the-id", None)
    assert session.id == session.id


def test_the_row_s_cookie_is_no_data():
    """The row's `cookie` object is not among the data; its lifetime is at `.cookie`."""
    session = loaded({"a": 1, "cookie": {"originalMaxAge": 60_000, "expires": "stale"}})
    assert {"a": 1} == session
    assert 60 == session.cookie.original_max_age
    assert DAY == session.cookie.max_age  # the column is the truth about the end
    assert datetime.fromtimestamp(START + DAY, UTC) == session.expires == session.cookie.expires


@pytest.mark.parametrize(
    ("cookie", "lifetime"),
    [
        ({"originalMaxAge": None, "expires": None}, None),
        ({}, None),
        ({"originalMaxAge": 1500}, 1.5),
        ({"originalMaxAge": 1500.7}, 1.5),
        ({"originalMaxAge": "60000"}, None),
        ({"originalMaxAge": True}, None),
        ({"originalMaxAge": 10**30}, None),
        ({"originalMaxAge": float("nan")}, None),
        ("text", 120),
        (None, 120),
    ],
)
def test_the_stored_lifetime_counts(cookie, lifetime):
    """A session keeps its stored lifetime; a row without a cookie has the default (L6, L11)."""
    assert lifetime == loaded({"cookie": cookie}, max_age=120).cookie.original_max_age
    assert 120 == loaded({}, max_age=120).cookie.original_max_age


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(60, 60), (1.5, 1.5), (0, 0), (timedelta(days=30), 30 * DAY), (None, None)],
)
def test_remember_me_sets_the_lifetime(value, seconds):
    """`session.cookie.max_age` takes seconds, a `timedelta`, or None: until the browser ends."""
    session = loaded()
    session.cookie.max_age = value
    assert seconds == session.cookie.original_max_age == session.cookie.max_age
    assert (
        datetime.fromtimestamp(START + (DAY if seconds is None else seconds), UTC)
        == session.expires
    )


@pytest.mark.parametrize("value", ["60", True, float("inf"), 10**15, []])
def test_a_lifetime_that_is_none_is_refused(value):
    """A lifetime that is no number of seconds is an error where it is set, naming what was set."""
    with pytest.raises((TypeError, ValueError), match=r"cookie\.max_age"):
        loaded().cookie.max_age = value


def test_expires_sets_the_lifetime_too():
    """Setting `cookie.expires` gives the session the time until then as its lifetime (O14)."""
    session = loaded()
    session.cookie.expires = datetime.fromtimestamp(START + 90, UTC)
    assert 90 == session.cookie.original_max_age
    session.cookie.expires = None
    assert session.cookie.expires is None
    assert session.cookie.original_max_age is None


def test_case_3_a_time_without_a_zone_is_refused():
    """Case 3: `cookie.expires` without a time zone is an error that names it."""
    with pytest.raises(InvalidSession, match=r"cookie\.expires"):
        loaded().cookie.expires = datetime(2027, 1, 1)


def test_the_time_left_shrinks(clock):
    """`cookie.max_age` is what is left, as in Express; a new session has all of it."""
    assert 60 == new(clock, max_age=60).cookie.max_age
    session = loaded({"cookie": {"originalMaxAge": DAY * 1000}}, clock)
    clock.advance(100)
    assert DAY - 100 == session.cookie.max_age
    assert DAY == session.cookie.original_max_age


def test_regenerate_forgets_remember_me():
    """A regenerated session has the configured lifetime again, as in Express."""
    session = loaded({"cookie": {"originalMaxAge": 5000}}, max_age=60)
    session.regenerate()
    assert 60 == session.cookie.original_max_age


def test_a_session_that_never_ends_says_so():
    """Without any lifetime a session ends in the last moment of the year 9999."""
    assert 9999 == new(ttl=None).expires.year


@pytest.mark.parametrize(
    ("options", "lifetime", "age", "due"),
    [
        ({}, None, 0, False),
        ({}, None, DAY * 0.0999, False),
        ({}, None, DAY * 0.1, True),
        ({}, 1000_000, 99, False),
        ({}, 1000_000, 100, True),
        ({"touch_interval": 10_000}, 1000_000, 9, False),
        ({"touch_interval": 10_000}, 1000_000, 10, True),
        ({"touch_interval": 0}, 1000_000, 0, True),
        ({"touch_interval": DAY * 1000}, 1000_000, 100, True),
        ({"ttl": None}, None, DAY, False),
        ({}, None, -1, False),
        ({}, None, -1.5, True),
    ],
)
def test_reading_writes_at_most_once_in_a_tenth_of_the_lifetime(options, lifetime, age, due):
    """A read moves the end once the row is older than the interval, a tenth of its life at most."""
    terms = timeouts(**options)
    written = NOW - int(age * 1000)
    assert due == terms.is_due(lifetime, None, terms.end(lifetime, None, written), NOW)
