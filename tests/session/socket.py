"""The server's side of a WebSocket, by hand."""

import asyncio

from connect_sqlite.asgi import SESSION_ENDED

TICK = 0.01
"""Seconds between two looks of the watcher, in tests."""

PATIENCE = 20


class Socket:
    """A WebSocket's server side, by hand: what the application sent, and when it ended."""

    def __init__(self, app, cookie=None, *, path="/ws", extensions=None):
        headers = [(b"host", b"shop.example")]
        if cookie:
            headers.append((b"cookie", f"connect.sid={cookie}".encode()))
        scope = {
            "type": "websocket",
            "path": path,
            "headers": headers,
            "scheme": "ws",
            "extensions": extensions or {},
        }
        self.sent = []
        self.answered = asyncio.Event()
        self.closed = asyncio.Event()
        self.incoming = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(app(scope, self.incoming.get, self._keep))

    async def _keep(self, message):
        if message["type"] == "websocket.close":
            # A server lets the application know when the browser has answered.
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": message["code"]})
            self.closed.set()
        self.sent.append(message)
        self.answered.set()

    async def end(self):
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self.task

    @property
    def code(self):
        """That it was closed with; None while it is open."""
        return self.sent[-1].get("code")

    @property
    def types(self):
        return [message["type"] for message in self.sent]

    def headers(self, name):
        return [v.decode() for k, v in self.sent[0].get("headers", ()) if k == name]


async def accept(send, **more):
    await send({"type": "websocket.accept", **more})


async def echo(session, receive, send):
    """A handler that answers each message with the same."""
    await accept(send)
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def opened(app, browser):
    """A socket of the browser, or of a stranger, that was accepted."""
    socket = Socket(app.app, browser and browser.cookie)
    await socket.answered.wait()
    assert ["websocket.accept"] == socket.types
    return socket


async def closed(*sockets):
    """These are closed, for their session has ended, and their handlers have returned."""
    async with asyncio.timeout(PATIENCE):
        for socket in sockets:
            await socket.closed.wait()
            await socket.task
    assert {SESSION_ENDED} == {socket.code for socket in sockets}


async def some_looks():
    """Time for the watcher to look at the sessions."""
    for _ in range(8):  # in turn with it, however slow the machine is
        await asyncio.sleep(TICK)
