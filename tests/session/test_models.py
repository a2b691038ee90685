"""What fits a model and what does not, for each kind of model."""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict
from uuid import UUID

import msgspec
import pydantic
import pytest
import typing_extensions

from connect_sqlite._session.annotations import Misfit, converter_of
from connect_sqlite._session.shapes import shape_of

UserId = NewType("UserId", int)


class Inner(TypedDict):
    a: int
    b: NotRequired[str]


@dataclass
class Point:
    x: int
    y: float = 0.0


@dataclass
class Tree:
    name: str
    children: "list[Tree]" = field(default_factory=list)


class Extended(typing_extensions.TypedDict, total=False):
    a: int


class InText(TypedDict):
    a: "int"
    b: "NotRequired[int]"


GOOD = [
    (int, 1),
    (float, 1),
    (float, 1.5),
    (str, ""),
    (bool, True),
    (None, None),
    (Any, bytes),
    (int | None, None),
    (Optional[str], "a"),  # noqa: UP045
    (Literal["a", 1], 1),
    (list[int], [1, 2]),
    (list, ["a", 1]),
    (dict[str, int], {"a": 1}),
    (dict, {"a": [1]}),
    (Annotated[int, "metres"], 1),
    (UserId, 1),
    (Inner, {"a": 1, "more": 2}),
    (Point, {"x": 1, "y": 2}),
    (list[Point], [{"x": 1}]),
    (Tree, {"name": "a", "children": [{"name": "b", "children": []}]}),
    (Extended, {}),
    (InText, {"a": 1}),
]

BAD = [
    (int, True, "v: expected int"),
    (int, 1.0, "v: expected int"),
    (int, "1", "v: expected int"),
    (str, None, "v: expected str"),
    (bool, 1, "v: expected bool"),
    (None, 0, "v: expected None"),
    (int | None, "a", "v: expected int | None"),
    (Literal["a", 1], True, "v: expected 'a' or 1"),
    (list[int], [1, "a"], "v[1]: expected int"),
    (list[int], {"a": 1}, "v: expected list"),
    (dict[str, int], {"a key of a user's": "a"}, "v[…]: expected int"),
    (dict[str, int], [], "v: expected dict"),
    (Inner, {}, "v.a: expected a value, and it is missing"),
    (Inner, {"a": 1, "b": 2}, "v.b: expected str"),
    (Inner, "a", "v: expected Inner"),
    (Point, {"y": 1}, "v.x: expected a value, and it is missing"),
    (Tree, {"name": "a", "children": [{"name": 1}]}, "v.children[0].name: expected str"),
    (Extended, {"a": "b"}, "v.a: expected int"),
    (InText, {"b": 1}, "v.a: expected a value, and it is missing"),
]


def model_with(kind):
    """A dataclass with one field `v` of this type."""

    @dataclass
    class Model:
        v: kind

    return Model


@pytest.mark.parametrize(("kind", "value"), GOOD, ids=str)
def test_what_json_gives_fits_its_type(kind, value):
    """A value of the annotated type is taken as it is."""
    assert hasattr(converter_of(model_with(kind))({"v": value}, ""), "v")


@pytest.mark.parametrize(("kind", "value", "words"), BAD, ids=str)
def test_what_does_not_fit_is_named_by_its_place(kind, value, words):
    """The error says where, and what was expected; nothing is converted on the quiet."""
    with pytest.raises(Misfit) as met:
        converter_of(model_with(kind))({"v": value}, "")
    assert words == str(met.value)


class Colour(Enum):
    RED = "red"


class Pair(NamedTuple):
    a: int


@pytest.mark.parametrize(
    "kind", [datetime, tuple[int, int], set[int], bytes, Colour, Pair, dict[int, str], Point | UUID]
)
def test_a_field_that_json_has_not_is_an_error_when_the_model_is_given(kind):
    """A dataclass or TypedDict with a type that would come back as another is refused at once."""
    with pytest.raises(TypeError, match=r"Model\.v is a"):
        shape_of(model_with(kind))


def test_nested_dataclasses_are_made_and_dumped():
    """What is loaded has dataclasses inside, and dumping gives the same data back."""
    shape = shape_of(Tree)
    data = {"name": "a", "children": [{"name": "b", "children": []}]}
    tree = shape.load(data)
    assert isinstance(tree.children[0], Tree)
    assert data == shape.dump(tree)


class WithTimes(msgspec.Struct, rename="camel", tag_field="kind", tag="v2", omit_defaults=True):
    signed_in: datetime
    ids: set[int] = set()


class StrictTimes(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, extra="forbid")
    signed_in: datetime = pydantic.Field(alias="signedIn")
    ids: set[int] = set()


NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("model", "made", "keys"),
    [
        (WithTimes, WithTimes(NOON, {1}), {"kind", "signedIn", "ids"}),
        (StrictTimes, StrictTimes(signedIn=NOON, ids={1}), {"signedIn", "ids"}),
    ],
)
def test_their_own_models_convert_what_json_has_not(model, made, keys):
    """A Struct's and a pydantic model's times and sets come back as such, under their names."""
    shape = shape_of(model)
    data = shape.dump(made)
    assert keys == set(data) == shape.keys
    assert isinstance(data["signedIn"], str)
    assert made == shape.load(data)


class Choice(msgspec.Struct, forbid_unknown_fields=True):
    colour: Colour
    size: Annotated[int, msgspec.Meta(lt=10)] = 1


class Checked(pydantic.BaseModel):
    colour: Colour
    size: int = 1

    @pydantic.field_validator("size")
    @classmethod
    def small(cls, size):
        if size > 9:
            raise ValueError(f"{size} is too much")
        return size


@pytest.mark.parametrize("model", [Choice, Checked])
@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"colour": "secret 77"}, "colour"),
        ({"colour": "red", "size": 77}, "size"),
        ({"colour": "red", "size": "secret 77"}, "size"),
        ({"size": 1}, "colour"),
    ],
)
def test_no_words_of_a_library_carry_a_value(model, data, place):
    """The place is named; the library's own message, which may quote the value, is kept back."""
    with pytest.raises(Misfit) as met:
        shape_of(model).load(data)
    assert str(met.value).startswith(f"{place}: ")
    assert "77" not in str(met.value)
    assert met.value.__context__ is None


def test_a_struct_that_is_an_array_is_refused():
    """A session is an object, and so its model is."""

    class Array(msgspec.Struct, array_like=True):
        a: int

    with pytest.raises(TypeError, match="array_like"):
        shape_of(Array)


def test_no_library_is_imported_for_models_of_others():
    """Typed sessions with a TypedDict or dataclass need neither msgspec nor pydantic."""
    program = """
import sys
sys.modules.update(dict.fromkeys(["msgspec", "pydantic"]))
from dataclasses import dataclass
from connect_sqlite.typed import typed
from connect_sqlite.wsgi import SessionMiddleware

@dataclass
class Account:
    name: str = ""

SessionMiddleware(None, store=":memory:", secret="x" * 32, model=Account).close()
"""
    subprocess.run([sys.executable, "-c", program], check=True)
