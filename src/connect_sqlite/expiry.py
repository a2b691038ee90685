"""When a session ends: the reference's TTL rules as pure functions.

The first that says something wins: `cookie.expires`, then `cookie.maxAge` in milliseconds, then the
store's `ttl` in seconds.  Inside, every moment is an `int` of milliseconds since 1970, as in the
file's `expired` column.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from .errors import InvalidSession

__all__ = ["NEVER", "expiry_at", "expiry_of", "from_datetime", "to_datetime", "to_iso"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NEVER = 253_402_300_799_999
"""The last millisecond of the year 9999: the latest expiry, and that of a session without one."""


def to_datetime(milliseconds: int) -> datetime:
    """The moment in UTC; one outside the years 1 to 9999 is moved to the nearer end."""
    return _EPOCH + timedelta(milliseconds=min(max(milliseconds, -62_135_596_800_000), NEVER))


def from_datetime(moment: datetime, field: str) -> int:
    """The moment in milliseconds.  `InvalidSession` names `field` if it has no time zone."""
    if moment.utcoffset() is None:
        raise InvalidSession(
            f"{field} is a datetime without a time zone: give it one, such as datetime.now(UTC)"
        )
    since = moment - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def expiry_at(moment: datetime, field: str) -> int:
    """The moment as an expiry, in milliseconds.

    `InvalidSession` names `field` if it has no time zone, or lies after the year 9999.
    """
    return _within_bounds(from_datetime(moment, field), field)


def to_iso(moment: datetime) -> str:
    """As JavaScript's `Date` writes itself to JSON: UTC, three decimals, `Z`."""
    # By way of the number: it may lie outside the years of UTC, though not of its own zone.
    text = to_datetime(from_datetime(moment, "the date")).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def expiry_of(session: Mapping[str, Any], ttl: float | None, now: int) -> int:
    """When `session`, saved or touched at `now`, ends; it may lie in the past.

    `ttl` is in seconds; None means that a session whose cookie says nothing never ends.
    Raises `InvalidSession`, naming the field, for a time that cannot be understood or that lies
    after the year 9999.
    """
    cookie = session.get("cookie")
    if cookie is not None and cookie is not False:
        if type(cookie) is not dict and not isinstance(cookie, Mapping):
            raise InvalidSession(
                "cookie is not an object: the key is kept for the cookie's settings"
            )
        expires = cookie.get("expires")
        if expires is not None and expires is not False:
            return _within_bounds(_moment(expires), "cookie.expires")
        max_age = cookie.get("maxAge")
        if max_age is not None and max_age is not False:
            return _within_bounds(now + _milliseconds(max_age, "cookie.maxAge"), "cookie.maxAge")
    if ttl is None:
        return NEVER
    return _within_bounds(now + int(ttl * 1000), "ttl")


def _within_bounds(milliseconds: int, field: str) -> int:
    if milliseconds > NEVER:
        raise InvalidSession(f"{field} lies after the year 9999")
    return max(milliseconds, 0)


def _milliseconds(value: Any, field: str) -> int:
    if type(value) is int:
        return value
    if type(value) is float and math.isfinite(value):
        return math.ceil(value)
    raise InvalidSession(f"{field} is not a finite number of milliseconds")


def _moment(value: Any) -> int:
    if isinstance(value, datetime):
        return from_datetime(value, "cookie.expires")
    if type(value) is str:
        return from_datetime(_parse(value), "cookie.expires")
    return _milliseconds(value, "cookie.expires")


def _parse(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        pass
    # Imported when it is needed: it brings much along, and what this package writes is ISO 8601.
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError, IndexError):
        raise InvalidSession(
            "cookie.expires is neither an ISO 8601 date with an offset nor an HTTP date"
        ) from None
