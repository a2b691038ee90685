"""Values that JSON has not, as Flask keeps them: under tags."""

from typing import Any, Protocol

__all__ = ["Tags", "tagged", "untagged"]

_PLAIN = frozenset((str, int, float, bool, type(None)))


class Tags(Protocol):
    """Flask's `TaggedJSONSerializer`: it makes JSON of what JSON has not, and that again of it."""

    tags: dict[str, Any]

    def tag(self, value: Any) -> Any: ...
    def untag(self, value: dict[str, Any]) -> Any: ...


def tagged(data: dict[str, Any], serializer: Tags) -> dict[str, Any]:
    """The data with JSON's values alone.  The keys of the whole are never taken for tags."""
    try:
        return {
            key: value if _is_plain(value, serializer) else serializer.tag(value)
            for key, value in data.items()
        }
    except RecursionError:
        return data  # too deep, as the store says in better words


def _is_plain(value: Any, serializer: Tags) -> bool:
    """Whether a value is JSON's as it is.  The serializer would ask eight times for each."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is list:
        return all(_is_plain(each, serializer) for each in value)
    if kind is not dict or (len(value) == 1 and next(iter(value)) in serializer.tags):
        return False
    return all(_is_plain(each, serializer) for each in value.values())


def untagged(value: Any, serializer: Tags) -> Any:
    """A value as it was before it was tagged."""
    if type(value) is list:
        return [untagged(each, serializer) for each in value]
    if type(value) is not dict:
        return value
    value = {key: untagged(each, serializer) for key, each in value.items()}
    try:
        return serializer.untag(value)
    except Exception:  # noqa: BLE001 - another program wrote it, and meant something else
        return value
