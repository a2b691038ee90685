"""Every error a store or a session raises, as two small trees.

A message says what was being done, to which file, and what to do next.  None carries a session id
or session data.
"""

__all__ = [
    "InvalidSession",
    "InvalidSessionId",
    "NotASessionStore",
    "SchemaTooNew",
    "SessionError",
    "SessionExists",
    "SessionGone",
    "SessionLimitReached",
    "StoreBusy",
    "StoreClosed",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreKeyError",
    "StoreUnavailable",
    "UnknownIndex",
]


class StoreError(Exception):
    """Anything a store can fail with.  Catch this to answer 503."""


class StoreClosed(StoreError):
    """The store was used after `close()`."""


class StoreBusy(StoreError):
    """Another process held the write lock for longer than `busy_timeout`.  Nothing was written."""


class StoreFull(StoreError):
    """The disk is full.  Nothing was written: a logout that met this did not happen."""


class StoreCorrupt(StoreError):
    """SQLite found the file damaged."""


class NotASessionStore(StoreError):
    """The file is no database, or its table is not a session table.  The file is left as it was."""


class SchemaTooNew(StoreError):
    """A later version of this package made the file.  The file is left as it was."""


class StoreUnavailable(StoreError):
    """What holds the sessions is away: the file was deleted or replaced, or a server is down."""


class StoreKeyError(StoreError):
    """The file is sealed with another key; or of file and store only one is sealed or hashed."""


class SessionExists(StoreError):
    """`create` or `rotate` met an id that is already live.  Nothing was written."""


class InvalidSessionId(StoreError, ValueError):
    """The id is not a `str` of 1 to 255 bytes of UTF-8 without NUL."""


class InvalidSession(StoreError, ValueError):
    """The session cannot be kept as it is; the message names the key.  The old row stays."""


class UnknownIndex(StoreError, LookupError):
    """`find` or `destroy_where` named a path that is not among the store's `indexes`."""


class SessionError(Exception):
    """What a session cannot do for its handler.  No fault of the store's."""


class SessionGone(SessionError, LookupError):
    """`reload()` found no session: it is new, has ended, or was destroyed meanwhile."""


class SessionLimitReached(SessionError):
    """Its owner has as many sessions as `sessions_per_owner` allows.  Nothing was written."""
