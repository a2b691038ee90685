"""An aiohttp application with sessions on a server of its own, and a look into its file."""

import asyncio
from http.cookies import SimpleCookie

import aiohttp_session
import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp_session import get_session

from connect_sqlite import SQLiteStore
from connect_sqlite.aiohttp import SessionStorage
from session.conftest import SECRET, Clock, WatchedStore

COOKIE = "connect.sid"

IGNORING = pytest.mark.filterwarnings("ignore::aiohttp.web.NotAppKeyWarning")
"""aiohttp warns of the keys under which aiohttp-session keeps its own."""


class Site:
    """Handlers by path, and the storage of their sessions, whose options may be anything."""

    def __init__(self, file, handlers, /, **options):
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.store = WatchedStore(file, clock=self.clock, indexes=("user.id",))
        self.rows = SQLiteStore(file, clock=self.clock, indexes=("user.id",))
        given = {"secret": SECRET, "clock": self.clock, **options}
        self.storage = SessionStorage(self.store, **given)
        self.app = web.Application()
        aiohttp_session.setup(self.app, self.storage)
        for where, handler in handlers.items():
            self.app.router.add_route("*", where, _answering(handler))
        self._clients = []

    def browser(self):
        return Browser(self)

    async def client(self):
        server = self._clients[0].server if self._clients else TestServer(self.app)
        client = TestClient(server, cookie_jar=CookieJar(unsafe=True))
        self._clients.append(client)
        await client.start_server()
        return client

    def close(self):
        for client in self._clients:
            self.runner.run(client.close())
        self.runner.run(self.store.close())
        self.rows.close()
        self.runner.close()


class Browser:
    """Keeps its cookies from one request to the next."""

    def __init__(self, site):
        self.run = site.runner.run
        self.client = self.run(site.client())

    def get(self, path, **options):
        return self.run(_whole(self.client.get(path, **options)))

    def all(self, *paths):
        async def together():
            return await asyncio.gather(*(_whole(self.client.get(path)) for path in paths))

        return self.run(together())

    @property
    def cookie(self):
        found = self.client.session.cookie_jar.filter_cookies(self.client.make_url("/"))
        return found[COOKIE].value if COOKIE in found else None

    @cookie.setter
    def cookie(self, value):
        jar = self.client.session.cookie_jar
        jar.clear()
        jar.update_cookies({COOKIE: value}, self.client.make_url("/"))


class Answer:
    """A response that was read to its end."""

    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.set_cookies = response.headers.getall("Set-Cookie", [])
        self.body = body
        self.text = body.decode()

    @property
    def morsel(self):
        """The cookie that it sets."""
        (line,) = self.set_cookies
        return SimpleCookie(line)[COOKIE]


async def _whole(request):
    async with request as response:
        return Answer(response, await response.read())


def _answering(handler):
    """A handler may give data."""

    async def answering(request):
        result = await handler(request)
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response(result)

    return answering


async def show(request):
    return await get_session(request)


async def idle(request):
    return {}


async def count(request):
    session = await get_session(request)
    session["n"] = session.get("n", 0) + 1
    return session


async def sign_in(request):
    session = await get_session(request)
    session["user"] = {"id": 7}
    return {}


async def sign_out(request):
    session = await get_session(request)
    session.invalidate()
    return {}


BASIC = {"/": show, "/idle": idle, "/count": count, "/in": sign_in, "/out": sign_out}
