"""`session.cookie`: the lifetime of a session and its cookie."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..expiry import from_datetime, to_datetime
from .timeouts import to_milliseconds

if TYPE_CHECKING:
    from .session import Session

__all__ = ["SessionCookie"]


class SessionCookie:
    """The lifetime of a session and its cookie.  What is set moves both, and stays."""

    __slots__ = ("_session",)

    def __init__(self, session: "Session") -> None:
        self._session = session

    @property
    def original_max_age(self) -> float | None:
        """The lifetime in seconds.  None: the cookie ends with the browser."""
        lifetime = self._session._lifetime
        return None if lifetime is None else lifetime / 1000

    @property
    def max_age(self) -> float | None:
        """The seconds left.  Set it to a `timedelta`, a number of seconds, or None."""
        session = self._session
        if session._lifetime is None:
            return None
        return (session._end() - session._timeouts.now()) / 1000

    @max_age.setter
    def max_age(self, value: timedelta | float | None) -> None:
        session = self._session
        session._lifetime = None if value is None else to_milliseconds(value, "cookie.max_age")
        session._ends = None
        session._touched = True

    @property
    def expires(self) -> datetime | None:
        """When the cookie ends; None with the browser.  Set it to an aware `datetime`, or None."""
        session = self._session
        return None if session._lifetime is None else to_datetime(session._end())

    @expires.setter
    def expires(self, value: datetime | None) -> None:
        seconds = None
        if value is not None:
            now = self._session._timeouts.now()
            seconds = (from_datetime(value, "cookie.expires") - now) / 1000
        self.max_age = seconds

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: max_age={self.original_max_age}>"
