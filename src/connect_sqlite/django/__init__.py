"""Django's sessions in one SQLite file: `SESSION_ENGINE = "connect_sqlite.django"`.

The setting `CONNECT_SQLITE` says where and how: `{"location": BASE_DIR / "sessions.db"}`, and any
of the store's options.  What Django's own settings say they say here too.  With
`"connect_sqlite.django"` in `INSTALLED_APPS` the settings are checked.
"""

from typing import Any

from .._extras import extra
from .._session.carry import carry, carry_async
from ..contract import StoredSession

with extra("django"):
    import django.contrib.sessions  # noqa: F401

from .saving import SavingSession, is_key
from .stores import async_store, ready_store, store
from .values import values

__all__ = ["SessionStore", "async_store", "store"]


class SessionStore(SavingSession):
    """A session of Django's.  `save` merges what changed since it was loaded, key by key.

    Whatever reaches the store may raise a `StoreError`.  That is never an `UpdateError`, which says
    that the session has ended meanwhile.
    """

    def _get_session(self, no_load: bool = False) -> dict[str, Any]:
        self.accessed = True
        try:
            return self._session_cache
        except AttributeError:
            return self._begin({} if no_load else self.load())

    _session = property(_get_session)

    async def _aget_session(self, no_load: bool = False) -> dict[str, Any]:
        self.accessed = True
        try:
            return self._session_cache
        except AttributeError:
            return self._begin({} if no_load else await self.aload())

    def _begin(self, data: dict[str, Any]) -> dict[str, Any]:
        self._session_cache = data
        if data:
            self._known = self._left = values().print_of(data)
        return data

    def load(self) -> dict[str, Any]:
        key = self.session_key
        return self._loaded(None if key is None else store().get(key))

    async def aload(self) -> dict[str, Any]:
        key = self.session_key
        return self._loaded(None if key is None else await (await ready_store()).get(key))

    def _loaded(self, row: StoredSession | None) -> dict[str, Any]:
        if row is None:
            self._session_key = None  # an id that the store does not know is never adopted
            return {}
        self._has_cookie = row.pop("cookie", None) is not None
        return row

    def exists(self, session_key: str | None) -> bool:
        return is_key(session_key) and store().get(session_key) is not None

    async def aexists(self, session_key: str | None) -> bool:
        return is_key(session_key) and await (await ready_store()).get(session_key) is not None

    # ------------------------------------------------------------------ saving and ending

    def create(self) -> None:
        self._get_session(no_load=True)
        carry(store(), self._creating())

    async def acreate(self) -> None:
        await self._aget_session(no_load=True)
        await carry_async(await ready_store(), self._creating())

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return self.create()
        self._get_session(no_load=must_create)
        return carry(store(), self._saving(must_create))

    async def asave(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return await self.acreate()
        await self._aget_session(no_load=must_create)
        return await carry_async(await ready_store(), self._saving(must_create))

    def cycle_key(self) -> None:
        self._get_session()
        carry(store(), self._cycling())

    async def acycle_key(self) -> None:
        await self._aget_session()
        await carry_async(await ready_store(), self._cycling())

    def delete(self, session_key: str | None = None) -> None:
        key = self.session_key if session_key is None else session_key
        if is_key(key):
            store().destroy(key)

    async def adelete(self, session_key: str | None = None) -> None:
        key = self.session_key if session_key is None else session_key
        if is_key(key):
            await (await ready_store()).destroy(key)

    @classmethod
    def clear_expired(cls) -> None:
        while store().sweep():
            pass

    @classmethod
    async def aclear_expired(cls) -> None:
        while await (await ready_store()).sweep():
            pass
