"""Flask: `SECRET=… gunicorn flask_app:app`."""

import os
from pathlib import Path
from typing import Any, cast

from flask import Flask, abort, request, send_file, session
from werkzeug.exceptions import HTTPException

from connect_sqlite import SQLiteStore, handle_of
from connect_sqlite.flask import Session, SessionInterface

store = SQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))
app = Flask(__name__, static_folder=None)
app.session_interface = SessionInterface(store, owner="user.name")
# The name and the secret that the other examples have, so that they know each other's visitors.
app.config.update(
    SECRET_KEY=os.environ["SECRET"],
    SESSION_COOKIE_NAME="connect.sid",
    SESSION_COOKIE_SAMESITE="Lax",
)


@app.get("/")
def page() -> Any:
    return send_file(Path(__file__).with_name("index.html"))


@app.get("/account")
def account() -> Any:
    notes = signed_in().get("notes", [])
    return {"framework": "Flask", "user": session["user"]["name"], "notes": notes}


@app.post("/sign-in")
def sign_in() -> Any:
    session["user"] = {"name": text_of("name", 40), "by": "Flask"}
    return account()


@app.post("/notes")
def add_note() -> Any:
    signed_in().setdefault("notes", []).append(text_of("text", 200))
    return account()


@app.get("/sessions")
def sessions() -> Any:
    here = signed_in()
    return [
        {
            "handle": handle_of(each.id),
            "here": handle_of(each.id) == handle_of(here.id),
            "framework": by(each),
        }
        for each in store.find("user.name", here["user"]["name"])
    ]


def by(data: dict[str, Any]) -> str:
    return str(data["user"]["by"])


@app.delete("/sessions/<handle>")
def end(handle: str) -> Any:
    here = signed_in()
    if handle == here.handle:
        return sign_out()
    mine = store.find("user.name", here["user"]["name"])
    if not store.destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
        abort(404, "There is no such session.")
    return "", 204


@app.delete("/sessions")
def end_others() -> Any:
    here = signed_in()
    store.destroy_where("user.name", here["user"]["name"], keep=(here.id,))
    return "", 204


@app.post("/sign-out")
def sign_out() -> Any:
    signed_in().clear()
    return "", 204


def signed_in() -> Session:
    """The session of somebody who is signed in, typed."""
    if "user" not in session:
        abort(401, "Sign in first.")
    return cast("Session", session)


def text_of(field: str, longest: int) -> str:
    form = request.get_json(silent=True)
    text = form.get(field) if isinstance(form, dict) else None
    text = text.strip() if isinstance(text, str) else ""
    if not 1 <= len(text) <= longest:
        abort(400, f"The {field} has 1 to {longest} characters.")
    return text


@app.errorhandler(HTTPException)
def in_words(error: HTTPException) -> Any:
    return {"error": error.description}, error.code or 500
