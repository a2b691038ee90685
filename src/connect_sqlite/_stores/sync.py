"""The sync face: hands calls to an engine and blocks.  What they mean stands at the contract."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Self

from ..contract import Data, Stats, Store, StoredSession, TouchResult
from .calls import NOT_NOW, Calls, Engine

__all__ = ["SyncStore"]


class SyncStore(Store):
    """Every call of `Store`, over any engine."""

    _calls: Calls
    _engine: Engine

    @property
    def ttl(self) -> float | None:
        return self._calls.ttl

    @property
    def indexes(self) -> frozenset[str]:
        return self._calls.indexes

    def get(self, sid: str) -> StoredSession | None:
        # The short way, for this is on the path of every request: no Call, and the row is decoded
        # by the caller.
        calls = self._calls
        key = calls.lookup(sid)
        row = self._engine.fetch_now(key)
        if row is NOT_NOW:
            row = self._engine.fetch_patiently(key)
        return calls.load(sid, row, key)

    def set(self, sid: str, session: Data) -> None:
        self._engine.run(self._calls.set(sid, session))

    def destroy(self, sid: str) -> int:
        return self._engine.run(self._calls.destroy(sid))

    def touch(self, sid: str, session: Data) -> TouchResult | None:
        call = self._calls.touch(sid, session)
        if call is None:
            self._engine.refuse_if_closed()
            return None
        return self._engine.run(call)

    def length(self) -> int:
        return self._engine.run(self._calls.length())

    def clear(self) -> int:
        return self._engine.run(self._calls.clear())

    def ids(self) -> list[str]:
        return self._engine.run(self._calls.ids())

    def all(self) -> list[StoredSession]:
        return self._engine.run(self._calls.all())

    def create(self, sid: str, session: Data) -> None:
        self._engine.run(self._calls.create(sid, session))

    def merge(
        self,
        sid: str,
        changed: Data,
        removed: Iterable[str] = (),
        expires: datetime | None = None,
    ) -> StoredSession | None:
        return self._engine.run(self._calls.merge(sid, changed, removed, expires))

    def rotate(
        self,
        old: str,
        new: str,
        session: Data,
        changed: Data | None = None,
        removed: Iterable[str] = (),
    ) -> bool:
        return self._engine.run(self._calls.rotate(old, new, session, changed, removed))

    def find(self, path: str, value: str | int) -> list[StoredSession]:
        return self._engine.run(self._calls.find(path, value))

    def destroy_where(self, path: str, value: str | int, *, keep: Collection[str] = ()) -> int:
        return self._engine.run(self._calls.destroy_where(path, value, keep))

    def destroy_many(self, sids: Iterable[str]) -> int:
        return self._engine.run(self._calls.destroy_many(sids))

    def scan(self, *, after: str | None = None, limit: int = 1000) -> list[StoredSession]:
        return self._engine.run(self._calls.scan(after, limit))

    def sweep(self, limit: int = 10_000) -> int:
        return self._engine.sweep(self._calls.sweep_limit(limit))

    def stats(self) -> Stats:
        return self._engine.stats()

    def close(self) -> None:
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
