"""What each call means before any I/O, for every store: checks, expiry, encoding.

A `Call` is an operation with its arguments and its needs.  A face hands it to an engine, which runs
`operation(db, *args)` and then `finish(result)` where it runs its I/O, off any event loop.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

from ..contract import Data, Serializer, Stats, StoredSession, TouchResult
from ..errors import InvalidSession, SessionExists, UnknownIndex
from ..expiry import expiry_at, expiry_of, to_iso
from .checks import LARGEST, checked_id, checked_limit, checked_size, checked_ttl, plain, utf8_size
from .codec import Codec, Unreadable
from .tally import Tally

__all__ = [
    "NOT_NOW",
    "Call",
    "Calls",
    "Engine",
    "Judge",
    "Key",
    "KeyedRow",
    "Merge",
    "Operations",
    "Row",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Row = tuple[str | None, int]
"""A stored session: its text, None if that is not UTF-8, and its expiry in milliseconds."""

Key = str | bytes
"""Bytes only where another program has written a key that is not UTF-8."""

KeyedRow = tuple[Key, str | None, int]
"""A row behind its key.  One whose key is not text has no text either."""

Judge = Callable[[str | None, str], bool]
"""Whether a row can be read, given its text and its key."""

NOT_NOW = cast("Row", object())
"""What `fetch_now` answers when it would have to wait."""


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
    old: str
    """The key that it is read under."""
    new: str
    """The key that it is written under."""

    def apply(self, text: str | None) -> tuple[dict[str, Any], str]:
        """The session as merged, and its text.  `Unreadable` if `text` is."""
        session = self.codec.decode(text, self.old)
        for name in self.removed:
            session.pop(name, None)
        session.update(self.changed)
        return session, self.codec.encode_read(session, self.new)


class Operations(Protocol):
    """How one kind of store does it: functions of an open connection, inside a transaction.

    Keys are ids with their prefix, times are milliseconds.  One that raises a `StoreError` has
    written nothing before.
    """

    def fetch(self, db: Any, key: str) -> Row | None: ...
    def save(self, db: Any, key: str, text: str, expires: int) -> None: ...
    def insert(self, db: Any, key: str, text: str, expires: int, now: int) -> bool: ...
    def touch(self, db: Any, key: str, expires: int, now: int) -> TouchResult: ...
    def destroy(self, db: Any, keys: Collection[str], now: int) -> int: ...
    def merge(
        self, db: Any, key: str, merge: Merge, expires: int | None, now: int
    ) -> tuple[dict[str, Any], int] | None: ...
    def rotate(
        self, db: Any, old: str, new: str, text: str, expires: int, now: int, merge: Merge | None
    ) -> bool: ...
    def is_live(self, db: Any, key: str, now: int) -> bool: ...
    def length(self, db: Any, now: int) -> int: ...
    def keys(self, db: Any, now: int) -> list[Key]: ...
    def page(self, db: Any, after: Key, limit: int, now: int) -> list[KeyedRow]: ...
    def find(self, db: Any, path: str, value: str | int, now: int) -> list[KeyedRow]: ...
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

    make_codec: Callable[[Serializer, int, Tally], Codec] = Codec

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
        self.ttl = checked_ttl(ttl)
        self._disable_touch = disable_touch
        self._clock = clock
        self._codec = self.make_codec(serializer, checked_size(max_bytes), tally)
        self._decode = self._codec.decode
        self._encode = self._codec.encode
        self.lookup: Callable[[str], Any] = self.key
        """From an id to what `get` gives to the engine and to `load`."""

    def key(self, sid: str) -> str:
        """The id as the store keeps it, or `InvalidSessionId`."""
        if type(sid) is str and sid.isascii() and 0 < len(sid) < 256 and "\0" not in sid:
            return self.prefix + sid
        return self.prefix + checked_id(sid)

    def named(self, sid: str) -> str:
        """The key of a session that is named by its id, or by what the store's lists call it."""
        return self.key(sid)

    def now(self) -> int:
        return int(self._clock() * 1000)

    def judge(self) -> Judge:
        """Tells of rows whether they can be read; see `Codec.muted`."""
        codec = self._codec.muted()

        def can_read(text: str | None, key: str) -> bool:
            try:
                codec.decode(text, key)
            except Unreadable:
                return False
            return True

        return can_read

    def load(self, sid: str, row: Row | None, key: Any) -> StoredSession | None:
        """The session in a row, or None when it is absent, expired or unreadable."""
        if row is None:
            return None
        text, expires = row
        if expires <= self._clock() * 1000:
            return None
        try:
            stored = StoredSession(self._decode(text, key))
        except Unreadable:
            return None
        stored.id = sid if type(sid) is str else plain(sid)
        stored.expires_ms = expires
        return stored

    def set(self, sid: str, session: Data) -> Call[None]:
        key, now, expires = self._timed(sid, session)
        if expires <= now:
            return Call("set", self._operations.destroy, ((key,), now), True, True, _nothing)
        text = self._encode(_plain(session), key)
        return Call("set", self._operations.save, (key, text, expires), True)

    def create(self, sid: str, session: Data) -> Call[None]:
        key, now, expires = self._timed(sid, session)
        text = self._encode(_plain(session), key)
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
        args = ((self.named(sid),), self.now())
        return Call("destroy", self._operations.destroy, args, True, True)

    def destroy_many(self, sids: Iterable[str]) -> Call[int]:
        args = (self._keys(sids, "destroy_many"), self.now())
        return Call("destroy_many", self._operations.destroy, args, True, True)

    def merge(
        self, sid: str, changed: Data, removed: Iterable[str], expires: datetime | None
    ) -> Call[StoredSession | None]:
        key, now = self.key(sid), self.now()
        moved = None if expires is None else expiry_at(expires, "expires")
        merge = self._merging(changed, removed, now, key, key)

        def finish(merged: tuple[dict[str, Any], int] | None) -> StoredSession | None:
            return None if merged is None else self._stored(plain(sid), *merged)

        args = (key, merge, moved, now)
        return Call("merge", self._operations.merge, args, True, False, finish)

    def _merging(
        self, changed: Data, removed: Iterable[str], now: int, old: str, new: str
    ) -> Merge:
        _check_mapping(changed)
        expiry_of(changed, None, now)  # refuses a cookie that could not be loaded again
        copied = self._codec.copied(_plain(changed))
        return Merge(copied, _keys_of(removed), self._codec, old, new)

    def rotate(
        self, old: str, new: str, session: Data, changed: Data | None, removed: Iterable[str]
    ) -> Call[bool]:
        key, now, expires = self._timed(new, session)
        text, before = self._encode(_plain(session), key), self.key(old)
        merge = None if changed is None else self._merging(changed, removed, now, before, key)
        args = (before, key, text, expires, now, merge)
        return Call("rotate", self._operations.rotate, args, True, True)

    def length(self) -> Call[int]:
        return Call("length", self._operations.length, (self.now(),))

    def clear(self) -> Call[int]:
        return Call("clear", self._operations.clear, (self.now(),), True, True)

    def ids(self) -> Call[list[str]]:
        return Call("ids", self._operations.keys, (self.now(),), finish=self._ids)

    def all(self) -> Call[list[StoredSession]]:
        return Call("all", self._operations.page, (self.prefix, -1, self.now()), finish=self._many)

    def scan(self, after: str | None, limit: int) -> Call[list[StoredSession]]:
        limit = checked_limit(limit)
        start = self.prefix if after is None else self.named(after)
        return Call("scan", self._page, (start, limit, self.now()))

    def find(self, path: str, value: str | int) -> Call[list[StoredSession]]:
        self._check_index(path, value)
        return Call("find", self._operations.find, (path, value, self.now()), finish=self._many)

    def destroy_where(self, path: str, value: str | int, keep: Collection[str]) -> Call[int]:
        self._check_index(path, value)
        args = (path, value, self._keys(keep, "keep"), self.now())
        return Call("destroy_where", self._operations.destroy_where, args, True, True)

    def sweep_limit(self, limit: int) -> int:
        return checked_limit(limit)

    def _timed(self, sid: str, session: Data) -> tuple[str, int, int]:
        key, now = self.key(sid), self.now()
        _check_mapping(session)
        return key, now, expiry_of(session, self.ttl, now)

    def _keys(self, sids: Iterable[str], name: str) -> tuple[str, ...]:
        return tuple(self.named(sid) for sid in _several(sids, name))

    def _check_index(self, path: str, value: str | int) -> None:
        if path not in self.indexes:
            raise UnknownIndex(f"{path!r} is not indexed: open the store with indexes=({path!r},)")
        if type(value) is int and -LARGEST - 1 <= value <= LARGEST:
            return
        if type(value) is not str:
            raise TypeError("an index is asked for a str, or an int of at most 64 bits")
        if utf8_size(value) is None:
            raise ValueError("an index is asked for text without a lone surrogate")

    def _ids(self, keys: list[Key]) -> list[str]:
        start = len(self.prefix)
        found = [key[start:] for key in keys if isinstance(key, str)]
        for _ in range(len(keys) - len(found)):
            self._codec.report_unreadable()
        return found

    def _page(self, db: Any, start: Key, limit: int, now: int) -> list[StoredSession]:
        """A page without the unreadable: an empty one is the end, even where a whole page was."""
        found: list[StoredSession] = []
        while len(found) < limit:
            rows = self._operations.page(db, start, limit - len(found), now)
            if not rows:
                break
            found += self._many(rows)
            start = rows[-1][0]
        return found

    def _many(self, rows: Iterable[KeyedRow]) -> list[StoredSession]:
        start = len(self.prefix)
        found = []
        for key, text, expires in rows:
            try:
                session = self._decode(text, key)
            except Unreadable:
                continue
            assert isinstance(key, str)
            found.append(self._stored(key[start:], session, expires))
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
    if isinstance(names, str | bytes | bytearray):
        kind = type(names).__name__
        raise TypeError(f"{argument} takes several, not one {kind}: put it in a list")
    return names


def _keys_of(removed: Iterable[str]) -> tuple[str, ...]:
    keys = tuple(_several(removed, "removed"))
    if not all(isinstance(key, str) for key in keys):
        raise TypeError("removed takes keys of the session, each a str")
    return keys


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
