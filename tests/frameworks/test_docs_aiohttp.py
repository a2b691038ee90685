"""The page about aiohttp says what is true."""

import asyncio
import inspect
import re
from pathlib import Path

import aiohttp_session
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp_session.redis_storage import RedisStorage

from .aiohttp_site import IGNORING, SECRET

pytestmark = IGNORING

PAGE = (Path(__file__).parent.parent.parent / "docs/aiohttp.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def pasted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_SECRET", SECRET)
    names = {}
    exec(BLOCKS[0], names)
    return names


def visiting(app, visit):
    async def run():
        jar = CookieJar(unsafe=True)
        async with TestClient(TestServer(app), cookie_jar=jar) as client:
            return await visit(client)

    return asyncio.run(run())


async def text(client, path):
    async with client.get(path) as answer:
        return await answer.text()


def test_the_lines_to_paste_are_enough(tmp_path, monkeypatch):
    """The page's first block is an app that remembers its visitor."""
    names = pasted(tmp_path, monkeypatch)

    async def twice(client):
        return [await text(client, "/") for _ in range(2)]

    assert ['{"visits": 1}', '{"visits": 2}'] == visiting(names["app"], twice)
    asyncio.run(names["store"].close())


def test_streams_and_sockets_save_by_hand(tmp_path, monkeypatch):
    """The page's handlers of a stream and of a WebSocket save what they changed."""
    names = pasted(tmp_path, monkeypatch)
    names["storage"] = names["SessionStorage"](names["store"], secret=SECRET)
    exec(BLOCKS[1], names)

    async def show(request):
        return web.json_response(await aiohttp_session.get_session(request))

    app = names["app"]
    for path, handler in {"/s": names["stream"], "/ws": names["socket"], "/show": show}.items():
        app.router.add_get(path, handler)

    async def visit(client):
        assert "..." == await text(client, "/s")
        async with client.ws_connect("/ws") as socket:
            await socket.send_str("hello")
        return await text(client, "/show")

    assert '{"downloads": 1, "heard": "hello"}' == visiting(app, visit)
    asyncio.run(names["store"].close())


def test_every_name_of_aiohttp_sessions_is_listed():
    """Each option of its storages, and each name of its sessions, is on the page."""
    options = [name for name in inspect.signature(RedisStorage).parameters if name != "redis_pool"]
    assert [] == [name for name in options if f"`{name}`" not in PAGE]
    names = [name for name in vars(aiohttp_session.Session) if not name.startswith("_")]
    assert [] == [name for name in names if not re.search(rf"[.`]{name}\b", PAGE)]
