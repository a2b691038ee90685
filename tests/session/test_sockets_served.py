"""Sockets between a real server and a real client, closed by what another process does."""

import asyncio
import contextlib
import time

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from connect_sqlite import AsyncSQLiteStore, SQLiteStore
from connect_sqlite.asgi import SESSION_ENDED
from engine.programs import Program, heard, say

from .conftest import SECRET
from .site import Browser, Site

pytestmark = [
    # uvicorn's oldest server, and what it stands on; many still run it.
    pytest.mark.filterwarnings("ignore:.*implementation is deprecated"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

SERVERS = pytest.mark.parametrize("server", ["websockets", "websockets-sansio", "wsproto"])


def elsewhere(path):
    """A program that destroys a user's sessions whenever it is told to."""
    with SQLiteStore(path, indexes=("user.id",)) as store:
        say("ready")
        while user := heard():
            say(store.destroy_where("user.id", int(user)))


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


class Chat:
    """An application with every kind of socket, and what became of each handler."""

    def __init__(self):
        self.ended = []
        routes = [
            Route("/in/{user:int}", self.sign_in),
            WebSocketRoute("/echo", self.echo),
            WebSocketRoute("/ticker", self.ticker),
        ]
        self.app = Starlette(routes=routes)

    async def sign_in(self, request):
        request.session["user"] = {"id": request.path_params["user"]}
        return JSONResponse({})

    async def echo(self, socket):
        await socket.accept()
        try:
            async for text in socket.iter_text():
                await socket.send_text(text)
        finally:
            self.ended.append("echo")

    async def ticker(self, socket):
        """Only sends, as a stream of prices would."""
        await socket.accept()
        try:
            while True:
                await socket.send_text("tick")
                await asyncio.sleep(0.02)
        except WebSocketDisconnect:
            self.ended.append("ticker")


@contextlib.asynccontextmanager
async def served(app, server):
    config = uvicorn.Config(app, port=0, ws=server, lifespan="off", log_config=None)
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve())
    while not (running.started or task.done()):  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield running.servers[0].sockets[0].getsockname()[1]
    finally:
        running.should_exit = True
        await task


async def read_on(socket):
    """Until it is closed: a client that does not read does not see that either."""
    with contextlib.suppress(ConnectionClosedError):
        async for _ in socket:
            pass


@SERVERS
def test_threat_29_revoked_by_another_process(runner, path, server, caplog):
    """Threat 29: within a second each socket of the user is closed with 4401, no other is."""

    async def visit():
        chat = Chat()
        store = AsyncSQLiteStore(path, indexes=("user.id",))
        site = Site(runner, chat.app, store=store, secret=SECRET)
        cookies = []
        for user in (7, 8):
            browser = Browser(site, "http://127.0.0.1")
            await browser.client.get(f"/in/{user}")
            cookies.append({"Cookie": f"connect.sid={browser.cookie}"})
        async with store, served(site.app, server) as port:
            url = f"ws://127.0.0.1:{port}"
            theirs, others = cookies
            async with (
                connect(f"{url}/echo", additional_headers=theirs, proxy=None) as echo,
                connect(f"{url}/ticker", additional_headers=theirs, proxy=None) as ticker,
                connect(f"{url}/echo", additional_headers=others, proxy=None) as neighbour,
                connect(f"{url}/echo", proxy=None) as stranger,
            ):
                await echo.send("before")
                assert "before" == await echo.recv()
                with Program(elsewhere, path) as program:
                    assert "ready" == await asyncio.to_thread(program.says)
                    program.tell("7")
                    assert 1 == await asyncio.to_thread(program.says)
                    began = time.monotonic()
                    async with asyncio.timeout(5):
                        await asyncio.gather(echo.wait_closed(), read_on(ticker))
                    took = time.monotonic() - began
                for socket in (echo, ticker):
                    assert SESSION_ENDED == socket.close_code
                    assert "the session has ended" == socket.close_reason
                for socket in (neighbour, stranger):
                    await socket.send("after")
                    assert "after" == await socket.recv()
        return took, sorted(chat.ended)

    took, ended = runner.run(visit())
    assert took < 1
    assert ["echo", "echo", "echo", "ticker"] == ended
    assert [] == [record.getMessage() for record in caplog.records if record.levelno > 20]
