"""What each call means before any I/O, for every store: checks, expiry, encoding.

A `Call` is an operation with its arguments and its needs.  A face hands it to an engine, which runs
`operation(db, *args)` and then `finish(result)` where it runs its I/O, off any event loop.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime
from math import isfinite
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

from ..contract import Data, Serializer, Stats, StoredSession, TouchResult
from ..errors import InvalidSession, InvalidSessionId, SessionExists, UnknownIndex
from ..expiry import expiry_at, expiry_of, to_iso
from .codec import Codec, Unreadable
from .tally import Tally

__all__ = [
    "NOT_NOW",
    "Call",
    "Calls",
    "Engine",
    "Merge",
    "Operations",
    "Row",
    "checked_indexes",
    "checked_prefix",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Row = tuple[str, int]
"""A stored session: its text and its expiry in milliseconds."""

NOT_NOW = cast("Row", object())
"""What `fetch_now` answers when it would have to wait."""

_INDEX_PATH = re.compile(r"[^\W\d][\w-]*(\.[^\W\d][\w-]*)*")


class Call(NamedTuple, Generic[T_co]):
    """An operation with its arguments and its needs."""

    name: str
    operation: Callable[..., Any]
    args: tuple[Any, ...]
    writes: bool = False
    durable: bool = False
    """Whether power loss must not undo it once it has returned."""
    finish: Callable[[Any], T_co] | None = None
    light: bool = False
    """Whether it writes no data, so that nothing is lost if the file is not in its place."""
    part: bool = False
    """Whether it is a part of what was asked for, and not counted by itself."""


class Merge(NamedTuple):
    """What `merge` does to the session that it finds."""

    changed: dict[str, Any]
    removed: Collection[str]
    codec: Codec

    def apply(self, text: str) -> tuple[dict[str, Any], str]:
        """The session as merged, and its text.  `Unreadable` if `text` is."""
        session = self.codec.decode(text)
        for name in self.removed:
            session.pop(name, None)
        session.update(self.changed)
        return session, self.codec.encode(session)


class Operations(Protocol):
    """How one kind of store does it: functions of an open connection, inside a transaction.

    Keys are ids with their prefix, times are milliseconds.  One that raises a `StoreError` has
    written nothing before.
    """

    def save(self, db: Any, key: str, text: str, expires: int) -> None: ...
    def insert(self, db: Any, key: str, text: str, expires: int, now: int) -> bool: ...
    def touch(self, db: Any, key: str, expires: int, now: int) -> TouchResult: ...
    def destroy(self, db: Any, keys: Collection[str], now: int) -> int: ...
    def merge(
        self, db: Any, key: str, merge: Merge, expires: int | None, now: int
    ) -> tuple[dict[str, Any], int] | None: ...
    def rotate(self, db: Any, old: str, new: str, text: str, expires: int, now: int) -> bool: ...
    def is_live(self, db: Any, key: str, now: int) -> bool: ...
    def length(self, db: Any, now: int) -> int: ...
    def keys(self, db: Any, now: int) -> list[str]: ...
    def page(self, db: Any, after: str, limit: int, now: int) -> list[tuple[str, str, int]]: ...
    def find(
        self, db: Any, path: str, value: str | int, now: int
    ) -> list[tuple[str, str, int]]: ...
    def destroy_where(
        self, db: Any, path: str, value: str | int, keep: Collection[str], now: int
    ) -> int: ...
    def clear(self, db: Any, now: int) -> int: ...


class Engine(Protocol):
    """What a face needs of a store: something that runs calls."""

    def run(self, call: Call[T]) -> T: ...
    def run_async(self, call: Call[T]) -> Awaitable[T]: ...
    def refuse_if_closed(self) -> None: ...
    def fetch_now(self, key: str) -> Row | None: ...
    def fetch_patiently(self, key: str) -> Row | None: ...
    async def fetch_in_thread(self, key: str) -> Row | None: ...
    def sweep(self, limit: int) -> int: ...
    async def sweep_async(self, limit: int) -> int: ...
    def stats(self) -> Stats: ...
    async def stats_async(self) -> Stats: ...
    def close(self) -> None: ...
    async def close_async(self) -> None: ...


class Calls:
    """Makes the calls of one store, by its options."""

    def __init__(
        self,
        operations: Operations,
        *,
        prefix: str,
        ttl: float | None,
        disable_touch: bool,
        serializer: Serializer,
        max_bytes: int,
        indexes: Collection[str],
        clock: Callable[[], float],
        tally: Tally,
    ) -> None:
        self.prefix = prefix
        self.indexes = frozenset(indexes)
        self._operations = operations
        self.ttl = _checked_ttl(ttl)
        self._disable_touch = disable_touch
        self._clock = clock
        self._codec = Codec(serializer, _checked_size(max_bytes), tally)
        self._decode = self._codec.decode

    def key(self, sid: str) -> str:
        """The id as the store keeps it, or `InvalidSessionId`."""
        if type(sid) is str and sid.isascii() and 0 < len(sid) < 256 and "\0" not in sid:
            return self.prefix + sid
        return self.prefix + _checked_id(sid)

    def now(self) -> int:
        return int(self._clock() * 1000)

    def load(self, sid: str, row: Row | None) -> StoredSession | None:
        """The session in a row, or None when it is absent, expired or unreadable."""
        if row is None:
            return None
        text, expires = row
        if expires <= self._clock() * 1000:
            return None
        try:
            stored = StoredSession(self._decode(text))
        except Unreadable:
            return None
        stored.id = sid
        stored.expires_ms = expires
        return stored

    def set(self, sid: str, session: Data) -> Call[None]:
        key, now, expires = self._timed(sid, session)
        if expires <= now:
            return Call("set", self._operations.destroy, ((key,), now), True, True, _nothing)
        text = self._codec.encode(_plain(session))
        return Call("set", self._operations.save, (key, text, expires), True)

    def create(self, sid: str, session: Data) -> Call[None]:
        key, now, expires = self._timed(sid, session)
        text = self._codec.encode(_plain(session))
        if expires <= now:
            return Call("create", self._operations.is_live, (key, now), finish=_refuse_live)
        args = (key, text, expires, now)
        return Call("create", self._operations.insert, args, True, True, _refuse_unwritten)

    def touch(self, sid: str, session: Data) -> Call[TouchResult] | None:
        key, now, expires = self._timed(sid, session)
        if self._disable_touch:
            return None
        return Call("touch", self._operations.touch, (key, expires, now), True, light=True)

    def destroy(self, sid: str) -> Call[int]:
        return Call("destroy", self._operations.destroy, ((self.key(sid),), self.now()), True, True)

    def destroy_many(self, sids: Iterable[str]) -> Call[int]:
        args = (self._keys(sids, "destroy_many"), self.now())
        return Call("destroy_many", self._operations.destroy, args, True, True)

    def merge(
        self, sid: str, changed: Data, removed: Iterable[str], expires: datetime | None
    ) -> Call[StoredSession | None]:
        key, now = self.key(sid), self.now()
        moved = None if expires is None else expiry_at(expires, "expires")
        _check_mapping(changed)
        expiry_of(changed, None, now)  # refuses a cookie that could not be loaded again
        plain = dict(_plain(changed))
        self._codec.encode(plain)
        merge = Merge(plain, tuple(_several(removed, "removed")), self._codec)

        def finish(merged: tuple[dict[str, Any], int] | None) -> StoredSession | None:
            return None if merged is None else self._stored(sid, *merged)

        args = (key, merge, moved, now)
        return Call("merge", self._operations.merge, args, True, False, finish)

    def rotate(self, old: str, new: str, session: Data) -> Call[bool]:
        key, now, expires = self._timed(new, session)
        text = self._codec.encode(_plain(session))
        args = (self.key(old), key, text, expires, now)
        return Call("rotate", self._operations.rotate, args, True, True)

    def length(self) -> Call[int]:
        return Call("length", self._operations.length, (self.now(),))

    def clear(self) -> Call[int]:
        return Call("clear", self._operations.clear, (self.now(),), True, True)

    def ids(self) -> Call[list[str]]:
        start = len(self.prefix)
        return Call(
            "ids",
            self._operations.keys,
            (self.now(),),
            finish=lambda keys: [key[start:] for key in keys],
        )

    def all(self) -> Call[list[StoredSession]]:
        return Call("all", self._operations.page, (self.prefix, -1, self.now()), finish=self._many)

    def scan(self, after: str | None, limit: int) -> Call[list[StoredSession]]:
        limit = _checked_limit(limit)
        start = self.prefix if after is None else self.key(after)
        return Call("scan", self._page, (start, limit, self.now()))

    def find(self, path: str, value: str | int) -> Call[list[StoredSession]]:
        self._check_index(path, value)
        return Call("find", self._operations.find, (path, value, self.now()), finish=self._many)

    def destroy_where(self, path: str, value: str | int, keep: Collection[str]) -> Call[int]:
        self._check_index(path, value)
        args = (path, value, self._keys(keep, "keep"), self.now())
        return Call("destroy_where", self._operations.destroy_where, args, True, True)

    def sweep_limit(self, limit: int) -> int:
        return _checked_limit(limit)

    def _timed(self, sid: str, session: Data) -> tuple[str, int, int]:
        key, now = self.key(sid), self.now()
        _check_mapping(session)
        return key, now, expiry_of(session, self.ttl, now)

    def _keys(self, sids: Iterable[str], name: str) -> tuple[str, ...]:
        return tuple(self.key(sid) for sid in _several(sids, name))

    def _check_index(self, path: str, value: str | int) -> None:
        if path not in self.indexes:
            raise UnknownIndex(f"{path!r} is not indexed: open the store with indexes=({path!r},)")
        if type(value) is int and -(2**63) <= value < 2**63:
            return
        if type(value) is not str:
            raise TypeError("an index is asked for a str, or an int of at most 64 bits")

    def _page(self, db: Any, start: str, limit: int, now: int) -> list[StoredSession]:
        """A page without the unreadable: an empty one is the end, even where a whole page was."""
        found: list[StoredSession] = []
        while len(found) < limit:
            rows = self._operations.page(db, start, limit - len(found), now)
            if not rows:
                break
            found += self._many(rows)
            start = rows[-1][0]
        return found

    def _many(self, rows: Iterable[tuple[str, str, int]]) -> list[StoredSession]:
        start = len(self.prefix)
        found = []
        for key, text, expires in rows:
            try:
                found.append(self._stored(key[start:], self._codec.decode(text), expires))
            except Unreadable:
                continue
        return found

    @staticmethod
    def _stored(sid: str, session: dict[str, Any], expires: int) -> StoredSession:
        stored = StoredSession(session)
        stored.id = sid
        stored.expires_ms = expires
        return stored


def _check_mapping(session: Any) -> None:
    if type(session) is not dict and not isinstance(session, Mapping):
        raise InvalidSession(f"a session is a mapping, not a {type(session).__name__}")


def _several(names: Iterable[str], argument: str) -> Iterable[str]:
    if isinstance(names, str):
        raise TypeError(f"{argument} takes several, not one str: put it in a list")
    return names


def _nothing(_: object) -> None:
    return None


def _refuse_live(live: bool) -> None:
    if live:
        raise SessionExists("a session with this id is live: make a new id and create it again")


def _refuse_unwritten(written: bool) -> None:
    _refuse_live(not written)


def _plain(session: Data) -> Data:
    """The session with `cookie.expires` as text, if it was a `datetime`: JSON has none."""
    cookie = session.get("cookie")
    # None and False fall through: expiry_of has refused what is no mapping.
    if cookie and isinstance(cookie.get("expires"), datetime):
        return {**session, "cookie": {**cookie, "expires": to_iso(cookie["expires"])}}
    return session


def _checked_id(sid: Any) -> str:
    if not isinstance(sid, str):
        raise InvalidSessionId(f"a session id is a str, not a {type(sid).__name__}")
    size = _utf8_size(sid)
    if size is None or "\0" in sid:
        raise InvalidSessionId("a session id cannot hold NUL or a lone surrogate")
    if not 0 < size < 256:
        raise InvalidSessionId("a session id has 1 to 255 bytes of UTF-8")
    return str(sid)


def checked_prefix(prefix: Any) -> str:
    if not isinstance(prefix, str):
        raise TypeError(f"prefix is a str, not a {type(prefix).__name__}")
    if _utf8_size(prefix) is None or "\0" in prefix:
        raise ValueError("prefix cannot hold NUL or a lone surrogate")
    return str(prefix)


def _utf8_size(text: str) -> int | None:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return None


def _checked_ttl(ttl: Any) -> float | None:
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, int | float):
        raise TypeError("ttl is a number of seconds, or None for sessions that do not end")
    if not (isfinite(ttl) and ttl > 0):
        raise ValueError("ttl must be more than 0 seconds; None makes sessions that do not end")
    return ttl


def _checked_limit(limit: Any) -> int:
    if type(limit) is not int or limit < 1:
        raise ValueError("limit must be a whole number, 1 or more")
    return limit


def _checked_size(max_bytes: Any) -> int:
    if type(max_bytes) is not int or max_bytes < 1:
        raise ValueError("max_bytes must be a whole number of bytes, 1 or more")
    return max_bytes


def checked_indexes(indexes: Any) -> tuple[str, ...]:
    if isinstance(indexes, str):
        raise TypeError(f"indexes takes several paths: write indexes=({indexes!r},)")
    for path in indexes:
        if not isinstance(path, str) or not _INDEX_PATH.fullmatch(path):
            raise ValueError('an index is a dotted path of names, such as "user.id"')
    return tuple(indexes)
