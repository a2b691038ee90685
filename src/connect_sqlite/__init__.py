"""Server-side web sessions in one SQLite file, with no server to run."""

from typing import TYPE_CHECKING, Any

from ._sqlite.store import AsyncSQLiteStore, SQLiteStore
from ._stores.callbacks import CallbackStore
from ._stores.codec import JSON
from ._stores.opening import open_async_store, open_store
from .contract import (
    AsyncStore,
    Serializer,
    Stats,
    Store,
    StoredSession,
    TouchResult,
)
from .errors import (
    InvalidSession,
    InvalidSessionId,
    NotASessionStore,
    SchemaTooNew,
    SessionError,
    SessionExists,
    SessionGone,
    SessionLimitReached,
    StoreBusy,
    StoreClosed,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreKeyError,
    StoreUnavailable,
    UnknownIndex,
)
from .handles import Handle, handle_of

if TYPE_CHECKING:
    from ._sqlite.conversion import Sealed, seal

__version__ = "0.1.0"

__all__ = [
    "JSON",
    "AsyncSQLiteStore",
    "AsyncStore",
    "CallbackStore",
    "Handle",
    "InvalidSession",
    "InvalidSessionId",
    "NotASessionStore",
    "SQLiteStore",
    "SchemaTooNew",
    "Sealed",
    "Serializer",
    "SessionError",
    "SessionExists",
    "SessionGone",
    "SessionLimitReached",
    "Stats",
    "Store",
    "StoreBusy",
    "StoreClosed",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreKeyError",
    "StoreUnavailable",
    "StoredSession",
    "TouchResult",
    "UnknownIndex",
    "handle_of",
    "open_async_store",
    "open_store",
    "seal",
]


def __getattr__(name: str) -> Any:
    """`seal` and what it returns, loaded when asked for: a file is sealed once."""
    if name not in ("Sealed", "seal"):
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from ._sqlite import conversion

    return getattr(conversion, name)
