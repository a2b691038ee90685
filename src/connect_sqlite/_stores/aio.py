"""The async face: hands the same calls to the same engine, and awaits."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Self

from ..contract import AsyncStore, Data, Stats, StoredSession, TouchResult
from .calls import NOT_NOW, Calls, Engine

__all__ = ["AsyncioStore"]


class AsyncioStore(AsyncStore):
    """Every call of `AsyncStore`, over any engine."""

    _calls: Calls
    _engine: Engine

    @property
    def ttl(self) -> float | None:
        return self._calls.ttl

    @property
    def indexes(self) -> frozenset[str]:
        return self._calls.indexes

    async def get(self, sid: str) -> StoredSession | None:
        # As the sync face's: here and now, if that needs no waiting.
        calls = self._calls
        key = calls.lookup(sid)
        row = self._engine.fetch_now(key)
        if row is NOT_NOW:
            row = await self._engine.fetch_in_thread(key)
        return calls.load(sid, row, key)

    async def set(self, sid: str, session: Data) -> None:
        await self._engine.run_async(self._calls.set(sid, session))

    async def destroy(self, sid: str) -> int:
        return await self._engine.run_async(self._calls.destroy(sid))

    async def touch(self, sid: str, session: Data) -> TouchResult | None:
        call = self._calls.touch(sid, session)
        if call is None:
            self._engine.refuse_if_closed()
            return None
        return await self._engine.run_async(call)

    async def length(self) -> int:
        return await self._engine.run_async(self._calls.length())

    async def clear(self) -> int:
        return await self._engine.run_async(self._calls.clear())

    async def ids(self) -> list[str]:
        return await self._engine.run_async(self._calls.ids())

    async def all(self) -> list[StoredSession]:
        return await self._engine.run_async(self._calls.all())

    async def create(self, sid: str, session: Data) -> None:
        await self._engine.run_async(self._calls.create(sid, session))

    async def merge(
        self,
        sid: str,
        changed: Data,
        removed: Iterable[str] = (),
        expires: datetime | None = None,
    ) -> StoredSession | None:
        return await self._engine.run_async(self._calls.merge(sid, changed, removed, expires))

    async def rotate(
        self,
        old: str,
        new: str,
        session: Data,
        changed: Data | None = None,
        removed: Iterable[str] = (),
    ) -> bool:
        return await self._engine.run_async(self._calls.rotate(old, new, session, changed, removed))

    async def find(self, path: str, value: str | int) -> list[StoredSession]:
        return await self._engine.run_async(self._calls.find(path, value))

    async def destroy_where(
        self, path: str, value: str | int, *, keep: Collection[str] = ()
    ) -> int:
        return await self._engine.run_async(self._calls.destroy_where(path, value, keep))

    async def destroy_many(self, sids: Iterable[str]) -> int:
        return await self._engine.run_async(self._calls.destroy_many(sids))

    async def scan(self, *, after: str | None = None, limit: int = 1000) -> list[StoredSession]:
        return await self._engine.run_async(self._calls.scan(after, limit))

    async def sweep(self, limit: int = 10_000) -> int:
        return await self._engine.sweep_async(self._calls.sweep_limit(limit))

    async def stats(self) -> Stats:
        return await self._engine.stats_async()

    async def close(self) -> None:
        await self._engine.close_async()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()
