"""Values that JSON has not, as Flask keeps them: under tags."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from orjson import dumps

__all__ = ["Tags", "may_have_tags", "tagged", "untagged"]

_PLAIN = frozenset((str, int, float, bool, type(None)))


class Tags(Protocol):
    """Flask's `TaggedJSONSerializer`: it makes JSON of what JSON has not, and that again of it."""

    tags: dict[str, Any]

    def tag(self, value: Any) -> Any: ...
    def untag(self, value: dict[str, Any]) -> Any: ...


def tagged(data: dict[str, Any], serializer: Tags) -> dict[str, Any]:
    """The data with JSON's values alone: as they are, if they have no others.

    The keys of the whole are never taken for tags.
    """
    tags = serializer.tags
    try:
        if _are_plain(data.values(), tags):
            return data
        return {
            key: value if _are_plain((value,), tags) else serializer.tag(value)
            for key, value in data.items()
        }
    except RecursionError:
        return data  # too deep, as the store says in better words


def untagged(value: Any, serializer: Tags) -> Any:
    """A value as it was before it was tagged."""
    if type(value) is list:
        return [untagged(each, serializer) for each in value]
    if type(value) is not dict:
        return value
    value = {key: untagged(each, serializer) for key, each in value.items()}
    try:
        made = serializer.untag(value)
    except Exception:  # noqa: BLE001 - another program wrote it, and meant something else
        return value
    # Nor is None ever kept under a tag: it is what a date's text becomes that is none.
    return value if made is None else made


def may_have_tags(text: bytes, serializer: Tags) -> bool:
    """Whether there is a tag in the data of this JSON text, which has no blanks between tokens."""
    return any(mark in text for mark in _marks(tuple(serializer.tags)))


@lru_cache(maxsize=64)
def _marks(tags: tuple[str, ...]) -> list[bytes]:
    """How an object begins that may be a tagged value."""
    return [b"{" + dumps(tag) + b":" for tag in tags]


def _are_plain(values: Iterable[Any], tags: Mapping[str, Any]) -> bool:
    """Whether all are JSON's as they are.  The serializer would ask eight times for each.

    On the path of every request: no generators.
    """
    for value in values:
        kind = type(value)
        if kind in _PLAIN:
            continue
        if kind is dict:
            if len(value) == 1 and next(iter(value)) in tags:
                return False
            value = value.values()
        elif kind is not list:
            return False
        if not _are_plain(value, tags):
            return False
    return True
