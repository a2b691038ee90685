"""A plugin for aiohttp-session's own tests: their storages are ours, on a store of ours.

`RedisStorage` and `SimpleCookieStorage` make a storage of ours with the same options, `Session` a
session of ours with the given data; what the tests put into Redis and look up there, they put into
the store and look up there.
"""

import asyncio
import sys
import time
from http.cookies import SimpleCookie
from types import ModuleType
from typing import Any
from urllib.parse import quote

import aiohttp_session
import aiohttp_session.redis_storage
import pytest

from connect_sqlite import AsyncSQLiteStore
from connect_sqlite._session.signing import Signer, new_id
from connect_sqlite.aiohttp import Session, SessionStorage

SECRET = "a secret of the tests, which is long enough"
NAME = "AIOHTTP_SESSION"


def storage(store: Any = None, **options: Any) -> SessionStorage:
    """A storage of ours, for the options of one of theirs."""
    make_key = options.pop("key_factory", None)
    if make_key is not None and make_key.__name__ == "key_factory":  # a test's own
        options["genid"] = lambda request: make_key()
    store = AsyncSQLiteStore() if store is None else store
    options = {"samesite": None, "secure": None, **options}
    return SessionStorage(store, secret=SECRET, cookie_name=NAME, **options)


def of_server(server: Any, *others: Any, **options: Any) -> SessionStorage:
    return storage(server.store if isinstance(server, Server) else 0, **options)


def session(identity: Any, *, data: Any, new: bool, max_age: Any = None) -> Session:
    """A session that is known, or new, with these data."""
    home = storage(max_age=max_age)
    made = Session(home, home._jar.of(None), https=False)
    made._started = made._failed = False
    made._is_placed = True
    if new:
        made.set_new_identity(identity)
        return made
    data = data or {}
    created = data.get("created", int(time.time())) * 1000
    row = {**data.get("session", {}), "_session": {"created": created}}

    async def fill() -> None:
        await home.store.set(identity, row)
        await home._load_one(made, [identity])
        await home.store.close()

    asyncio.run(fill())
    return made


class Server:
    """The store, asked as the tests ask Redis: by the cookie's name and value."""

    def __init__(self) -> None:
        self.store = AsyncSQLiteStore()

    async def exists(self, key: str) -> bool:
        return await self._row(key) is not None

    async def ttl(self, key: str) -> float:
        row = await self._row(key)
        assert row is not None
        return row.expires_ms / 1000 - time.time()

    async def _row(self, key: str) -> Any:
        cookie = f"{NAME}={key.removeprefix(NAME + '_')}"
        (sid,) = storage()._jar.offered(cookie.encode())
        return await self.store.get(sid)


async def make_cookie(client: Any, server: Server, data: dict[str, Any]) -> None:
    """Give the client the cookie of a session with these data."""
    sid = new_id()
    now = int(time.time() * 1000)
    await server.store.set(sid, {**data, "_session": {"created": now}})
    value = quote("s:" + Signer(SECRET).sign(sid), safe="")
    client.session.cookie_jar.update_cookies({NAME: value})


async def make_cookie_with_bad_value(client: Any, server: Server) -> None:
    """Give the client the cookie of a session that ended."""
    await make_cookie(client, server, {})
    await server.store.clear()


async def load_cookie(client: Any, server: Server) -> Any:
    """What is kept for the client's cookie, in the form that they keep it in."""
    cookies: SimpleCookie = client.session.cookie_jar.filter_cookies(client.make_url("/"))
    row = await server._row(cookies[NAME].value) if NAME in cookies else None
    if row is None:
        return {}
    created = row.pop("_session")["created"] // 1000
    row.pop("cookie", None)
    return {"created": created, "session": row}


def stand_in(name: str, **contents: Any) -> None:
    """A module that the tests import and those that run here do not need."""
    module = ModuleType(name)
    module.__dict__.update(contents)
    sys.modules[name] = module


stand_in("pytest_mock", MockFixture=object)
aiohttp_session.redis_storage.RedisStorage = of_server  # type: ignore[assignment, misc]
aiohttp_session.SimpleCookieStorage = storage  # type: ignore[assignment, misc]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        module = item.module  # type: ignore[attr-defined]
        if item.path.name == "test_session_dict.py":
            module.Session = session
        elif hasattr(module, "load_cookie"):
            module.make_cookie, module.load_cookie = make_cookie, load_cookie
            module.make_cookie_with_bad_value = make_cookie_with_bad_value


@pytest.fixture
async def redis() -> Any:
    server = Server()
    yield server
    await server.store.close()
