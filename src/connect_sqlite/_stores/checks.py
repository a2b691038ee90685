"""What may be an id, a prefix or an option: each check returns what it was given, plain."""

import re
from typing import Any

from ..errors import InvalidSessionId
from ..expiry import NEVER
from ..handles import Handle

__all__ = [
    "LARGEST",
    "checked_id",
    "checked_indexes",
    "checked_limit",
    "checked_prefix",
    "checked_size",
    "checked_ttl",
    "plain",
    "utf8_size",
]

LARGEST = 2**63 - 1
"""The largest integer that SQLite has."""

_INDEX_PATH = re.compile(r"[^\W\d][\w-]*(\.[^\W\d][\w-]*)*")


def checked_id(sid: Any) -> str:
    if not isinstance(sid, str):
        raise InvalidSessionId(f"a session id is a str, not a {type(sid).__name__}")
    if isinstance(sid, Handle):
        raise InvalidSessionId(
            "a handle names a session to end, and only where ids are hidden; here its id is needed"
        )
    text = plain(sid)
    size = utf8_size(text)
    if size is None or "\0" in text:
        raise InvalidSessionId("a session id cannot hold NUL or a lone surrogate")
    if not 0 < size < 256:
        raise InvalidSessionId("a session id has 1 to 255 bytes of UTF-8")
    return text


def checked_prefix(prefix: Any) -> str:
    if not isinstance(prefix, str):
        raise TypeError(f"prefix is a str, not a {type(prefix).__name__}")
    text = plain(prefix)
    if utf8_size(text) is None or "\0" in text:
        raise ValueError("prefix cannot hold NUL or a lone surrogate")
    return text


def plain(text: str) -> str:
    """The text of a `str` or of a kind of it, such as an enum, whose `str()` may say otherwise."""
    return "".join((text,))


def utf8_size(text: str) -> int | None:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return None


def checked_ttl(ttl: Any) -> float | None:
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, int | float):
        raise TypeError("ttl is a number of seconds, or None for sessions that do not end")
    if not 0 < ttl <= NEVER // 1000:  # also refuses NaN
        raise ValueError(
            "ttl must be more than 0 seconds, and end before the year 9999 does; "
            "None makes sessions that do not end"
        )
    return ttl


def checked_limit(limit: Any) -> int:
    if type(limit) is not int or limit < 1:
        raise ValueError("limit must be a whole number, 1 or more")
    return min(limit, LARGEST)


def checked_size(max_bytes: Any) -> int:
    if type(max_bytes) is not int or max_bytes < 1:
        raise ValueError("max_bytes must be a whole number of bytes, 1 or more")
    return max_bytes


def checked_indexes(indexes: Any) -> tuple[str, ...]:
    if isinstance(indexes, str):
        raise TypeError(f"indexes takes several paths: write indexes=({indexes!r},)")
    indexes = tuple(indexes)
    for path in indexes:
        if not isinstance(path, str) or not _INDEX_PATH.fullmatch(path):
            raise ValueError('an index is a dotted path of names, such as "user.id"')
    return tuple(plain(path) for path in indexes)
