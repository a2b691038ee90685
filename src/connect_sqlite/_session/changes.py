"""What changed, found by comparing with what was loaded, per top-level key.

A session's print is its JSON text: cheap to take, and it sees a change however deep it lies and
however it was made.
"""

from typing import Any, NamedTuple

from orjson import dumps, loads

from .discreet import discreet

__all__ = ["Changes", "Print", "changes_since", "print_of"]

Print = bytes | dict[str, bytes]
"""The whole session's text; or one text a key, for data of another serializer that JSON has not."""


@discreet
class Changes(NamedTuple):
    """The difference between a print and a session, and the session's own print."""

    changed: dict[str, Any]
    removed: tuple[str, ...]
    print: Print

    def touch(self, key: str) -> bool:
        """Whether this key is another one now."""
        return key in self.changed or key in self.removed


def print_of(data: dict[str, Any]) -> Print:
    """What to compare with later."""
    try:
        return dumps(data, default=_described)
    except TypeError:
        return _print_by_key(data)


def changes_since(before: Print, data: dict[str, Any]) -> Changes | None:
    """None when nothing changed.  The order of keys does not count: saving merges by key."""
    try:
        now: Print = dumps(data, default=_described)
    except TypeError:
        now = _print_by_key(data)
    if now == before:
        return None
    if isinstance(before, bytes) and isinstance(now, bytes):
        found = _by_value(loads(before), data, now)
        if found is not None:
            return found if found.changed or found.removed else None
    old = before if isinstance(before, dict) else _print_by_key(loads(before))
    new = _print_by_key(data)
    changed = {key: value for key, value in dict.items(data) if old.get(key) != new[key]}
    removed = tuple(key for key in old if key not in new)
    return Changes(changed, removed, now) if changed or removed else None


def _by_value(old: dict[str, Any], data: dict[str, Any], now: bytes) -> Changes | None:
    """The changes, if they can be told without a print of every value; else None."""
    changed, same = {}, {}
    try:
        for key, value in dict.items(data):
            if key in old and (
                old[key] == value or _print_of_value(old[key]) == _print_of_value(value)
            ):
                same[key] = old[key]
            else:
                same[key] = changed[key] = value
    except Exception:  # noqa: BLE001 - any object's own way to compare
        return None
    # To Python 1, 1.0 and True are equal.
    if dumps(same, default=_described) != now:
        return None
    return Changes(changed, tuple(key for key in old if key not in same), now)


def _print_by_key(data: dict[str, Any]) -> dict[str, bytes]:
    # Not data.items(): comparing a session is no access to it.
    return {key: _print_of_value(value) for key, value in dict.items(data)}


def _print_of_value(value: Any) -> bytes:
    try:
        return dumps(value, default=_described)
    except TypeError:
        pass
    try:
        return repr(value).encode(errors="backslashreplace")
    except RecursionError:
        return b"too deep"


def _described(value: Any) -> str:
    return f"{type(value).__qualname__} {value!r}"
