"""Plain WSGI, without a framework: `SECRET=… gunicorn --preload --workers 4 wsgi_app:app`."""

import json
import os
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from connect_sqlite import SQLiteStore, handle_of
from connect_sqlite.wsgi import KEY, Session, SessionMiddleware

PAGE = Path(__file__).with_name("index.html").read_bytes()
store = SQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))


class Refused(Exception):
    """An answer that is an error: its status, and why."""


def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    kind, status = "application/json", 200
    try:
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("GET", "/"):
            kind, body = "text/html; charset=utf-8", PAGE
        else:
            answer = answer_to(environ, environ[KEY])
            status, body = (204, b"") if answer is None else (200, json.dumps(answer).encode())
    except Refused as refusal:
        status, why = refusal.args
        body = json.dumps({"error": why}).encode()
    headers = [("Content-Length", str(len(body))), ("Content-Type", kind)]
    if status == 204:
        headers = []
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [body]


def answer_to(environ: dict[str, Any], session: Session) -> Any:
    """What JSON to answer; None for nothing, which is 204."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if (method, path) == ("POST", "/sign-in"):
        session["user"] = {"name": text_of(environ, "name", 40), "by": "WSGI"}
        return account(session)
    if "user" not in session:
        raise Refused(401, "Sign in first.")
    name = session["user"]["name"]
    match method, path.removeprefix("/").partition("/"):
        case "GET", ("account", "", ""):
            return account(session)
        case "POST", ("notes", "", ""):
            session.setdefault("notes", []).append(text_of(environ, "text", 200))
            return account(session)
        case "GET", ("sessions", "", ""):
            return [shown(each.id, each, session) for each in store.find("user.name", name)]
        case "DELETE", ("sessions", "", ""):
            store.destroy_where("user.name", name, keep=(session.id,))
        case "POST", ("sign-out", "", ""):
            session.destroy()
        case "DELETE", ("sessions", "/", handle) if handle == session.handle:
            session.destroy()
        case "DELETE", ("sessions", "/", handle):
            ids = [each.id for each in store.find("user.name", name)]
            if not store.destroy_many(sid for sid in ids if handle_of(sid) == handle):
                raise Refused(404, "There is no such session.")
        case _:
            raise Refused(404, "There is nothing here.")
    return None


def account(session: Session) -> dict[str, Any]:
    notes = session.get("notes", [])
    return {"framework": "WSGI", "user": session["user"]["name"], "notes": notes}


def shown(sid: str, data: dict[str, Any], session: Session) -> dict[str, Any]:
    return {
        "handle": handle_of(sid),
        "here": handle_of(sid) == handle_of(session.id),
        "framework": data["user"]["by"],
    }


def text_of(environ: dict[str, Any], field: str, longest: int) -> str:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        text = json.loads(body)[field].strip()
    except (ValueError, LookupError, TypeError, AttributeError):
        text = ""
    if not 1 <= len(text) <= longest:
        raise Refused(400, f"The {field} has 1 to {longest} characters.")
    return str(text)


app = SessionMiddleware(respond, store=store, secret=os.environ["SECRET"], owner="user.name")
