"""JSON's rules, for any value: it comes back equal, or is refused by its key."""

import json
import math
from collections import OrderedDict, defaultdict
from dataclasses import make_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType, SimpleNamespace
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_sqlite import JSON, InvalidSession, SQLiteStore
from connect_sqlite.testing.sessions import contents, json_values


class Colour(Enum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


class Word(StrEnum):
    YES = "yes"


class Pair(NamedTuple):
    left: int
    right: int


Point = make_dataclass("Point", ["x"])
Text, Whole, Real, Items, Mapped = (
    type(kind.__name__.title(), (kind,), {}) for kind in (str, int, float, list, dict)
)

surrogates = st.text(st.characters(categories=["Cs"]), min_size=1, max_size=3)
refused = st.one_of(
    st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.dates() | st.times(),
    st.timedeltas() | st.uuids() | st.decimals() | st.fractions() | st.complex_numbers(),
    st.binary() | st.binary().map(bytearray) | st.binary().map(memoryview),
    st.sets(st.integers()) | st.frozensets(st.text()) | st.sampled_from([range(3), iter(()), int]),
    st.sampled_from([Colour.RED, Number.ONE, Word.YES, Pair(1, 2), Point(1), Ellipsis, object()]),
    st.sampled_from([math.nan, math.inf, -math.inf, SimpleNamespace(x=1), MappingProxyType({})]),
    st.sampled_from([OrderedDict(a=1), defaultdict(int), Mapped(), Items(), lambda: None]),
    st.text().map(Text) | st.integers().map(Whole) | st.floats().map(Real),
    st.integers(min_value=2**64) | st.integers(max_value=-(2**63) - 1),
    st.builds("a{}b".format, surrogates) | surrogates,
    st.dictionaries(st.integers() | st.none() | st.booleans() | st.binary(), st.none(), min_size=1),
    st.dictionaries(surrogates, st.none(), min_size=1, max_size=1),
    st.dictionaries(st.sampled_from([Word.YES, Text("a"), Number.ONE]), st.none(), min_size=1),
)


def inside(inner):
    """Around a value: a list, a tuple or an object, among others."""
    return st.one_of(
        st.builds(lambda a, x, b: [*a, x, *b], st.lists(json_values, max_size=2), inner, few),
        st.builds(lambda a, x: (*a, x), st.lists(json_values, max_size=2), inner),
        st.builds(lambda a, x: {**a, "k": x}, st.dictionaries(st.text(), json_values), inner),
    )


few = st.lists(json_values, max_size=2)
buried = st.recursive(refused, inside, max_leaves=1) | inside(refused) | inside(inside(refused))


@pytest.fixture(scope="module")
def store():
    # Its sweeper draws from `random`, which Hypothesis watches.
    with SQLiteStore(":memory:", sweep_interval=None) as store:
        yield store


def text(session):
    """To compare by: tuples are lists, and 1, 1.0 and true are different."""
    return json.dumps(session, sort_keys=True)


@given(session=contents() | st.dictionaries(st.text(), json_values))
def test_whatever_json_has_comes_back_equal(store, session):
    """Any JSON value, of any type and however nested, comes back as it was."""
    session.pop("cookie", None)
    store.set("abc123", session)
    found = store.get("abc123")
    assert session == found
    assert text(session) == text(found)


@given(old=contents(), changed=contents(), removed=st.sets(st.sampled_from(["user", "é", ""])))
def test_whatever_is_merged_comes_back_equal(store, old, changed, removed):
    """A merge gives what a dict would, and `get` the same afterwards."""
    store.set("abc123", old)
    merged = store.merge("abc123", changed, removed)
    kept = {key: value for key, value in old.items() if key not in removed}
    assert text(kept | changed) == text(merged)
    assert text(merged) == text(store.get("abc123"))


@given(before=st.dictionaries(st.text(max_size=3), json_values, max_size=2), value=refused | buried)
def test_whatever_json_has_not_is_refused(store, before, value):
    """One bad value, anywhere: `InvalidSession` names the key of the session, and the row stays."""
    store.set("abc123", {"user": 1})
    before.pop("cookie", None)
    with pytest.raises(InvalidSession, match="culprit"):
        store.set("abc123", {**before, "culprit": value})
    assert {"user": 1} == store.get("abc123")


@given(value=refused.filter(lambda value: not isinstance(value, str)))
def test_a_refusal_never_shows_the_value(store, value):
    """The message says of what type the value is, and nothing of what is in it."""
    with pytest.raises(InvalidSession) as caught:
        store.set("abc123", {"culprit": value})
    said = str(caught.value)
    assert said.isascii()
    assert said.isprintable()
    shown = [
        form(value) for form in (str, repr, ascii) if not isinstance(value, int) or value < 9**99
    ]
    assert [] == [each for each in shown if len(each) > 8 and each in said]


def as_lists(value):
    """What JSON makes of tuples."""
    if isinstance(value, list | tuple):
        return [as_lists(item) for item in value]
    if isinstance(value, dict):
        return {key: as_lists(item) for key, item in value.items()}
    return value


anything = st.recursive(
    json_values | refused,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(session=st.dictionaries(st.text(max_size=3) | surrogates, anything, max_size=4))
def test_equal_or_refused(store, session):
    """There is no third way: what is put in comes out equal, or nothing is written."""
    session.pop("cookie", None)
    store.set("abc123", {"user": 1})
    try:
        store.set("abc123", session)
    except InvalidSession:
        assert {"user": 1} == store.get("abc123")
    else:
        found = dict(store.get("abc123"))
        assert repr(as_lists(session)) == repr(found)


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back_to_the_last_bit(value):
    """Every finite float, minus zero among them, is the same float afterwards."""
    assert value.hex() == JSON.loads(JSON.dumps({"x": value}))["x"].hex()


@given(value=st.integers(-(2**63), 2**64 - 1))
def test_integers_of_64_bits_come_back(value):
    """Signed and unsigned ones, and never as a float."""
    found = JSON.loads(JSON.dumps({"x": value}))["x"]
    assert (value, int) == (found, type(found))


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: (x,), lambda x: {"a": x}])
@pytest.mark.parametrize("leaf", [1, None, "x", [], {}])
def test_the_depth_is_counted_exactly(store, wrap, leaf):
    """200 levels are kept and 201 refused, whatever they are made of; the session is the first."""
    levels = 200 - isinstance(leaf, list | dict)
    value = leaf
    for _ in range(levels - 1):
        value = wrap(value)
    store.set("abc123", {"deep": value})
    assert as_lists(value) == store.get("abc123")["deep"]
    with pytest.raises(InvalidSession, match=r"deep.*200"):
        store.set("abc123", {"deep": wrap(value)})
    assert as_lists(value) == store.get("abc123")["deep"]


@pytest.mark.parametrize("beside", [None, "null", [None], {"null": None}, "x" * 1000, (), (None,)])
@pytest.mark.parametrize("value", [math.nan, math.inf, UUID(int=1), datetime(2027, 1, 15)])
def test_one_oddity_does_not_hide_another(store, beside, value):
    """What is refused alone is refused beside a null, a tuple or a long text."""
    for session in ({"beside": beside, "culprit": value}, {"culprit": value, "beside": beside}):
        with pytest.raises(InvalidSession, match="culprit"):
            store.set("abc123", session)
    store.set("abc123", {"beside": beside})
    assert as_lists(beside) == store.get("abc123")["beside"]


@pytest.mark.parametrize("size", [10, 500, 5000])
def test_a_cycle_is_refused(store, size):
    """A session that contains itself is refused, and quickly."""
    session = {"culprit": {"list": list(range(size))}}
    session["culprit"]["list"].append(session)
    with pytest.raises(InvalidSession, match="culprit"):
        store.set("abc123", session)


@pytest.mark.parametrize("key", ["a\x1b[31m", "a\nb", "é\u202e", "x" * 10_000])
def test_a_key_cannot_forge_a_message(store, key):
    """The key is quoted, printable and cut short, so that no log line is broken by it."""
    with pytest.raises(InvalidSession) as caught:
        store.set("abc123", {key: {1}})
    said = str(caught.value)
    assert said.isascii()
    assert said.isprintable()
    assert len(said) < 300


def test_the_message_leads_to_the_value(store):
    """A value deep inside is named by the way to it."""
    with pytest.raises(InvalidSession, match=r"cart\[1\]\.price.*Decimal"):
        store.set("abc123", {"cart": [{"price": 1}, {"price": Decimal("1.10")}]})


def test_subclasses_are_refused_though_they_look_alike(store):
    """A `str`, `int`, `float`, `list` or `dict` of one's own would come back as a plain one."""
    for value in (Text("a"), Whole(1), Real(1.5), Items([1]), Mapped(a=1), True, "a"):
        if type(value) in (bool, str):
            store.set("abc123", {"fine": value})
            continue
        with pytest.raises(InvalidSession, match="culprit"):
            store.set("abc123", {"culprit": [value]})
    assert {"fine": "a"} == store.get("abc123")


def test_json_is_a_serializer_of_its_own():
    """`JSON` can be called by another serializer that wraps it."""
    assert '{"a":[1,null]}' == JSON.dumps({"a": (1, None)})
    assert {"a": [1, None]} == JSON.loads('{"a":[1,null]}')
    with pytest.raises(InvalidSession, match="culprit"):
        JSON.dumps({"culprit": {1}})
