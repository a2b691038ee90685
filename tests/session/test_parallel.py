"""Fifty requests of one browser at once: in threads, in tasks, and through two processes."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore
from connect_sqlite.asgi import SessionMiddleware as Asgi
from connect_sqlite.wsgi import KEY
from connect_sqlite.wsgi import SessionMiddleware as Wsgi
from engine.programs import Program, heard, say

from .conftest import SECRET
from .wsgi_site import Server


def cookie_for(path):
    """The cookie of a session that is in the file, made by a visit."""

    def app(environ, start_response):
        environ[KEY]["n"] = 1
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    with SQLiteStore(path) as store:
        client = httpx.Client(
            transport=Server(Wsgi(app, store=store, secret=SECRET)), base_url="http://x"
        )
        return client.get("/").cookies["connect.sid"]


def add_in_threads(path, cookie, keys, ready=lambda: None):
    """Add each key in a request in a thread of its own, saving only when all have loaded."""
    loaded = threading.Barrier(len(keys), action=ready)

    def app(environ, start_response):
        loaded.wait(30)
        environ[KEY][environ["QUERY_STRING"]] = 1
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    def visit(key):
        transport = Server(Wsgi(app, store=store, secret=SECRET))
        headers = {"cookie": f"connect.sid={cookie}"}
        return httpx.Client(transport=transport).get(f"http://x/?{key}", headers=headers)

    with SQLiteStore(path) as store, ThreadPoolExecutor(len(keys)) as threads:
        return [response.status_code for response in threads.map(visit, keys)]


def add_in_tasks(path, cookie, keys, ready=lambda: None):
    """The same in tasks of one event loop."""

    async def main():
        waiting, go = [], asyncio.Event()

        async def app(scope, receive, send):
            waiting.append(scope)
            if len(waiting) == len(keys):
                ready()
                go.set()
            await go.wait()
            scope["session"][scope["query_string"].decode()] = 1
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async with AsyncSQLiteStore(path) as store:
            transport = httpx.ASGITransport(Asgi(app, store=store, secret=SECRET))
            headers = {"cookie": f"connect.sid={cookie}"}
            async with httpx.AsyncClient(transport=transport, headers=headers) as client:
                visits = (client.get(f"http://x/?{key}") for key in keys)
                return [response.status_code for response in await asyncio.gather(*visits)]

    return asyncio.run(main())


ADD = {"asgi": add_in_tasks, "wsgi": add_in_threads}


def add_when_told(gateway, path, cookie, keys):
    """A program: loads all, says so, and saves when it is told that the other has loaded too."""

    def ready():
        say("loaded")
        heard()

    return ADD[gateway](path, cookie, keys, ready)


def keys_in(path):
    with SQLiteStore(path) as store:
        (row,) = store.all()
    return set(row) - {"cookie", "_session"}


@pytest.mark.parametrize("gateway", ADD)
def test_threat_23_fifty_requests_at_once_lose_nothing(tmp_path, gateway):
    """Threat 23: fifty requests that all load before any saves: each one's key is there."""
    path, keys = tmp_path / "s.db", [f"k{n}" for n in range(50)]
    assert [200] * 50 == ADD[gateway](path, cookie_for(path), keys)
    assert {"n", *keys} == keys_in(path)


@pytest.mark.parametrize("gateway", ADD)
def test_threat_23_nor_do_two_processes(tmp_path, gateway):
    """Threat 23: nor is a key lost when the fifty requests are served by two processes."""
    path, keys = tmp_path / "s.db", [f"k{n}" for n in range(50)]
    cookie = cookie_for(path)
    halves = (keys[:25], keys[25:])
    with (
        Program(add_when_told, gateway, path, cookie, halves[0]) as one,
        Program(add_when_told, gateway, path, cookie, halves[1]) as other,
    ):
        for program in (one, other):
            assert "loaded" == program.says()
        for program in (one, other):
            program.tell()
        assert [[200] * 25] * 2 == [program.result() for program in (one, other)]
    assert {"n", *keys} == keys_in(path)


def test_threat_20_threads_see_only_their_own(tmp_path):
    """Threat 20: four hundred visitors, in threads over one store, each see their own session."""

    def app(environ, start_response):
        session = environ[KEY]
        session.setdefault("me", environ["QUERY_STRING"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [session["me"].encode()]

    with SQLiteStore(tmp_path / "s.db") as store, ThreadPoolExecutor(8) as threads:
        server = Server(Wsgi(app, store=store, secret=SECRET))
        clients = [httpx.Client(transport=server, base_url="http://x") for _ in range(400)]

        def visit(n):
            first = clients[n].get(f"/?{n}").text
            return first, clients[n].get("/?nobody").text

        assert [(str(n), str(n)) for n in range(400)] == list(threads.map(visit, range(400)))
        assert 400 == store.length()


def test_threat_25_two_applications_share_a_file(tmp_path):
    """Threat 25: of two applications with one file, neither sees nor ends the other's sessions."""

    def app(environ, start_response):
        session = environ[KEY]
        session["n"] = session.get("n", 0) + 1
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(session["n"]).encode()]

    path = tmp_path / "s.db"
    settings = [{"prefix": "shop:"}, {"prefix": "admin:"}, {"table": "others"}]
    stores = [SQLiteStore(path, **each) for each in settings]
    clients = [
        httpx.Client(transport=Server(Wsgi(app, store=store, secret=SECRET)), base_url="http://x")
        for store in stores
    ]
    cookie = clients[0].get("/").cookies["connect.sid"]
    for client in clients[1:]:
        headers = {"cookie": f"connect.sid={cookie}"}
        assert "1" == client.get("/", headers=headers).text
    stores[1].clear()
    stores[2].clear()
    assert "2" == clients[0].get("/").text
    for store in stores:
        store.close()
