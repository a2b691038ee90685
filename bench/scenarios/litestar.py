"""What a session adds to a request of Litestar: ours beside its own in a `FileStore`."""

import asyncio
from pathlib import Path
from typing import Any

from .. import added
from ..asgi import SECRET, App, ask, content, request, time_each
from ..context import Context
from ..status import Tell

TITLE = "What a session adds to a request of Litestar"
WEIGHT = 25.0

_VISITORS = 200


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Microseconds of a request without sessions, and what each kind of sessions adds to it."""
    try:
        with context.room() as folder:
            return asyncio.run(_run(context, tell, folder))
    except ImportError as error:
        return {"left_out": str(error)}


async def _run(context: Context, tell: Tell, folder: Path) -> dict[str, Any]:
    from litestar.middleware.session.server_side import ServerSideSessionConfig
    from litestar.stores.file import FileStore

    from connect_sqlite import AsyncSQLiteStore
    from connect_sqlite.litestar import SessionConfig

    seed, visitors = context.seed, min(_VISITORS, context.scale.sessions)
    async with AsyncSQLiteStore(folder / "sessions.db") as store:
        ours = SessionConfig(store, secret=SECRET)
        theirs = ServerSideSessionConfig()
        files = {"sessions": FileStore(folder / "files")}
        ways = {
            "alone": _alone(seed),
            "ours": await _with(seed, visitors, middleware=[ours.middleware]),
            "theirs": await _with(seed, visitors, middleware=[theirs.middleware], stores=files),
        }
        return await added.compare(context, tell, ways, visitors)


def _shop(seed: int, **options: Any) -> App:
    from litestar import Litestar, MediaType, Request, get

    @get("/sign-in/{number:int}", media_type=MediaType.TEXT)
    async def sign_in(request: Request[Any, Any, Any], number: int) -> str:
        request.session.update(content(seed, number))
        return ""

    @get("/read", media_type=MediaType.TEXT)
    async def read(request: Request[Any, Any, Any]) -> str:
        return str(request.session["user"]["name"])

    @get("/change", media_type=MediaType.TEXT)
    async def change(request: Request[Any, Any, Any]) -> str:
        request.session["views"] += 1
        return "changed"

    app: Any = Litestar(
        [sign_in, read, change], logging_config=None, openapi_config=None, **options
    )
    return app  # type: ignore[no-any-return]


def _alone(seed: int) -> added.Way:
    """The session is a `dict` that was there before."""
    app = _shop(seed)

    async def time(case: str, visitors: Any) -> float:
        scopes = [{**request(f"/{case}"), "session": content(seed, each)} for each in visitors]
        return await time_each(app, scopes)

    return time


async def _with(seed: int, visitors: int, **options: Any) -> added.Way:
    app = _shop(seed, **options)
    cookies = [(await ask(app, request(f"/sign-in/{each}")))[1] for each in range(visitors)]
    body, _ = await ask(app, request("/read", cookies[-1]))
    if body.decode() != content(seed, visitors - 1)["user"]["name"]:
        raise AssertionError("a request did not read its session")

    async def time(case: str, visitors: Any) -> float:
        return await time_each(app, [request(f"/{case}", cookies[each]) for each in visitors])

    return time
