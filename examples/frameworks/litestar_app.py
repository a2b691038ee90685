"""Litestar: `SECRET=… uvicorn litestar_app:app`."""

import os
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, delete, get, post
from litestar.exceptions import HTTPException, LitestarException
from litestar.response import File

from connect_sqlite import AsyncSQLiteStore, handle_of
from connect_sqlite.litestar import Session, SessionConfig

store = AsyncSQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))
config = SessionConfig(store, secret=os.environ["SECRET"], owner="user.name", max_age=None)


@get("/", media_type="text/html")
async def page() -> File:
    return File(Path(__file__).with_name("index.html"), content_disposition_type="inline")


@get("/account")
async def account(request: Request) -> dict[str, Any]:
    return shown_account(signed_in(request))


@post("/sign-in", status_code=200)
async def sign_in(request: Request) -> dict[str, Any]:
    request.session["user"] = {"name": await text_of(request, "name", 40), "by": "Litestar"}
    return shown_account(signed_in(request))


@post("/notes", status_code=200)
async def add_note(request: Request) -> dict[str, Any]:
    session = signed_in(request)
    session.setdefault("notes", []).append(await text_of(request, "text", 200))
    return shown_account(session)


def shown_account(session: Session) -> dict[str, Any]:
    notes = session.get("notes", [])
    return {"framework": "Litestar", "user": session["user"]["name"], "notes": notes}


@get("/sessions")
async def sessions(request: Request) -> list[dict[str, Any]]:
    session = signed_in(request)
    mine = await store.find("user.name", session["user"]["name"])
    return [shown(each.id, each, session) for each in mine]


def shown(sid: str, data: dict[str, Any], session: Session) -> dict[str, Any]:
    return {
        "handle": handle_of(sid),
        "here": handle_of(sid) == handle_of(session.id),
        "framework": data["user"]["by"],
    }


@delete("/sessions/{handle:str}")
async def end(request: Request, handle: str) -> None:
    session = signed_in(request)
    if handle == session.handle:
        session.destroy()
        return
    mine = await store.find("user.name", session["user"]["name"])
    if not await store.destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
        raise HTTPException("There is no such session.", status_code=404)


@delete("/sessions")
async def end_others(request: Request) -> None:
    session = signed_in(request)
    await store.destroy_where("user.name", session["user"]["name"], keep=(session.id,))


@post("/sign-out", status_code=204)
async def sign_out(request: Request) -> None:
    signed_in(request)
    request.clear_session()


def signed_in(request: Request) -> Session:
    """The session of somebody who is signed in, typed: Litestar says `dict`."""
    session = request.session
    assert isinstance(session, Session)
    if "user" not in session:
        raise HTTPException("Sign in first.", status_code=401)
    return session


async def text_of(request: Request, field: str, longest: int) -> str:
    try:
        text = (await request.json())[field].strip()
    except (LitestarException, ValueError, LookupError, TypeError, AttributeError):
        text = ""
    if not 1 <= len(text) <= longest:
        raise HTTPException(f"The {field} has 1 to {longest} characters.", status_code=400)
    return str(text)


def in_words(_: Request, error: HTTPException) -> Response[dict[str, str]]:
    return Response({"error": error.detail}, status_code=error.status_code)


app = Litestar(
    [page, account, sign_in, add_note, sessions, end, end_others, sign_out],
    middleware=[config.middleware],
    exception_handlers={HTTPException: in_words},
)
