"""Open WebSockets are closed when their session ends (threat 29)."""

import asyncio
import time

import pytest

from connect_sqlite import AsyncSQLiteStore
from connect_sqlite._session.sockets import _INTERVAL, Sockets
from connect_sqlite.asgi import SESSION_ENDED

from .site import DAY
from .socket import TICK, Socket, accept, closed, echo, opened, some_looks


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(Sockets, "interval", TICK)


def signed_in(app, path="/in"):
    browser = app.browser()
    browser.get(path)
    return browser


def test_threat_29_the_sockets_of_a_user_are_closed(sockets, store):
    """Threat 29: revoking a user's sessions closes each of that user's sockets, and no other."""
    app = sockets(echo)
    phone, laptop, stranger = signed_in(app), signed_in(app), signed_in(app, "/count")

    async def visit():
        theirs = [await opened(app, browser) for browser in (phone, laptop, laptop)]
        others = [await opened(app, browser) for browser in (stranger, None)]
        assert 2 == await store.destroy_where("user.id", 7)
        await closed(*theirs)
        await some_looks()
        assert [None, None] == [socket.code for socket in others]
        for socket in others:
            await socket.end()
        return theirs

    assert 4401 == SESSION_ENDED
    for socket in app.run(visit()):
        assert {
            "type": "websocket.close",
            "code": 4401,
            "reason": "the session has ended",
        } == socket.sent[-1]
        assert ["websocket.accept", "websocket.close"] == socket.types


ENDINGS = {
    "destroyed": lambda app, store, browser: store.destroy(browser.sid),
    "all destroyed": lambda app, store, browser: store.clear(),
    "signed out": lambda app, store, browser: browser.client.get("/out"),
    "rotated": lambda app, store, browser: browser.client.get("/in"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_threat_29_whatever_ends_the_session_closes_the_socket(sockets, store, ending):
    """Threat 29: a sign-out, a sign-in (the id is another one) or a deletion closes the socket."""
    app = sockets(echo)
    browser = signed_in(app, "/count")

    async def visit():
        socket = await opened(app, browser)
        await some_looks()
        await ENDINGS[ending](app, store, browser)
        await closed(socket)

    app.run(visit())


@pytest.mark.parametrize(
    "options",
    [{}, {"cookie": {"max_age": DAY}}, {"absolute_timeout": DAY}, {"idle_timeout": DAY}],
    ids=lambda options: "".join(options) or "ttl",
)
def test_a_session_that_expires_closes_its_socket(sockets, store, clock, options):
    """Nothing is committed as a session runs out, by the store's time or by a timeout."""
    app = sockets(echo, **options)
    browser = signed_in(app)

    async def visit():
        socket = await opened(app, browser)
        clock.advance(DAY - 1)
        await some_looks()
        assert socket.code is None
        clock.advance(1)
        await closed(socket)

    app.run(visit())


def test_a_row_of_another_program_s_outlives_no_idle_timeout(sockets, store, clock):
    """A row whose own end is far away closes its socket when nobody has used it for too long."""
    app = sockets(echo, idle_timeout=60)
    browser = signed_in(app)
    cookie = {"originalMaxAge": DAY * 1000, "maxAge": DAY * 1000}

    async def visit():
        await store.set(browser.sid, {"cookie": cookie, "user": {"id": 7}})
        socket = await opened(app, browser)
        await some_looks()
        assert socket.code is None
        clock.advance(60)
        await closed(socket)

    app.run(visit())


def test_a_session_that_is_used_elsewhere_keeps_its_socket(sockets, clock):
    """Another request's touch moves the end; past the old one the socket is still open."""
    app = sockets(echo)
    browser = signed_in(app)

    async def visit():
        socket = await opened(app, browser)
        await some_looks()
        clock.advance(DAY - 10)
        await browser.client.get("/")
        clock.advance(20)
        await some_looks()
        assert socket.code is None
        clock.advance(DAY)
        await closed(socket)

    app.run(visit())


def test_nothing_is_read_while_nothing_changes(sockets, store):
    """Each session is looked up once for all its sockets, and again when the store has news."""
    app = sockets(echo)
    browser, other = signed_in(app), signed_in(app, "/count")

    async def visit():
        open_sockets = [await opened(app, each) for each in (browser, browser, browser, other)]
        await some_looks()
        store.calls.clear()
        for socket in open_sockets:
            socket.incoming.put_nowait({"type": "websocket.receive", "text": "traffic"})
        await some_looks()
        assert 0 == store.calls["get"]
        assert "websocket.send" == open_sockets[0].types[-1]
        await store.set("another", {})
        await some_looks()
        assert 2 == store.calls["get"]
        for socket in open_sockets:
            await socket.end()

    app.run(visit())


def test_the_last_socket_ends_the_watcher(sockets):
    """There is one task for all sockets, none before the first and none after the last."""
    app = sockets(echo)
    browser, other = signed_in(app), signed_in(app, "/count")

    async def visit():
        async def tasks():
            await asyncio.sleep(0)
            return len(asyncio.all_tasks()) - before

        before = len(asyncio.all_tasks())
        stranger = await opened(app, None)
        assert 1 == await tasks()
        first, second = await opened(app, browser), await opened(app, other)
        assert 3 + 1 == await tasks()
        await first.end()
        assert 2 + 1 == await tasks()
        await second.end()
        assert 1 == await tasks()
        await stranger.end()
        third = await opened(app, browser)
        assert 1 + 1 == await tasks()
        await browser.client.get("/out")
        await closed(third)
        assert 0 == await tasks()

    app.run(visit())


def test_a_session_that_begins_or_moves_before_the_socket_opens(sockets, store):
    """It is watched under the id that it has as the socket is accepted."""

    async def serve(session, receive, send):
        if session.is_new:
            session["guest"] = True
            await session.save()
        else:
            session.rotate()
        sids.append(session.id)
        await echo(session, receive, send)

    sids = []
    app = sockets(serve)
    browser = signed_in(app)

    async def visit():
        guest, moved = await opened(app, None), await opened(app, browser)
        await some_looks()
        assert [None, None] == [guest.code, moved.code]
        assert browser.sid not in sids
        assert 2 == await store.destroy_many(sids)
        await closed(guest, moved)

    app.run(visit())


def test_a_socket_that_ends_its_own_session(sockets, store):
    """After `destroy()` and `save()` it can say good-bye, and is then closed as any other."""

    async def serve(session, receive, send):
        await accept(send)
        session.destroy()
        await session.save()
        await send({"type": "websocket.send", "text": "good-bye"})
        await receive()

    app = sockets(serve)
    browser = signed_in(app)

    async def visit():
        socket = Socket(app.app, browser.cookie)
        await closed(socket)
        return socket.types

    assert ["websocket.accept", "websocket.send", "websocket.close"] == app.run(visit())
    assert 0 == app.run(store.length())


def test_a_store_without_data_version_is_looked_at_each_time(sockets, store, monkeypatch):
    """A store that cannot say whether anything changed is asked for each session."""
    monkeypatch.setattr(AsyncSQLiteStore, "data_version", None)
    app = sockets(echo)
    browser = signed_in(app)

    async def visit():
        socket = await opened(app, browser)
        store.calls.clear()
        await some_looks()
        assert store.calls["get"] > 2
        await store.destroy(browser.sid)
        await closed(socket)

    app.run(visit())


def test_a_thousand_sockets_are_closed_within_a_second(sockets, store):
    """Looking and closing take less than what the interval leaves of the second."""
    app = sockets(echo)
    browsers = [signed_in(app) for _ in range(20)]
    neighbour = signed_in(app, "/count")

    async def visit():
        open_sockets = [await opened(app, browser) for browser in browsers for _ in range(50)]
        beside = await opened(app, neighbour)
        await some_looks()
        began = time.process_time()
        assert 20 == await store.destroy_where("user.id", 7)
        await closed(*open_sockets)
        took = time.process_time() - began
        assert beside.code is None
        await beside.end()
        return took

    assert app.run(visit()) < 1 - _INTERVAL


def test_sockets_of_several_loops(sockets, store):
    """Each of the loops, in a thread of its own, closes its own sockets."""
    app = sockets(echo)
    browser = signed_in(app)

    async def wait(is_open):
        socket = await opened(app, browser)
        is_open.set()
        await closed(socket)
        return True

    async def visit():
        opens = [asyncio.Event() for _ in range(2)]
        loop = asyncio.get_running_loop()

        class Told:
            def __init__(self, event):
                self.set = lambda: loop.call_soon_threadsafe(event.set)

        threads = [asyncio.to_thread(asyncio.run, wait(Told(event))) for event in opens]
        waiting = asyncio.gather(*threads, wait(asyncio.Event()))
        for event in opens:
            await event.wait()
        await store.destroy_where("user.id", 7)
        return await waiting

    assert [True, True, True] == app.run(visit())
