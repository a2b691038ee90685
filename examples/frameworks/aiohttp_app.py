"""aiohttp: `SECRET=… python aiohttp_app.py`."""

import json
import os
from pathlib import Path
from typing import Any

import aiohttp_session
from aiohttp import web

from connect_sqlite import AsyncSQLiteStore, handle_of
from connect_sqlite.aiohttp import Session, SessionStorage

store = AsyncSQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))
routes = web.RouteTableDef()


@routes.get("/")
async def page(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(Path(__file__).with_name("index.html"))


@routes.get("/account")
async def account(request: web.Request) -> web.Response:
    session = await signed_in(request)
    user, notes = session["user"]["name"], session.get("notes", [])
    return web.json_response({"framework": "aiohttp", "user": user, "notes": notes})


@routes.post("/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    name = await text_of(request, "name", 40)
    session = await aiohttp_session.get_session(request)
    session["user"] = {"name": name, "by": "aiohttp"}
    return await account(request)


@routes.post("/notes")
async def add_note(request: web.Request) -> web.Response:
    session = await signed_in(request)
    session.setdefault("notes", []).append(await text_of(request, "text", 200))
    return await account(request)


@routes.get("/sessions")
async def sessions(request: web.Request) -> web.Response:
    session = await signed_in(request)
    mine = await store.find("user.name", session["user"]["name"])
    return web.json_response([shown(each.id, each, session) for each in mine])


def shown(sid: str, data: dict[str, Any], session: Session) -> dict[str, Any]:
    return {
        "handle": handle_of(sid),
        "here": handle_of(sid) == handle_of(session.id),
        "framework": data["user"]["by"],
    }


@routes.delete("/sessions/{handle}")
async def end(request: web.Request) -> web.Response:
    session, handle = await signed_in(request), request.match_info["handle"]
    if handle == session.handle:
        return await sign_out(request)
    mine = await store.find("user.name", session["user"]["name"])
    if not await store.destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
        raise in_words(web.HTTPNotFound, "There is no such session.")
    return web.Response(status=204)


@routes.delete("/sessions")
async def end_others(request: web.Request) -> web.Response:
    session = await signed_in(request)
    await store.destroy_where("user.name", session["user"]["name"], keep=(session.id,))
    return web.Response(status=204)


@routes.post("/sign-out")
async def sign_out(request: web.Request) -> web.Response:
    (await signed_in(request)).invalidate()
    return web.Response(status=204)


async def signed_in(request: web.Request) -> Session:
    """The session of somebody who is signed in, with what ours has more than theirs."""
    session = await aiohttp_session.get_session(request)
    assert isinstance(session, Session)
    if "user" not in session:
        raise in_words(web.HTTPUnauthorized, "Sign in first.")
    return session


async def text_of(request: web.Request, field: str, longest: int) -> str:
    try:
        text = (await request.json())[field].strip()
    except (ValueError, LookupError, TypeError, AttributeError):
        text = ""
    if not 1 <= len(text) <= longest:
        raise in_words(web.HTTPBadRequest, f"The {field} has 1 to {longest} characters.")
    return str(text)


def in_words(kind: type[web.HTTPException], words: str) -> web.HTTPException:
    return kind(text=json.dumps({"error": words}), content_type="application/json")


app = web.Application()
app.add_routes(routes)
aiohttp_session.setup(app, SessionStorage(store, secret=os.environ["SECRET"], owner="user.name"))

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8080")), print=None)
