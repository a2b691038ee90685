# ruff: noqa: SIM300 - assert expected == actual
"""Values are JSON's: what is put in comes out equal, or is refused."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from ...errors import InvalidSession
from .base import Promise, rows
from .calls import WITH_A_SESSION
from .serializers import Literal, Quoting, Writing

__all__ = ["Values"]

KEPT: list[Any] = [
    *(None, True, False, 0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1),
    *(0.0, -0.5, 0.1, 1.0, 1e308, 5e-324, 1e16, 123456789.123),
    *("", "text", "é", "e\u0301", "\U0001f36a", "\ufeff", "\u2028", "a\0b", "\\", '"', "</script>"),
    *("null", "NaN", "2027-01-15T09:00:00.000Z", "x" * 100_000),
    *([], [[]], [1, "1", None, True, 1.5], {}, {"": {"": ""}}, {"a\0b": 1, "é": 2}),
    {"__proto__": {"x": 1}, "constructor": None, "a.b": {"c.d": [1, {"e": []}]}},
]


class Colour(Enum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


class Word(StrEnum):
    YES = "yes"


class Pair(NamedTuple):
    left: int
    right: int


@dataclass
class Point:
    x: int


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


class Items(list[int]):
    pass


class Mapped(dict[str, int]):
    pass


def endless() -> list[Any]:
    cycle: list[Any] = []
    cycle.append({"again": cycle})
    return cycle


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


REFUSED: dict[str, Any] = {
    "datetime": datetime(2027, 1, 15, tzinfo=UTC),
    "date": date(2027, 1, 15),
    "time": time(9),
    "timedelta": timedelta(1),
    "UUID": UUID(int=1),
    "Enum": Colour.RED,
    "IntEnum": Number.ONE,
    "StrEnum": Word.YES,
    "Decimal": Decimal("1.10"),
    "complex": 1j,
    "dataclass": Point(1),
    "NamedTuple": Pair(1, 2),
    "bytes": b"abc",
    "bytearray": bytearray(b"abc"),
    "set": {1},
    "frozenset": frozenset({1}),
    "range": range(2),
    "class": int,
    "str subclass": Text("abc"),
    "int subclass": Whole(1),
    "list subclass": Items([1]),
    "dict subclass": Mapped(a=1),
    "int key": {1: "a"},
    "None key": {None: "a"},
    "tuple key": {(1, 2): "a"},
    "NaN": float("nan"),
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "2**64": 2**64,
    "-2**63-1": -(2**63) - 1,
    "huge int": 10**5000,
    "lone surrogate": "a\ud800b",
    "lone surrogate as key": {"a\udfff": 1},
    "cycle": endless(),
    "201 levels": deep(200),
    "10,000 levels": deep(10_000),
}
"""Under a key of the session, which is the first level."""


class Values(Promise):
    @pytest.mark.parametrize("value", KEPT, ids=lambda value: ascii(value)[:30])
    def test_what_json_has_comes_back_equal(self, value: Any) -> None:
        """A JSON value, here and nested, comes back equal and of the same type."""
        store = self.store()
        session = {"value": value, "nested": {"list": [value, {"again": value}]}}
        store.set("abc123", session)
        found = store.get("abc123")
        assert session == found
        assert repr(session) == repr(dict(found or {}))

    @pytest.mark.parametrize("key", ["", "a\0b", "\U0001f36a", "a.b", "__proto__", "x" * 1000, '"'])
    def test_any_text_is_a_key(self, key: str) -> None:
        """Keys are only data, also in `merge`."""
        store = self.store()
        store.set("abc123", {key: 1, "other": 2})
        assert {key: 1, "other": 2} == store.get("abc123")
        assert {key: 3, "other": 2} == store.merge("abc123", {key: 3})
        assert {"other": 2} == store.merge("abc123", {}, [key])

    def test_a_tuple_comes_back_as_a_list(self) -> None:
        """JSON knows no tuples."""
        store = self.store()
        store.set("abc123", {"pair": (1, (2, 3)), "none": ()})
        assert {"pair": [1, [2, 3]], "none": []} == store.get("abc123")

    def test_200_levels_are_kept(self) -> None:
        """The session itself is the first level, and the deepest list the 200th."""
        store = self.store()
        session = {"deep": deep(199), "wide": [[] for _ in range(10)]}
        store.set("abc123", session)
        assert session == store.get("abc123")

    def test_many_brackets_are_not_depth(self) -> None:
        """Breadth has no limit but the size."""
        store = self.store()
        session = {"wide": [[] for _ in range(1000)], "text": "[" * 1000 + "{" * 1000}
        store.set("abc123", session)
        assert session == store.get("abc123")

    def test_one_value_in_many_places_is_no_cycle(self) -> None:
        """The same list may appear twice."""
        store = self.store()
        tags = ["a"]
        store.set("abc123", {"one": tags, "two": [tags, tags]})
        assert {"one": ["a"], "two": [["a"], ["a"]]} == store.get("abc123")

    @pytest.mark.parametrize("call", WITH_A_SESSION)
    @pytest.mark.parametrize("kind", REFUSED)
    def test_what_json_has_not_is_refused(self, call: str, kind: str) -> None:
        """`InvalidSession`, a `ValueError`, names the key; the old row stays (threat 6)."""
        store = self.store()
        store.set("abc123", {"user": 1})
        before = rows(store)
        session = {"user": 2, "null": None, "culprit": REFUSED[kind], "more": []}
        with pytest.raises(InvalidSession, match="culprit") as caught:
            WITH_A_SESSION[call](store, "abc123", session)
        assert isinstance(caught.value, ValueError)
        assert before == rows(store)

    @pytest.mark.parametrize("kind", REFUSED)
    def test_what_is_nested_is_refused_too(self, kind: str) -> None:
        """However deep it lies, the message names the way there."""
        store = self.store()
        with pytest.raises(InvalidSession, match=r"outer.*inner"):
            store.set("abc123", {"outer": [{"fine": 1}, {"inner": REFUSED[kind]}]})
        assert [] == store.ids()

    @pytest.mark.parametrize("key", [1, None, (1,), Word.YES, Text("user"), "a\ud800"], ids=ascii)
    def test_keys_are_plain_text(self, key: Any) -> None:
        """A key of the session that is no `str`, or no valid one, is refused."""
        store = self.store()
        with pytest.raises(InvalidSession, match="key"):
            store.set("abc123", {key: 1})
        assert [] == store.ids()

    def test_a_refused_session_is_refused_though_it_would_not_be_saved(self) -> None:
        """`create` and `rotate` check what they are given before they look at the store."""
        store = self.store()
        store.set("here", {})
        with pytest.raises(InvalidSession, match="tags"):
            store.create("here", {"tags": {1}})
        with pytest.raises(InvalidSession, match="tags"):
            store.rotate("absent", "new", {"tags": {1}})
        assert ["here"] == store.ids()

    @pytest.mark.parametrize("call", WITH_A_SESSION)
    def test_a_session_has_a_largest_size(self, call: str) -> None:
        """A session longer than `max_bytes` is refused, naming its largest key (threat 6)."""
        store = self.store(max_bytes=200)
        store.set("abc123", {"user": 1})
        before = rows(store)
        with pytest.raises(InvalidSession, match="avatar"):
            WITH_A_SESSION[call](store, "abc123", {"small": 1, "avatar": "x" * 200})
        assert before == rows(store)

    def test_size_is_counted_in_bytes(self) -> None:
        """`max_bytes` is of UTF-8, not of characters, and a session may reach it."""
        store = self.store(max_bytes=100)
        store.set("abc123", {"a": "é" * 46})  # {"a":"…"} is 8 bytes more
        assert {"a": "é" * 46} == store.get("abc123")
        with pytest.raises(InvalidSession):
            store.set("abc123", {"a": "é" * 47})

    def test_another_serializer_decides_what_it_carries(self) -> None:
        """With a serializer of one's own, whatever it carries comes back."""
        store = self.store(serializer=Literal())
        store.set("abc123", {"tags": {1, 2}, "data": b"abc"})
        assert {"tags": {1, 2}, "data": b"abc"} == store.get("abc123")
        assert {"tags": {1, 2}, "data": b"x"} == store.merge("abc123", {"data": b"x"})

    @pytest.mark.parametrize("call", WITH_A_SESSION)
    @pytest.mark.parametrize("written", [b"{}", None, {}, 1, "a\ud800"], ids=ascii)
    def test_another_serializer_writes_text(self, call: str, written: Any) -> None:
        """Bytes, or text that is not UTF-8, are `InvalidSession`, and nothing is written."""
        store = self.store(serializer=Writing(written))
        store.set("abc123", {})
        before = rows(store)
        with pytest.raises(InvalidSession):
            WITH_A_SESSION[call](store, "abc123", {"user": 1})
        assert before == rows(store)

    @pytest.mark.parametrize("call", WITH_A_SESSION)
    def test_what_another_serializer_raises_is_invalid_session(self, call: str) -> None:
        """A serializer's own errors are the store's, and nothing is written."""
        store = self.store(serializer=Quoting())
        with pytest.raises(InvalidSession):
            WITH_A_SESSION[call](store, "abc123", {"user": 1})
        assert 0 == store.length()
