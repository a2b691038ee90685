"""How a WebSocket is closed whose session has ended: what the application and the server meet."""

import asyncio
import logging

import pytest

from connect_sqlite import StoreBusy
from connect_sqlite._session.sockets import Sockets
from connect_sqlite.asgi import SESSION_ENDED

from .socket import PATIENCE, TICK, Socket, accept, closed, echo, opened, some_looks


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(Sockets, "interval", TICK)


@pytest.fixture
def visited(sockets, store):
    """A function that serves a visitor's socket, ends the session, and returns the socket."""

    def visited(serve, *, meet=Socket):
        app = sockets(serve)
        browser = app.browser()
        browser.get("/in")

        async def visit():
            socket = meet(app.app, browser.cookie)
            await socket.answered.wait()
            await store.destroy(browser.sid)
            async with asyncio.timeout(PATIENCE):
                await socket.task
            await some_looks()
            return socket

        return app.run(visit())

    return visited


def test_an_application_that_only_listens(visited):
    """It learns from its server that the connection is gone, as of any other."""
    heard = []

    async def serve(session, receive, send):
        await accept(send)
        heard.append(await receive())

    socket = visited(serve)
    assert ["websocket.accept", "websocket.close"] == socket.types
    assert [{"type": "websocket.disconnect", "code": SESSION_ENDED}] == heard


def test_an_application_that_only_speaks(visited):
    """Its next message raises an `OSError`, as after any disconnect, and does not go out."""
    met = []

    async def serve(session, receive, send):
        await accept(send)
        while not met:
            try:
                await send({"type": "websocket.send", "text": "tick"})
            except OSError as error:
                met.append(error)
            await asyncio.sleep(TICK / 2)
        await send({"type": "websocket.close", "code": 1000})

    socket = visited(serve)
    assert "session has ended" in str(met[0])
    assert SESSION_ENDED == socket.code
    assert 1 == socket.types.count("websocket.close")


def test_threat_29_a_browser_that_goes_on_talking_is_not_heard(visited):
    """Threat 29: who does not answer the close, but sends, reaches the application no more."""
    heard = []

    class Deaf(Socket):
        async def _keep(self, message):
            if message["type"] == "websocket.close":
                for n in range(5):
                    self.incoming.put_nowait({"type": "websocket.receive", "text": str(n)})
            await super()._keep(message)

    async def serve(session, receive, send):
        await accept(send)
        await some_looks()
        while not heard or heard[-1]["type"] == "websocket.receive":
            heard.append(await receive())

    visited(serve, meet=Deaf)
    assert ["websocket.disconnect"] == [message["type"] for message in heard]
    assert [SESSION_ENDED] == [message["code"] for message in heard]


def test_a_socket_is_not_closed_before_it_is_open(sockets, store):
    """A session that ends while the application makes up its mind: first accepted, then closed."""
    decided = asyncio.Event()

    async def serve(session, receive, send):
        await decided.wait()
        await echo(session, receive, send)

    app = sockets(serve)
    browser = app.browser()
    browser.get("/in")

    async def visit():
        socket, beside = Socket(app.app, browser.cookie), Socket(app.app, browser.cookie)
        await asyncio.sleep(0)
        await store.destroy(browser.sid)
        await some_looks()
        assert [] == socket.sent + beside.sent
        decided.set()
        await closed(socket, beside)
        return socket.types

    assert ["websocket.accept", "websocket.close"] == app.run(visit())


@pytest.mark.parametrize("lingers", [False, True])
def test_a_socket_is_not_closed_twice(visited, lingers):
    """One that the application closed is left alone, also while its handler goes on."""

    async def serve(session, receive, send):
        await accept(send)
        await send({"type": "websocket.close", "code": 3000})
        if lingers:
            await some_looks()

    socket = visited(serve)
    assert ["websocket.accept", "websocket.close"] == socket.types
    assert 3000 == socket.code


def test_a_refused_socket_is_not_watched(visited):
    """Nor is one closed again that never was open."""

    async def serve(session, receive, send):
        await send({"type": "websocket.close", "code": 3000})
        await some_looks()

    assert ["websocket.close"] == visited(serve).types


def test_a_server_that_waits_for_one_browser_holds_up_no_other(sockets, store):
    """Each is closed on its own: one whose close hangs, or fails, changes nothing for the rest."""

    class Hanging(Socket):
        async def _keep(self, message):
            if message["type"] == "websocket.close":
                await asyncio.Event().wait()
            await super()._keep(message)

    class Failing(Socket):
        async def _keep(self, message):
            if message["type"] == "websocket.close":
                raise OSError("gone")
            await super()._keep(message)

    app = sockets(echo)
    browser = app.browser()
    browser.get("/in")

    async def visit():
        odd = [kind(app.app, browser.cookie) for kind in (Hanging, Failing)]
        even = [await opened(app, browser) for _ in range(3)]
        await store.destroy(browser.sid)
        await closed(*even)
        for socket in odd:
            await socket.end()

    app.run(visit())


def test_a_store_that_fails(sockets, store, caplog):
    """It is said once, no socket is closed for it, and all goes on when the store is back."""
    app = sockets(echo)
    browser = app.browser()
    browser.get("/in")
    caplog.set_level(logging.INFO)

    async def visit():
        socket = await opened(app, browser)
        await some_looks()
        for _ in range(2):
            store.failures["get"] = StoreBusy("busy")
            await store.touch(browser.sid, {})
            await some_looks()
            store.failures.clear()
            await some_looks()
        assert socket.code is None
        store.failures["get"] = StoreBusy("busy")
        await store.destroy(browser.sid)
        await some_looks()
        assert socket.code is None
        store.failures.clear()
        await closed(socket)

    app.run(visit())
    lines = [record.getMessage() for record in caplog.records]
    assert 3 == len(lines)
    assert all("busy" in line and browser.sid not in line for line in lines)


def test_a_store_that_is_closed_under_a_socket(sockets, store, caplog):
    """As at a shutdown in the wrong order: the socket stays, and its end is a quiet one."""
    app = sockets(echo)
    browser = app.browser()
    browser.get("/in")

    async def visit():
        socket = await opened(app, browser)
        await store.close()
        await some_looks()
        await socket.end()
        return socket.code

    assert app.run(visit()) is None
    assert 1 == len(caplog.records)
