"""Sessions for Litestar, and a `Store` for its caches and rate limits."""

from .._session.timeouts import AAL1, AAL2, AAL3
from ..asgi import Session
from .sessions import SessionBackend, SessionConfig
from .store import Store

__all__ = ["AAL1", "AAL2", "AAL3", "Session", "SessionBackend", "SessionConfig", "Store"]
