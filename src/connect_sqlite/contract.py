"""What every store promises: its calls, their results, and what they mean.

`Store` blocks and `AsyncStore` is awaited; otherwise they are the same.  The docstrings stand once,
at `Store`.  A session is *live* while its expiry lies in the future; every call sees live sessions
only, whether or not the expired ones have been swept away yet.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self, TypedDict, runtime_checkable

from .expiry import to_datetime

__all__ = [
    "AsyncStore",
    "Data",
    "Latency",
    "Serializer",
    "Stats",
    "Store",
    "StoredSession",
    "TouchResult",
]

Data = Mapping[str, Any]
"""A session's data: string keys, and values that JSON has."""


class StoredSession(dict[str, Any]):
    """A session as it came out of a store: its data, and beside it `.id` and `.expires`."""

    __slots__ = ("expires_ms", "id")

    id: str
    """The session's id, without the store's prefix.

    In lists of a store that hides ids, sealed or hashed, it is a `Handle`.  There `destroy`,
    `destroy_many`, `keep` and `after` take one in the place of an id, and the pages of `scan` may
    have an order of their own.
    """
    expires_ms: int
    """When it ends, in milliseconds since 1970."""

    @property
    def expires(self) -> datetime:
        """When it ends, in UTC.  One that never ends says the last moment of the year 9999."""
        return to_datetime(self.expires_ms)


class TouchResult(StrEnum):
    """What became of a touched session."""

    OK = "OK"
    """It is live, and ends at its new time."""
    EXPIRED = "EXPIRED"
    """It was not live, or its new time had passed and so it was ended."""


class Latency(TypedDict):
    """How long calls of one kind took lately, in microseconds, the wait for others included."""

    p50: float
    p99: float
    max: float


class Stats(TypedDict):
    """What `stats()` tells: plain data, ready for JSON."""

    live: int
    """Sessions of this store's prefix that are live."""
    expired: int
    """Those that have ended and are not swept away yet."""
    file_bytes: int
    wal_bytes: int
    operations: dict[str, int]
    """Calls since the store was opened, by name."""
    latencies: dict[str, Latency]
    """Of a sample of the latest calls, by name."""
    errors: dict[str, int]
    """Calls that failed in the store, by the error's name, and `"unreadable"` rows.

    What was refused before it came to the store, such as an id, is not counted.
    """


class Serializer(Protocol):
    """Another codec than JSON for `serializer=`."""

    def dumps(self, session: dict[str, Any], /) -> str:
        """The session as text: a `str`, not bytes.  Whatever it raises becomes `InvalidSession`."""
        ...

    def loads(self, text: str, /) -> dict[str, Any]:
        """The session back.  Whatever it raises makes the row unreadable: absent, and reported."""
        ...


@runtime_checkable
class Store(Protocol):
    """The sync face.  Any number of threads may share one.

    Every call may raise `StoreClosed`, `StoreBusy`, `StoreFull`, `StoreCorrupt`, `StoreUnavailable`
    or a plain `StoreError`; a call that takes an id, `InvalidSessionId`; one that takes a session,
    `InvalidSession`.  A call that raises has changed nothing.
    """

    @property
    def ttl(self) -> float | None:
        """Seconds a session lives whose cookie says nothing; None for until it is destroyed."""
        ...

    @property
    def indexes(self) -> Collection[str]:
        """The paths that `find` and `destroy_where` take."""
        ...

    def get(self, sid: str) -> StoredSession | None:
        """The session, or None when there is none or it has expired."""
        ...

    def set(self, sid: str, session: Data) -> None:
        """Create or replace.  A session that is already expired is destroyed, not saved."""
        ...

    def destroy(self, sid: str) -> int:
        """End a session; how many were ended, 0 or 1."""
        ...

    def touch(self, sid: str, session: Data) -> TouchResult | None:
        """Move a session's expiry to what `session` says; its data stays.

        None when the store was built with `disable_touch`.
        """
        ...

    def length(self) -> int:
        """How many sessions are live.  Reads every row."""
        ...

    def clear(self) -> int:
        """End all sessions of this store's prefix; how many were live."""
        ...

    def ids(self) -> list[str]:
        """The live sessions' ids, in order.  For small stores; see `scan`."""
        ...

    def all(self) -> list[StoredSession]:
        """The live sessions, in the order of their ids.  For small stores; see `scan`.

        A row that cannot be read is left out, logged and counted.
        """
        ...

    def create(self, sid: str, session: Data) -> None:
        """Save a new session.  `SessionExists` if the id is live: that session is left as it is.

        A session that is already expired is not saved.
        """
        ...

    def merge(
        self,
        sid: str,
        changed: Data,
        removed: Iterable[str] = (),
        expires: datetime | None = None,
    ) -> StoredSession | None:
        """Remove and set top-level keys in the session as it is now, in one transaction.

        `expires` moves its end; None leaves it.  Returns the session as merged, or None if it is
        gone: it stays gone.  One whose new expiry has passed is ended.
        """
        ...

    def rotate(
        self,
        old: str,
        new: str,
        session: Data,
        changed: Data | None = None,
        removed: Iterable[str] = (),
    ) -> bool:
        """Save `session` under the id `new` and end `old`, in one transaction.

        With `changed`, what is saved is the old session as it is then, changed as `merge` would, so
        that what others saved meanwhile comes along; `session` still says when it ends.  False, and
        nothing is written, when `old` was not live.  `SessionExists`, and nothing is changed, when
        `new` is.
        """
        ...

    def find(self, path: str, value: str | int) -> list[StoredSession]:
        """The live sessions with this value at a declared index, such as `"user.id"`.

        1 is not `"1"`, nor `true`.  `UnknownIndex` when `path` is not among the store's `indexes`.
        """
        ...

    def destroy_where(self, path: str, value: str | int, *, keep: Collection[str] = ()) -> int:
        """End the sessions that `find` would return, but for the ids in `keep`; how many were."""
        ...

    def destroy_many(self, sids: Iterable[str]) -> int:
        """End these sessions in one transaction; how many were ended."""
        ...

    def scan(self, *, after: str | None = None, limit: int = 1000) -> list[StoredSession]:
        """A page of live sessions in the order of their ids, at most `limit` of them.

        `after` is the last `.id` of the page before.  An empty page is the end.
        """
        ...

    def sweep(self, limit: int = 10_000) -> int:
        """Delete up to `limit` expired rows in short transactions; how many.  0: none are left.

        A store also sweeps by itself.
        """
        ...

    def stats(self) -> Stats:
        """Counts, sizes, latencies and errors.  Reads every row."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go of the file.  Again is allowed; other calls raise."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


@runtime_checkable
class AsyncStore(Protocol):
    """The async face: `Store`, awaited.  It serves one event loop after another."""

    @property
    def ttl(self) -> float | None: ...
    @property
    def indexes(self) -> Collection[str]: ...
    async def get(self, sid: str) -> StoredSession | None: ...
    async def set(self, sid: str, session: Data) -> None: ...
    async def destroy(self, sid: str) -> int: ...
    async def touch(self, sid: str, session: Data) -> TouchResult | None: ...
    async def length(self) -> int: ...
    async def clear(self) -> int: ...
    async def ids(self) -> list[str]: ...
    async def all(self) -> list[StoredSession]: ...
    async def create(self, sid: str, session: Data) -> None: ...
    async def merge(
        self,
        sid: str,
        changed: Data,
        removed: Iterable[str] = (),
        expires: datetime | None = None,
    ) -> StoredSession | None: ...
    async def rotate(
        self,
        old: str,
        new: str,
        session: Data,
        changed: Data | None = None,
        removed: Iterable[str] = (),
    ) -> bool: ...
    async def find(self, path: str, value: str | int) -> list[StoredSession]: ...
    async def destroy_where(
        self, path: str, value: str | int, *, keep: Collection[str] = ()
    ) -> int: ...
    async def destroy_many(self, sids: Iterable[str]) -> int: ...
    async def scan(self, *, after: str | None = None, limit: int = 1000) -> list[StoredSession]: ...
    async def sweep(self, limit: int = 10_000) -> int: ...
    async def stats(self) -> Stats: ...
    async def close(self) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...
