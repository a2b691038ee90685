"""Time that passes only when a test says so."""

from datetime import UTC, datetime, timedelta

__all__ = ["Clock"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Seconds since 1970, for a store's `clock=`.  Set `now`, or `advance` it."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        """15 January 2027, 08:00 UTC, unless said otherwise."""

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass; a negative number sets the clock back."""
        self.now += seconds

    def at(self, seconds: float = 0) -> datetime:
        """The moment so many seconds from now, in UTC."""
        return _EPOCH + timedelta(seconds=self.now + seconds)
