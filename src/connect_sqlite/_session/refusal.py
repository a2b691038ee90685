"""What goes out in place of an answer that would not be true."""

from logging import getLogger
from typing import NamedTuple

from ..errors import SessionLimitReached
from .caching import Headers

__all__ = ["Refusal", "refused"]

_log = getLogger("connect_sqlite")


class Refusal(NamedTuple):
    """An answer in plain text, and the code that closes a WebSocket instead."""

    status: int
    reason: str
    text: bytes
    close_code: int

    @property
    def headers(self) -> Headers:
        return [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(self.text)).encode()),
            (b"cache-control", b"no-store"),
        ]


_AWAY = Refusal(503, "Service Unavailable", b"Service Unavailable", 1013)
_LIMIT = Refusal(403, "Forbidden", b"Too many sessions: sign out somewhere else first", 1008)


def refused(error: Exception) -> Refusal:
    """The answer to this error, which is logged if it is the store's."""
    if isinstance(error, SessionLimitReached):
        return _LIMIT
    _log.error("The session store failed, and the request was refused: %r", error)
    return _AWAY
