"""Any bytes under any key, in a store of ours: for Litestar's caches and rate limits."""

import os
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from .._extras import extra
from .._session.session import session_data
from .._stores.opening import open_async_store
from ..contract import AsyncStore, StoredSession
from ..expiry import NEVER
from ..handles import Handle

with extra("litestar"):
    from litestar.serialization import decode_json, encode_json
    from litestar.stores.base import NamespacedStore

__all__ = ["Store", "as_json"]

_VALUE = "base64"
_PAGE = 100
_LONGEST_ID = 255


class Store(NamespacedStore):
    """Keeps what Litestar puts into its `stores`.

    Each value is a row of the store that is given, `{"base64": "…"}`, and ends when it is told to
    or never.  The row's id is the namespace and the key, or a digest of a key that cannot be one.
    Give it a file of its own, or a table.
    """

    def __init__(
        self,
        store: AsyncStore | str | os.PathLike[str],
        *,
        namespace: str = "LITESTAR",
        clock: Callable[[], float] | None = None,
        **options: Any,
    ) -> None:
        """`store`: an async store, or what `open_store` takes; that one is closed at shutdown.

        `options` are those of the store that is opened, such as `durability` and `max_bytes`.
        """
        self._is_own = not isinstance(store, AsyncStore)
        if isinstance(store, AsyncStore) and options:
            raise TypeError(f"the store is open already: {', '.join(options)} come too late")
        self._store = store if isinstance(store, AsyncStore) else open_async_store(store, **options)
        self._clock = clock
        self.namespace = quote(namespace, safe="")

    def with_namespace(self, namespace: str) -> "Store":
        """The namespace of this name below this one."""
        below = Store(self._store, clock=self._clock)
        below.namespace = f"{self.namespace}/{quote(namespace, safe='')}"
        return below

    async def set(
        self, key: str, value: str | bytes, expires_in: int | timedelta | None = None
    ) -> None:
        """Keep the value for so many seconds, or until it is deleted."""
        data = value.encode() if isinstance(value, str) else value
        await self._store.set(self._id(key), {**self._row(data), "cookie": _lifetime(expires_in)})

    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:
        """The value, or None; with `renew_for` one that ends now ends so many seconds from now."""
        sid = self._id(key)
        row = await self._store.get(sid)
        if row is None:
            return None
        if renew_for and row.expires_ms < NEVER:
            await self._store.touch(sid, {"cookie": _lifetime(renew_for)})
        return self._bytes(row)

    async def delete(self, key: str) -> None:
        """Delete the value, if there is one."""
        await self._store.destroy(self._id(key))

    async def delete_all(self) -> None:
        """Delete all of this namespace and of those below it."""
        if any(isinstance(row.id, Handle) for row in await self._store.scan(limit=1)):
            raise TypeError(
                "a store that hides its ids cannot tell what is in a namespace: give these "
                "values a store that is neither sealed nor hashed"
            )
        after = start = f"{self.namespace}/"
        while page := await self._store.scan(after=after, limit=_PAGE):
            ids = [row.id for row in page if row.id.startswith(start)]
            await self._store.destroy_many(ids)
            if len(ids) < len(page):
                return
            after = ids[-1]

    async def delete_expired(self) -> None:
        """Free the room of what has ended, which also happens by itself."""
        await self._store.sweep()

    async def exists(self, key: str) -> bool:
        """Whether there is a value."""
        return await self._store.get(self._id(key)) is not None

    async def expires_in(self, key: str) -> int | None:
        """The seconds left; -1 if it has no end, None if there is no value."""
        row = await self._store.get(self._id(key))
        if row is None:
            return None
        if row.expires_ms >= NEVER:
            return -1
        return int(row.expires_ms / 1000 - (self._clock or time.time)())

    async def __aexit__(self, *exc: object) -> None:
        if self._is_own:
            await self._store.close()

    def _id(self, key: str) -> str:
        # No quoted namespace begins with the signs that stand before a key.
        name = f"{self.namespace}/:{key}"
        raw = name.encode("utf-8", "surrogatepass")
        if name.isprintable() and len(raw) <= _LONGEST_ID:
            return name
        return f"{self.namespace}/#{blake2b(raw, digest_size=32).hexdigest()}"

    def _row(self, data: bytes) -> dict[str, Any]:
        return {_VALUE: b64encode(data).decode()}

    def _bytes(self, row: StoredSession) -> bytes:
        return b64decode(row[_VALUE])


class _Sessions(Store):
    def _id(self, key: str) -> str:
        return key

    def _row(self, data: bytes) -> dict[str, Any]:
        return decode_json(data, dict[str, Any])

    def _bytes(self, row: StoredSession) -> bytes:
        return encode_json(session_data(row))

    async def delete_all(self) -> None:
        await self._store.clear()


def as_json(store: AsyncStore) -> Store:
    """The sessions of a store, by their ids and as JSON."""
    return _Sessions(store)


def _lifetime(seconds: int | timedelta | None) -> dict[str, Any]:
    """The `cookie` object of a row that lives so long."""
    if not seconds:
        return {"expires": NEVER}
    whole = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    return {"originalMaxAge": int(whole * 1000), "maxAge": int(whole * 1000)}
