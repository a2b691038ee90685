"""The calls of a sealed store, and how rows move from an older key to the one that writes."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from ..contract import StoredSession, TouchResult
from ..handles import Handle, mark_in, mark_of, spelled
from .calls import Call, Calls, Key, KeyedRow, Merge, Operations
from .checks import checked_id
from .codec import Unreadable
from .hashed import checked_handle
from .sealing import MARK_SIZE, RowKey, SealedCodec, SealingKey, kept_as

__all__ = ["SealedCalls", "SealedUnderSeveral", "ring_of"]

_KNOWN = 16384
"""So many ids are remembered with their keys, for a request asks for one several times."""


def ring_of(keys: Sequence[bytes]) -> tuple[SealingKey, ...]:
    """What is derived from each key; `ValueError` for two that a row could not tell apart."""
    ring = tuple(SealingKey(key) for key in keys)
    if len({key.name for key in ring}) < len(ring):
        raise ValueError("two of the keys have the same name by chance: make another key")
    return ring


class SealedCalls(Calls):
    """As all calls, but that neither ids nor data are in the file, and lists speak in handles."""

    _codec: SealedCodec

    def __init__(
        self,
        operations: Operations,
        *,
        ring: tuple[SealingKey, ...],
        table: str,
        prefix: str,
        indexes: Collection[str],
        **options: Any,
    ) -> None:
        self.make_codec = partial(SealedCodec, ring, table, prefix, indexes)
        self._ring = ring
        self._known: dict[str, RowKey] = {}
        super().__init__(operations, prefix=prefix, indexes=indexes, **options)

    # ------------------------------------------------------------------ from ids to keys

    def key(self, sid: str) -> RowKey:
        if type(sid) is str:
            known = self._known.get(sid)
            if known is not None:
                return known
            if not (sid.isascii() and 0 < len(sid) < 256 and "\0" not in sid):
                sid = checked_id(sid)
        else:
            sid = checked_id(sid)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        key = self._known[sid] = self._key_of(mark_of(sid))
        return key

    def named(self, sid: str) -> RowKey:
        if isinstance(sid, Handle):
            return self._key_of(mark_in(checked_handle(sid)))
        return self.key(sid)

    def _key_of(self, mark: bytes) -> RowKey:
        return self._codec.row_key(self.prefix, mark)

    # ------------------------------------------------------------------ lists, in handles

    def ids(self) -> Call[list[str]]:
        args = (self.prefix, -1, self.now())
        return Call("ids", self._operations.page, args, finish=self._handles)

    def all(self) -> Call[list[StoredSession]]:
        return super().all()._replace(finish=self._in_order)

    def find(self, path: str, value: str | int) -> Call[list[StoredSession]]:
        self._check_index(path, value)
        args = (kept_as(path), self._tags(path, value), self.now())
        return Call("find", self._find, args, finish=self._in_order)

    def _find(self, db: Any, kept: str, tags: Iterable[str], now: int) -> list[KeyedRow]:
        return [row for tag in tags for row in self._operations.find(db, kept, tag, now)]

    def destroy_where(self, path: str, value: str | int, keep: Collection[str]) -> Call[int]:
        self._check_index(path, value)
        kept = tuple(each for key in self._keys(keep, "keep") for each in _every(key))
        args = (kept_as(path), self._tags(path, value), kept, self.now())
        return Call("destroy_where", self._destroy_where, args, True, True)

    def _destroy_where(
        self, db: Any, path: str, tags: Iterable[str], keep: Collection[str], now: int
    ) -> int:
        return sum(self._operations.destroy_where(db, path, tag, keep, now) for tag in tags)

    def _tags(self, path: str, value: str | int) -> tuple[str, ...]:
        return tuple(key.index_tag(path, value) for key in self._ring)

    def _handles(self, rows: Iterable[KeyedRow]) -> list[str]:
        found = []
        for key, text, _ in rows:
            try:
                found.append(Handle(spelled(self._codec.opened(text, key)[:MARK_SIZE])))
            except Unreadable:
                continue
        return sorted(found)

    def _many(self, rows: Iterable[KeyedRow]) -> list[StoredSession]:
        found = []
        for key, text, expires in rows:
            try:
                opened = self._codec.opened(text, key)
                session = self._codec.session_in(opened)
            except Unreadable:
                continue
            handle = Handle(spelled(opened[:MARK_SIZE]))
            found.append(self._stored(handle, session, expires))
        return found

    def _in_order(self, rows: Iterable[KeyedRow]) -> list[StoredSession]:
        return sorted(self._many(rows), key=lambda session: session.id)


class SealedUnderSeveral(SealedCalls):
    """As those of a sealed store, while keys are being changed.

    `get` looks under every key in one query, and each write first moves the session's row to the
    first key, in the transaction of the write.
    """

    def __init__(self, operations: Operations, **options: Any) -> None:
        super().__init__(operations, **options)
        self._operations = _Moving(operations, self._codec)
        self.lookup = self._every_key

    def _key_of(self, mark: bytes) -> RowKey:
        key = super()._key_of(mark)
        others = [RowKey(self.prefix + older.row_id(mark)) for older in self._ring[1:]]
        for other in others:
            other.mark, other.others = mark, ()
        key.others = tuple(others)
        return key

    def _every_key(self, sid: str) -> tuple[str, ...]:
        return _every(self.key(sid))

    def load(self, sid: str, row: Any, key: Any) -> StoredSession | None:
        if row is not None:
            key, *row = row
        return super().load(sid, row, key)

    def _page(self, db: Any, start: Key, limit: int, now: int) -> list[StoredSession]:
        """The oldest key's rows first: so one that moves meanwhile is seen twice at most, and
        never missed."""
        found: list[StoredSession] = []
        for space, at in self._spaces(db, start, now):
            while len(found) < limit:
                rows = self._operations.page(db, at, limit - len(found), now)
                mine = [row for row in rows if _begins(row[0], space)]
                found += self._many(mine)
                if len(mine) < len(rows) or not rows:
                    break
                at = rows[-1][0]
        return found

    def _spaces(self, db: Any, start: Key, now: int) -> Iterator[tuple[str, Key]]:
        """What the rows' keys begin with under each key of the ring, and where to begin there."""
        spaces = [self.prefix + key.name for key in reversed(self._ring)]
        if isinstance(start, RowKey):
            every = _every(start)
            there = [key for key in every if self._operations.fetch(db, key)]
            if not there:
                # It is gone, and might have been under any key: then from the oldest with a row.
                first = zip(reversed(every), spaces, strict=True)
                there = [key for key, space in first if self._has_rows(db, space, now)]
            if there:
                while not _begins(there[0], spaces[0]):
                    spaces.pop(0)
                yield spaces.pop(0), there[0]
        yield from ((space, space) for space in spaces)

    def _has_rows(self, db: Any, space: str, now: int) -> bool:
        return any(_begins(row[0], space) for row in self._operations.page(db, space, 1, now))


def _every(key: Any) -> tuple[RowKey, ...]:
    return (key, *key.others)


def _begins(key: Key, start: str) -> bool:
    return key.startswith(start) if isinstance(key, str) else key.startswith(start.encode())


class _Moving:
    """Operations that first move a session's row from an older key to the first."""

    def __init__(self, operations: Operations, codec: SealedCodec) -> None:
        self._operations = operations
        self._codec = codec
        # What knows no single session.
        self.fetch = operations.fetch
        self.length = operations.length
        self.keys = operations.keys
        self.page = operations.page
        self.find = operations.find
        self.destroy_where = operations.destroy_where
        self.clear = operations.clear

    def save(self, db: Any, key: str, text: str, expires: int) -> None:
        assert isinstance(key, RowKey)
        self._operations.destroy(db, key.others, 0)
        self._operations.save(db, key, text, expires)

    def insert(self, db: Any, key: str, text: str, expires: int, now: int) -> bool:
        self._move(db, key, now)
        return self._operations.insert(db, key, text, expires, now)

    def touch(self, db: Any, key: str, expires: int, now: int) -> TouchResult:
        self._move(db, key, now)
        return self._operations.touch(db, key, expires, now)

    def destroy(self, db: Any, keys: Collection[str], now: int) -> int:
        every = [each for key in keys for each in _every(key)]
        return self._operations.destroy(db, every, now)

    def merge(
        self, db: Any, key: str, merge: Merge, expires: int | None, now: int
    ) -> tuple[dict[str, Any], int] | None:
        self._move(db, key, now)
        return self._operations.merge(db, key, merge, expires, now)

    def rotate(
        self, db: Any, old: str, new: str, text: str, expires: int, now: int, merge: Merge | None
    ) -> bool:
        self._move(db, old, now)
        self._move(db, new, now)
        return self._operations.rotate(db, old, new, text, expires, now, merge)

    def is_live(self, db: Any, key: str, now: int) -> bool:
        return any(self._operations.is_live(db, each, now) for each in _every(key))

    def _move(self, db: Any, key: str, now: int) -> None:
        """What cannot be opened stays: it counts as absent, and a key may come back."""
        assert isinstance(key, RowKey)
        for old in key.others:
            row = self._operations.fetch(db, old)
            if row is None or row[1] <= now:
                continue
            try:
                text = self._codec.sealed_again(row[0], old, key)
            except Unreadable:
                continue
            self._operations.insert(db, key, text, row[1], now)
            self._operations.destroy(db, (old,), now)
