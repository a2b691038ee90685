"""What changed in a session, found by comparing."""

import copy
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_sqlite._session.changes import changes_since, print_of

LOADED = {"a": 1, "user": {"id": 7, "roles": ["x"]}, "cart": [{"n": 1}], "none": None}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: None, None),
        (lambda s: s.update(a=1), None),
        (lambda s: (s.pop("a"), s.update(a=1)), None),
        (lambda s: (s.update(b=2), s.pop("b")), None),
        (lambda s: s.update(b=2), ({"b": 2}, ())),
        (lambda s: s.update(a=True), ({"a": True}, ())),
        (lambda s: s.update(a=1.0), ({"a": 1.0}, ())),
        (lambda s: s.update(a=None), ({"a": None}, ())),
        (lambda s: s.pop("none"), ({}, ("none",))),
        (lambda s: s["user"]["roles"].append("y"), ({"user": {"id": 7, "roles": ["x", "y"]}}, ())),
        (lambda s: s["cart"][0].update(n=2), ({"cart": [{"n": 2}]}, ())),
        (lambda s: s.pop("cart"), ({}, ("cart",))),
        (lambda s: s.clear(), ({}, ("a", "user", "cart", "none"))),
        (lambda s: (s.pop("a"), s.update(b=2)), ({"b": 2}, ("a",))),
    ],
)
def test_changes_are_found_per_top_level_key(change, expected):
    """However deep a change lies, the top-level key it is under is found, and no other."""
    session = copy.deepcopy(LOADED)
    before = print_of(session)
    change(session)
    found = changes_since(before, session)
    assert expected == (found and (found.changed, found.removed))


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        b"bytes",
        float("nan"),
        datetime.now(UTC),
        uuid.uuid4(),
        {1: "a key that is no str"},
        10**30,
        "\ud800",
        object(),
    ],
)
def test_a_value_that_json_has_not_is_a_change(value):
    """Threat 6: what the store will refuse is offered to it, not overlooked."""
    session = {"a": 1}
    before = print_of(session)
    session["b"] = value
    assert ["b"] == list(changes_since(before, session).changed)


def test_a_value_nested_beyond_all_measure_is_a_change():
    """Threat 6: nor does a depth that no codec can follow break the comparison."""
    session = {"a": 1}
    before = print_of(session)
    deep = []
    for _ in range(100_000):
        deep = [deep]
    session["b"] = deep
    assert ["b"] == list(changes_since(before, session).changed)


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ({1: ["x"]}, lambda value: value[1].append("y")),
        (b"bytes", None),
        ({"deep": {1, 2}}, lambda value: value["deep"].add(3)),
        (10**30, None),
    ],
)
def test_data_of_another_serializer_are_compared_too(value, change):
    """A store with a serializer of its own may load what JSON has not; only changes are changes."""
    session = {"a": 1, "odd": value}
    before = print_of(session)
    assert changes_since(before, session) is None
    session["a"] = 2
    assert {"a": 2} == changes_since(before, session).changed
    if change is not None:
        change(value)
        assert {"a": 2, "odd": value} == changes_since(before, session).changed


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_DATA = st.dictionaries(st.text(max_size=3), _JSON, max_size=4)


@given(_DATA, _DATA)
def test_changes_lead_from_one_session_to_the_other(old, new):
    """Removing and setting what was found turns the loaded session into the changed one."""
    found = changes_since(print_of(old), new)
    if found is not None:
        old = {key: value for key, value in old.items() if key not in found.removed}
        old.update(found.changed)
    assert print_of(dict(sorted(old.items()))) == print_of(dict(sorted(new.items())))


def test_equal_values_of_another_kind_are_changes_beside_others():
    """1 and True are equal to Python and not in JSON; an unchanged tuple is no change."""
    before = print_of({"a": 1, "b": 1, "pair": (1, 2)})
    found = changes_since(before, {"a": True, "b": 2, "pair": (1, 2)})
    assert {"a": True, "b": 2} == found.changed
