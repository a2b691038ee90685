"""Quart: `SECRET=… hypercorn quart_app:app`."""

import json
import os
from pathlib import Path
from typing import Any, cast

from quart import Quart, abort, request, send_file, session
from werkzeug.exceptions import HTTPException

from connect_sqlite import AsyncSQLiteStore, handle_of
from connect_sqlite.quart import Session, SessionInterface

store = AsyncSQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))
app = Quart(__name__, static_folder=None)
app.session_interface = SessionInterface(store, owner="user.name")
# The name and the secret that the other examples have, so that they know each other's visitors.
app.config.update(
    SECRET_KEY=os.environ["SECRET"],
    SESSION_COOKIE_NAME="connect.sid",
    SESSION_COOKIE_SAMESITE="Lax",
)


@app.get("/")
async def page() -> Any:
    return await send_file(Path(__file__).with_name("index.html"))


@app.get("/account")
async def account() -> Any:
    notes = signed_in().get("notes", [])
    return {"framework": "Quart", "user": session["user"]["name"], "notes": notes}


@app.post("/sign-in")
async def sign_in() -> Any:
    session["user"] = {"name": await text_of("name", 40), "by": "Quart"}
    return await account()


@app.post("/notes")
async def add_note() -> Any:
    signed_in().setdefault("notes", []).append(await text_of("text", 200))
    return await account()


@app.get("/sessions")
async def sessions() -> Any:
    here = signed_in()
    return [
        {
            "handle": handle_of(each.id),
            "here": handle_of(each.id) == handle_of(here.id),
            "framework": by(each),
        }
        for each in await store.find("user.name", here["user"]["name"])
    ]


def by(data: dict[str, Any]) -> str:
    return str(data["user"]["by"])


@app.delete("/sessions/<handle>")
async def end(handle: str) -> Any:
    here = signed_in()
    if handle == here.handle:
        return await sign_out()
    mine = await store.find("user.name", here["user"]["name"])
    if not await store.destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
        abort(404, "There is no such session.")
    return "", 204


@app.delete("/sessions")
async def end_others() -> Any:
    here = signed_in()
    await store.destroy_where("user.name", here["user"]["name"], keep=(here.id,))
    return "", 204


@app.post("/sign-out")
async def sign_out() -> Any:
    signed_in().clear()
    return "", 204


def signed_in() -> Session:
    """The session of somebody who is signed in, typed."""
    if "user" not in session:
        abort(401, "Sign in first.")
    return cast("Session", session)


async def text_of(field: str, longest: int) -> str:
    try:
        form = json.loads(await request.get_data())
    except ValueError:
        form = None
    text = form.get(field) if isinstance(form, dict) else None
    text = text.strip() if isinstance(text, str) else ""
    if not 1 <= len(text) <= longest:
        abort(400, f"The {field} has 1 to {longest} characters.")
    return text


@app.errorhandler(HTTPException)
async def in_words(error: HTTPException) -> Any:
    return {"error": error.description}, error.code or 500
