"""Starlette: `SECRET=… uvicorn starlette_app:app`."""

import os
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from connect_sqlite import AsyncSQLiteStore, handle_of
from connect_sqlite.asgi import Session, SessionMiddleware

store = AsyncSQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))


async def page(request: Request) -> Response:
    return FileResponse(Path(__file__).with_name("index.html"))


async def account(request: Request) -> Response:
    session = signed_in(request)
    user, notes = session["user"]["name"], session.get("notes", [])
    return JSONResponse({"framework": "Starlette", "user": user, "notes": notes})


async def sign_in(request: Request) -> Response:
    name = await text_of(request, "name", 40)
    request.session["user"] = {"name": name, "by": "Starlette"}
    return await account(request)


async def add_note(request: Request) -> Response:
    session = signed_in(request)
    session.setdefault("notes", []).append(await text_of(request, "text", 200))
    return await account(request)


async def sessions(request: Request) -> Response:
    session = signed_in(request)
    if request.method == "DELETE":
        await store.destroy_where("user.name", session["user"]["name"], keep=(session.id,))
        return Response(status_code=204)
    mine = await store.find("user.name", session["user"]["name"])
    return JSONResponse([shown(each.id, each, session) for each in mine])


def shown(sid: str, data: dict[str, Any], session: Session) -> dict[str, Any]:
    return {
        "handle": handle_of(sid),
        "here": handle_of(sid) == handle_of(session.id),
        "framework": data["user"]["by"],
    }


async def end(request: Request) -> Response:
    session, handle = signed_in(request), request.path_params["handle"]
    if handle == session.handle:
        return await sign_out(request)
    mine = await store.find("user.name", session["user"]["name"])
    if not await store.destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
        raise HTTPException(404, "There is no such session.")
    return Response(status_code=204)


async def sign_out(request: Request) -> Response:
    signed_in(request).destroy()
    return Response(status_code=204)


def signed_in(request: Request) -> Session:
    """The session of somebody who is signed in, typed: Starlette says `dict`."""
    session = request.session
    assert isinstance(session, Session)
    if "user" not in session:
        raise HTTPException(401, "Sign in first.")
    return session


async def text_of(request: Request, field: str, longest: int) -> str:
    try:
        text = (await request.json())[field].strip()
    except (ValueError, LookupError, TypeError, AttributeError):
        text = ""
    if not 1 <= len(text) <= longest:
        raise HTTPException(400, f"The {field} has 1 to {longest} characters.")
    return str(text)


async def in_words(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


app = Starlette(
    routes=[
        Route("/", page),
        Route("/account", account),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/notes", add_note, methods=["POST"]),
        Route("/sessions", sessions, methods=["GET", "DELETE"]),
        Route("/sessions/{handle}", end, methods=["DELETE"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ],
    middleware=[
        Middleware(SessionMiddleware, store=store, secret=os.environ["SECRET"], owner="user.name")
    ],
    exception_handlers={HTTPException: in_words},
)
