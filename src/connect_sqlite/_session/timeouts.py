"""How long sessions live under one configuration.  Every time is in milliseconds."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple, TypedDict

from ..expiry import NEVER

__all__ = [
    "AAL1",
    "AAL2",
    "AAL3",
    "MARKS",
    "RESERVED",
    "Marks",
    "TimeoutPreset",
    "Timeouts",
    "stored_lifetime",
    "to_milliseconds",
]

_LONGEST = 1000 * 365 * 86_400_000
_SHARE_OF_LIFETIME = 10
_turns = count(1)
# Node's store rounds what is left up to whole seconds.
_ROUNDING = 1000


class TimeoutPreset(TypedDict):
    """The two timeouts, to be given with `**`."""

    idle_timeout: timedelta | None
    absolute_timeout: timedelta | None


# NIST SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3.
AAL1 = TimeoutPreset(idle_timeout=None, absolute_timeout=timedelta(days=30))
AAL2 = TimeoutPreset(idle_timeout=timedelta(hours=1), absolute_timeout=timedelta(hours=24))
AAL3 = TimeoutPreset(idle_timeout=timedelta(minutes=15), absolute_timeout=timedelta(hours=12))


MARKS = "_session"
"""The key of a row under which the marks are kept."""

RESERVED = ("cookie", MARKS)
"""The keys of a row that are the session's own settings."""


class Marks(NamedTuple):
    """When the session began, and when its user last proved who it is."""

    created: int | None = None
    authenticated: int | None = None
    turn: int | None = None
    """Tells proofs of the same millisecond apart, of which there are many where time is frozen."""

    def proved(self, now: int) -> "Marks":
        """The same session's after its user has proved who it is."""
        return Marks(self.created or now, now, next(_turns))

    @property
    def began(self) -> int | None:
        """From when the absolute timeout counts."""
        return self.created if self.authenticated is None else self.authenticated

    def to_json(self) -> dict[str, int]:
        """As a row keeps them, without what is not known."""
        return {name: at for name, at in self._asdict().items() if at is not None}

    @classmethod
    def of(cls, kept: Any) -> "Marks":
        """From a row.  What another program put there and is no time is not known."""
        if not isinstance(kept, dict):
            return cls()
        # On the path of every request: no loop, and no call.
        created, authenticated = kept.get("created"), kept.get("authenticated")
        turn = kept.get("turn")
        if type(created) is not int or not 0 <= created <= NEVER:
            created = None
        if type(authenticated) is not int or not 0 <= authenticated <= NEVER:
            authenticated = None
        if type(turn) is not int or not 0 <= turn <= NEVER:
            turn = None
        return cls(created, authenticated, turn)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """A session lives for its cookie's `max_age` after its last use, or for the store's `ttl`.

    The idle timeout shortens that; the absolute one ends the session however much it is used.
    """

    ttl: int | None
    """The store's.  None: a session whose cookie says nothing never ends."""
    idle: int | None
    absolute: int | None
    touch_interval: int | None
    """How long reading moves no expiry.  None, and at most: a tenth of the lifetime."""
    clock: Callable[[], float]

    @classmethod
    def of(
        cls,
        *,
        ttl: float | None,
        idle_timeout: timedelta | float | None,
        absolute_timeout: timedelta | float | None,
        touch_interval: timedelta | float | None,
        clock: Callable[[], float],
    ) -> "Timeouts":
        """From a configuration's `timedelta`s and seconds."""
        return cls(
            ttl=_checked("ttl", ttl, least=1),
            idle=_checked("idle_timeout", idle_timeout, least=1),
            absolute=_checked("absolute_timeout", absolute_timeout, least=1),
            touch_interval=_checked("touch_interval", touch_interval, least=0),
            clock=clock,
        )

    def now(self) -> int:
        return int(self.clock() * 1000)

    def end(self, lifetime: int | None, began: int | None, now: int) -> int:
        """When a session ends that is saved or touched now."""
        span = self._span(lifetime)
        return min(self.limit(began), NEVER if span is None else now + span)

    def limit(self, began: int | None) -> int:
        """When a session that began then ends at the latest."""
        if self.absolute is None or began is None:
            return NEVER
        return min(began + self.absolute, NEVER)

    def lives_until(self, lifetime: int | None, began: int | None, ends: int, now: int) -> int:
        """When a session that nobody uses any more passes the first of its timeouts."""
        if self.idle is None:
            return self.limit(began)
        # Of this package's rows the store says it; Node's outlive the idle timeout.
        return min(self.limit(began), self.last_seen(lifetime, ends, now) + self.idle)

    def last_seen(self, lifetime: int | None, ends: int, now: int) -> int:
        """When it was last used, if its end says so."""
        span = self._span(lifetime)
        if span is None:
            return now
        if ends - span > now + _ROUNDING:  # by a program that knows no idle timeout
            whole = self.ttl if lifetime is None else lifetime
            return now if whole is None else min(ends - whole, now)
        return ends - span

    def real_end(self, lifetime: int | None, began: int | None, ends: int, now: int) -> int:
        """When a session ends here for which the store has this end.

        Of this package's rows that is it; Node's, who knows no timeouts, end later in the store.
        """
        span = self._span(lifetime)
        if self.idle is not None and span is not None:
            ends = min(ends, self.last_seen(lifetime, ends, now) + span)
        return min(ends, self.limit(began))

    def is_due(self, lifetime: int | None, began: int | None, ends: int, now: int) -> bool:
        """Whether a session that is only read has its end moved."""
        span = self._span(lifetime)
        interval: float = 1 if span is None else span / _SHARE_OF_LIFETIME
        if self.touch_interval is not None and self.touch_interval < interval:
            interval = self.touch_interval
        end = NEVER if span is None else now + span  # as `end`, on the path of every request
        if self.absolute is not None or end > NEVER:
            end = min(self.limit(began), end)
        # A row that ends later than it could has met another clock or a shorter lifetime.
        return not -_ROUNDING <= end - ends < interval

    def _span(self, lifetime: int | None) -> int | None:
        """How long a session lives that is not used."""
        if lifetime is None:
            lifetime = self.ttl
        if self.idle is None:
            return lifetime
        return self.idle if lifetime is None else min(lifetime, self.idle)


def to_milliseconds(value: Any, name: str) -> int:
    """A `timedelta`, or a number of seconds.  The error names the option."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"{name} is a timedelta or a number of seconds, not a {type(value).__name__}"
        )
    if not (math.isfinite(value) and abs(value) * 1000 <= _LONGEST):
        raise ValueError(f"{name} is not a finite number of seconds below 1000 years")
    return round(value * 1000)


def _checked(name: str, value: Any, least: int) -> int | None:
    if value is None:
        return None
    milliseconds = to_milliseconds(value, name)
    if milliseconds < least:
        raise ValueError(
            f"{name} is negative: give 0 or more seconds"
            if least == 0
            else f"{name} must be more than 0 seconds"
        )
    return milliseconds


def stored_lifetime(cookie: Any, default: int | None) -> int | None:
    """The lifetime in a stored `cookie` object.  A row without one has the default."""
    if not isinstance(cookie, dict):
        return default
    value: Any = cookie.get("originalMaxAge")
    if value is None:
        return None
    known = type(value) in (int, float) and abs(value) <= _LONGEST
    return int(value) if known else None
