"""How long sessions live under one configuration.  Every time is in milliseconds."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..expiry import NEVER

__all__ = ["Timeouts", "stored_lifetime", "to_milliseconds"]

_LONGEST = 1000 * 365 * 86_400_000
_SHARE_OF_LIFETIME = 10
# Node's store rounds what is left up to whole seconds.
_ROUNDING = 1000


@dataclass(frozen=True, slots=True)
class Timeouts:
    """A session's lifetime is its cookie's `max_age`; one without lives for the store's `ttl`."""

    max_age: int | None
    """What a new session's cookie gets.  None: the cookie lasts as long as the browser runs."""
    ttl: int | None
    """The store's.  None: a session whose cookie says nothing never ends."""
    touch_interval: int | None
    """How long reading moves no expiry.  None, and at most: a tenth of the lifetime."""
    clock: Callable[[], float]

    @classmethod
    def of(
        cls,
        max_age: timedelta | float | None,
        ttl: float | None,
        touch_interval: timedelta | float | None,
        clock: Callable[[], float],
    ) -> "Timeouts":
        """From a configuration's `timedelta`s and seconds."""
        interval = _milliseconds_or_none(touch_interval, "touch_interval")
        if interval is not None and interval < 0:
            raise ValueError("touch_interval is negative: give 0 or more seconds")
        return cls(
            max_age=_milliseconds_or_none(max_age, "cookie max_age"),
            ttl=_milliseconds_or_none(ttl, "ttl"),
            touch_interval=interval,
            clock=clock,
        )

    def now(self) -> int:
        return int(self.clock() * 1000)

    def end(self, lifetime: int | None, now: int) -> int:
        """When a session ends that is saved or touched now."""
        if lifetime is None:
            lifetime = self.ttl
        return NEVER if lifetime is None else min(now + lifetime, NEVER)

    def is_due(self, lifetime: int | None, ends: int, now: int) -> bool:
        """Whether a session that is only read has its end moved."""
        if lifetime is None:
            lifetime = self.ttl
        if lifetime is None or ends >= NEVER:
            return False
        interval = lifetime / _SHARE_OF_LIFETIME
        if self.touch_interval is not None:
            interval = min(interval, self.touch_interval)
        # A row that ends later than it could has met another clock or a shorter lifetime.
        return not -_ROUNDING <= now + lifetime - ends < interval


def to_milliseconds(value: Any, name: str) -> int:
    """A `timedelta`, or a number of seconds.  The error names the option."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is a timedelta or a number of seconds, not a {_kind(value)}")
    if not (math.isfinite(value) and abs(value) * 1000 <= _LONGEST):
        raise ValueError(f"{name} is not a finite number of seconds below 1000 years")
    return round(value * 1000)


def _milliseconds_or_none(value: Any, name: str) -> int | None:
    return None if value is None else to_milliseconds(value, name)


def stored_lifetime(cookie: Any, default: int | None) -> int | None:
    """The lifetime in a stored `cookie` object.  A row without one has the default."""
    if not isinstance(cookie, dict):
        return default
    value: Any = cookie.get("originalMaxAge")
    if value is None:
        return None
    known = type(value) in (int, float) and abs(value) <= _LONGEST
    return int(value) if known else None


def _kind(value: Any) -> str:
    return type(value).__name__
