"""Bottle: `SECRET=… gunicorn --preload --workers 4 bottle_app:app`."""

import json
import os
from pathlib import Path
from typing import Any

from bottle import Bottle, HTTPResponse, request, static_file

from connect_sqlite import SQLiteStore, handle_of
from connect_sqlite.wsgi import KEY, Session, SessionMiddleware

store = SQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))
bottle = Bottle()


@bottle.get("/")
def page() -> Any:
    return static_file("index.html", root=Path(__file__).parent)


@bottle.get("/account")
def account() -> Any:
    session = signed_in()
    notes = session.get("notes", [])
    return {"framework": "Bottle", "user": session["user"]["name"], "notes": notes}


@bottle.post("/sign-in")
def sign_in() -> Any:
    session_here()["user"] = {"name": text_of("name", 40), "by": "Bottle"}
    return account()


@bottle.post("/notes")
def add_note() -> Any:
    signed_in().setdefault("notes", []).append(text_of("text", 200))
    return account()


@bottle.get("/sessions")
def sessions() -> Any:
    here = signed_in()
    mine = store.find("user.name", here["user"]["name"])
    # Bottle makes JSON of a dict only.
    lines = json.dumps([shown(each.id, each, here) for each in mine])
    return HTTPResponse(lines, content_type="application/json")


def shown(sid: str, data: dict[str, Any], here: Session) -> dict[str, Any]:
    return {
        "handle": handle_of(sid),
        "here": handle_of(sid) == handle_of(here.id),
        "framework": data["user"]["by"],
    }


@bottle.delete("/sessions/<handle>")
def end(handle: str) -> Any:
    session = signed_in()
    if handle == session.handle:
        return sign_out()
    mine = store.find("user.name", session["user"]["name"])
    if not store.destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
        raise HTTPResponse({"error": "There is no such session."}, 404)
    return HTTPResponse(status=204)


@bottle.delete("/sessions")
def end_others() -> Any:
    session = signed_in()
    store.destroy_where("user.name", session["user"]["name"], keep=(session.id,))
    return HTTPResponse(status=204)


@bottle.post("/sign-out")
def sign_out() -> Any:
    signed_in().destroy()
    return HTTPResponse(status=204)


def session_here() -> Session:
    session = request.environ[KEY]
    assert isinstance(session, Session)
    return session


def signed_in() -> Session:
    """The session of somebody who is signed in."""
    session = session_here()
    if "user" not in session:
        raise HTTPResponse({"error": "Sign in first."}, 401)
    return session


def text_of(field: str, longest: int) -> str:
    try:
        text = json.load(request.body)[field].strip()
    except (ValueError, LookupError, TypeError, AttributeError):
        text = ""
    if not 1 <= len(text) <= longest:
        raise HTTPResponse({"error": f"The {field} has 1 to {longest} characters."}, 400)
    return str(text)


app = SessionMiddleware(bottle, store=store, secret=os.environ["SECRET"], owner="user.name")
