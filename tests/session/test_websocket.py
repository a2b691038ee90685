"""Sessions over WebSockets."""

import asyncio

import pytest

from connect_sqlite import StoreBusy

from .socket import Socket, accept


def test_the_session_is_loaded_at_the_handshake(sockets, store):
    """A socket sees the visitor's session, writes nothing, and its handshake sets no cookie."""
    seen = []

    async def serve(session, receive, send):
        seen.append(dict(session))
        await accept(send)
        await receive()

    app = sockets(serve)
    browser = app.browser()
    browser.get("/count")
    store.calls.clear()

    async def visit():
        socket = Socket(app.app, browser.cookie)
        await socket.answered.wait()
        await socket.end()
        return socket

    socket = app.run(visit())
    assert ([{"n": 1}], ["websocket.accept"]) == (seen, socket.types)
    assert {"get": 1} == store.calls
    assert [] == socket.headers(b"set-cookie")


def test_a_new_session_s_cookie_goes_with_the_handshake(sockets, store):
    """A session that begins at a handshake is saved, and its cookie sent, as it is accepted."""

    async def serve(session, receive, send):
        session["a"] = 1
        await accept(send, headers=[[b"x-kept", b"1"]])
        assert 1 == await store.length()
        session["b"] = 2
        await receive()

    app = sockets(serve)

    async def visit():
        socket = Socket(app.app)
        await socket.answered.wait()
        await socket.end()
        return socket

    socket = app.run(visit())
    (cookie,) = socket.headers(b"set-cookie")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert ["1"] == socket.headers(b"x-kept")
    assert {"x-kept", "set-cookie"} == {k.decode() for k, _ in socket.sent[0]["headers"]}
    browser = app.browser()
    browser.cookie = cookie.partition("=")[2].partition(";")[0]
    assert {"a": 1, "b": 2} == browser.get("/").json()


def test_case_20_closing_writes_only_what_the_socket_changed(sockets):
    """Case 20: what HTTP requests changed while a socket was open is there after it closes."""

    async def serve(session, receive, send):
        await accept(send)
        session["socket"] = 1
        await receive()

    app = sockets(serve)
    browser = app.browser()
    browser.get("/count")

    async def visit():
        socket = Socket(app.app, browser.cookie)
        await socket.answered.wait()
        await browser.client.get("/count")
        await socket.end()

    app.run(visit())
    assert {"n": 2, "socket": 1} == browser.get("/").json()


@pytest.mark.parametrize(
    "refusal",
    [
        [{"type": "websocket.close", "code": 4000}],
        [
            {"type": "websocket.http.response.start", "status": 403, "headers": []},
            {"type": "websocket.http.response.body", "body": b""},
        ],
    ],
)
def test_case_20_a_refused_socket(sockets, refusal):
    """Case 20, threat 27: a socket that reads the session and is refused is no error."""

    async def serve(session, receive, send):
        session.get("n")
        session["seen"] = 1
        for message in refusal:
            await send(message)

    app = sockets(serve)
    browser = app.browser()
    browser.get("/count")

    async def visit():
        socket = Socket(app.app, browser.cookie)
        await socket.task
        return socket

    socket = app.run(visit())
    assert [message["type"] for message in refusal] == socket.types
    assert {"n": 1, "seen": 1} == browser.get("/").json()


def test_case_10_save_acts_while_the_socket_is_open(sockets):
    """Case 10: after `save()` HTTP requests see the key while the socket is still open."""
    saved = asyncio.Event()

    async def serve(session, receive, send):
        await accept(send)
        session["live"] = True
        await session.save()
        saved.set()
        await receive()

    app = sockets(serve)
    browser = app.browser()
    browser.get("/count")

    async def visit():
        socket = Socket(app.app, browser.cookie)
        await saved.wait()
        during = (await browser.client.get("/")).json()
        await socket.end()
        return during

    assert {"n": 1, "live": True} == app.run(visit())
    assert {"n": 1, "live": True} == browser.get("/").json()


def test_threat_24_a_socket_does_not_revive_a_session(sockets, store):
    """Threats 4, 24: what a socket changes after its visitor has signed out is lost."""

    async def serve(session, receive, send):
        await accept(send)
        await receive()
        session["late"] = 1

    app = sockets(serve)
    browser = app.browser()
    browser.get("/count")

    async def visit():
        socket = Socket(app.app, browser.cookie)
        await socket.answered.wait()
        await browser.client.get("/out")
        await socket.end()

    app.run(visit())
    assert 0 == app.run(store.length())


def test_what_has_no_cookie_any_more_warns(sockets, store, caplog):
    """New data after the handshake of a stranger cannot be kept; a line in the log says so."""

    async def serve(session, receive, send):
        await accept(send)
        session["late"] = 1
        await session.save()

    app = sockets(serve)

    async def visit():
        await Socket(app.app).task

    app.run(visit())
    assert 0 == app.run(store.length())
    assert caplog.records
    assert all("the change is lost" in record.getMessage() for record in caplog.records)


def test_a_socket_is_no_activity_unless_it_says_so(sockets, store, clock):
    """Traffic on a socket moves no end; `session.touch()` does."""

    async def serve(session, receive, send):
        await accept(send)
        session.get("n")
        await receive()
        if (await receive())["type"] == "websocket.receive":
            session.touch()

    app = sockets(serve)
    browser = app.browser()
    browser.get("/count")
    clock.advance(80_000)

    async def visit(kind):
        socket = Socket(app.app, browser.cookie)
        socket.incoming.put_nowait({"type": "websocket.receive", "text": "hello"})
        socket.incoming.put_nowait({"type": kind, "text": ""})
        await socket.task

    app.run(visit("websocket.disconnect"))
    assert 0 == store.calls["touch"]
    app.run(visit("websocket.receive"))
    assert 1 == store.calls["touch"]


@pytest.mark.parametrize(
    ("extensions", "answer"),
    [
        ({}, ["websocket.close"]),
        (
            {"websocket.http.response": {}},
            ["websocket.http.response.start", "websocket.http.response.body"],
        ),
    ],
)
def test_threat_26_a_store_that_fails_refuses_the_socket(sockets, store, extensions, answer):
    """Threat 26: a handshake whose session cannot be loaded is refused, with 503 if it can be."""

    async def serve(session, receive, send):
        raise AssertionError

    app = sockets(serve)
    browser = app.browser()
    browser.get("/count")
    store.failures["get"] = StoreBusy("busy")

    async def visit():
        socket = Socket(app.app, browser.cookie, extensions=extensions)
        await socket.task
        return socket

    socket = app.run(visit())
    assert answer == socket.types
    assert (1013 if len(answer) == 1 else None) == socket.sent[0].get("code")
    assert (503 if len(answer) == 2 else None) == socket.sent[0].get("status")
