"""Litestar's `FileStore`, with the JSON that its sessions use."""

from importlib.metadata import version

from ..workload import Session
from ._in_process import InProcessAsync

_TTL = 86_400


class LitestarFiles(InProcessAsync):
    label = "Litestar, FileStore"

    async def open(self) -> str:
        from litestar.serialization import decode_json, encode_json
        from litestar.stores.file import FileStore

        self._encode, self._decode = encode_json, decode_json
        self._store = FileStore(self.folder / "sessions", create_directories=True)
        await self._store.__aenter__()
        return version("litestar")

    async def get(self, sid: str) -> Session | None:
        value = await self._store.get(sid)
        return None if value is None else self._decode(value)

    async def set(self, sid: str, session: Session) -> None:
        await self._store.set(sid, self._encode(session), expires_in=_TTL)

    create = set

    async def touch(self, sid: str, session: Session) -> None:
        await self._store.get(sid, renew_for=_TTL)

    async def destroy(self, sid: str) -> None:
        await self._store.delete(sid)

    async def end(self) -> None:
        """Nothing is open between calls."""
