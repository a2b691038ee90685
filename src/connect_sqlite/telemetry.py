"""Counters for OpenTelemetry: `SessionMiddleware(…, **session_counters())`.

Needs the extra: `pip install connect-sqlite[otel]`.
"""

from typing import TypedDict

from ._extras import extra
from ._session.events import Hook, SessionEvent

with extra("otel"):
    from opentelemetry.metrics import Meter, get_meter

__all__ = ["SessionCounters", "session_counters"]


class SessionCounters(TypedDict):
    """One hook for each kind of event."""

    on_created: Hook
    on_rotated: Hook
    on_destroyed: Hook
    on_expired: Hook


def session_counters(meter: Meter | None = None) -> SessionCounters:
    """Hooks that count what happens to sessions, under `sessions.created` and so on.

    `meter` is the application's own, if it has one.  Neither handles nor owners become attributes:
    each would be a time series.
    """
    meter = meter or get_meter("connect_sqlite")

    def counting(name: str) -> Hook:
        counter = meter.create_counter(
            f"sessions.{name}", unit="{session}", description=f"Sessions that were {name}."
        )

        def count(_: SessionEvent) -> None:
            counter.add(1)

        return count

    return SessionCounters(
        on_created=counting("created"),
        on_rotated=counting("rotated"),
        on_destroyed=counting("destroyed"),
        on_expired=counting("expired"),
    )
