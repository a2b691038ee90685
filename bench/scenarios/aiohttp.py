"""What a session adds to a request of aiohttp: ours beside aiohttp-session's own in Redis."""

import asyncio
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import added, redis_server
from ..asgi import SECRET, content
from ..context import Context
from ..measure import nanoseconds
from ..peers import LeftOut
from ..status import Tell

TITLE = "What a session adds to a request of aiohttp"
WEIGHT = 15.0

_VISITORS = 500


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Microseconds of a handler alone, and what each kind of sessions adds to it."""
    try:
        with warnings.catch_warnings(), context.room() as folder:
            # aiohttp's, of the keys under which aiohttp-session keeps its own.
            warnings.simplefilter("ignore")
            with redis_server.running(folder) as url:
                return asyncio.run(_run(context, tell, folder, url))
    except (ImportError, LeftOut) as error:
        return {"left_out": str(error)}


async def _run(context: Context, tell: Tell, folder: Path, url: str) -> dict[str, Any]:
    from aiohttp_session.redis_storage import RedisStorage
    from redis.asyncio.client import Redis

    from connect_sqlite import AsyncSQLiteStore
    from connect_sqlite.aiohttp import SessionStorage

    seed, visitors = context.seed, min(_VISITORS, context.scale.sessions)
    async with (
        AsyncSQLiteStore(folder / "sessions.db") as store,
        Redis.from_url(url) as redis,
    ):
        ways = {
            "alone": _alone(seed),
            "ours": await _with(seed, visitors, SessionStorage(store, secret=SECRET)),
            "theirs": await _with(seed, visitors, RedisStorage(redis)),
        }
        return await added.compare(context, tell, ways, visitors)


async def _read(request: Any) -> Any:
    from aiohttp import web
    from aiohttp_session import get_session

    return web.Response(text=(await get_session(request))["user"]["name"])


async def _change(request: Any) -> Any:
    from aiohttp import web
    from aiohttp_session import get_session

    (await get_session(request))["views"] += 1
    return web.Response(text="changed")


_HANDLERS = {"read": _read, "change": _change}


def _request(path: str, cookie: str | None = None) -> Any:
    from aiohttp.test_utils import make_mocked_request

    headers = {"Host": "shop.example", **({} if cookie is None else {"Cookie": cookie})}
    return make_mocked_request("GET", path, headers=headers)


def _alone(seed: int) -> added.Way:
    """The session is one that was there before."""
    from aiohttp_session import SESSION_KEY, Session

    bare = _request("/")

    async def time(case: str, visitors: Sequence[int]) -> float:
        requests = []
        for each in visitors:
            request = bare.clone()
            data: Any = {"session": content(seed, each)}
            request[SESSION_KEY] = Session(None, data=data, new=False)
            requests.append(request)
        handler = _HANDLERS[case]
        began = nanoseconds()
        for request in requests:
            await handler(request)
        return (nanoseconds() - began) / len(requests) / 1000

    return time


async def _with(seed: int, visitors: int, storage: Any) -> added.Way:
    from aiohttp import web
    from aiohttp_session import get_session, session_middleware

    middleware: Any = session_middleware(storage)

    async def sign_in(request: Any) -> Any:
        (await get_session(request)).update(content(seed, int(request.path[1:])))
        return web.Response()

    cookies = []
    for each in range(visitors):
        response = await middleware(_request(f"/{each}"), sign_in)
        said = [morsel.OutputString() for morsel in response.cookies.values()]
        said += response.headers.getall("Set-Cookie", [])
        cookies.append(said[0].partition(";")[0])
    answer = await middleware(_request("/read", cookies[-1]), _read)
    if answer.text != content(seed, visitors - 1)["user"]["name"]:
        raise AssertionError("a request did not read its session")

    # To make one takes longer than to answer it, but for a copy.
    originals = [_request("/", cookie) for cookie in cookies]

    async def time(case: str, visitors: Sequence[int]) -> float:
        requests = [originals[each].clone() for each in visitors]
        handler = _HANDLERS[case]
        began = nanoseconds()
        for request in requests:
            await middleware(request, handler)
        return (nanoseconds() - began) / len(requests) / 1000

    return time
