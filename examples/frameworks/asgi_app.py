"""Plain ASGI, without a framework: `SECRET=… uvicorn asgi_app:app`."""

import json
import os
from pathlib import Path
from typing import Any

from connect_sqlite import AsyncSQLiteStore, handle_of
from connect_sqlite.asgi import Session, SessionMiddleware

PAGE = Path(__file__).with_name("index.html").read_bytes()
store = AsyncSQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))


class Refused(Exception):
    """An answer that is an error: its status, and why."""


async def respond(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    method, path, session = scope["method"], scope["path"], scope["session"]
    kind, status = b"application/json", 200
    try:
        if (method, path) == ("GET", "/"):
            kind, body = b"text/html; charset=utf-8", PAGE
        else:
            answer = await answer_to(method, path, session, receive)
            status, body = (204, b"") if answer is None else (200, json.dumps(answer).encode())
    except Refused as refusal:
        status, why = refusal.args
        body = json.dumps({"error": why}).encode()
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", kind)]
    if status == 204:
        headers = []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer_to(method: str, path: str, session: Session, receive: Any) -> Any:
    """What JSON to answer; None for nothing, which is 204."""
    if (method, path) == ("POST", "/sign-in"):
        session["user"] = {"name": await text_of(receive, "name", 40), "by": "ASGI"}
        return account(session)
    if "user" not in session:
        raise Refused(401, "Sign in first.")
    name = session["user"]["name"]
    match method, path.removeprefix("/").partition("/"):
        case "GET", ("account", "", ""):
            return account(session)
        case "POST", ("notes", "", ""):
            session.setdefault("notes", []).append(await text_of(receive, "text", 200))
            return account(session)
        case "GET", ("sessions", "", ""):
            return [shown(each.id, each, session) for each in await store.find("user.name", name)]
        case "DELETE", ("sessions", "", ""):
            await store.destroy_where("user.name", name, keep=(session.id,))
        case "POST", ("sign-out", "", ""):
            session.destroy()
        case "DELETE", ("sessions", "/", handle) if handle == session.handle:
            session.destroy()
        case "DELETE", ("sessions", "/", handle):
            ids = [each.id for each in await store.find("user.name", name)]
            if not await store.destroy_many(sid for sid in ids if handle_of(sid) == handle):
                raise Refused(404, "There is no such session.")
        case _:
            raise Refused(404, "There is nothing here.")
    return None


def account(session: Session) -> dict[str, Any]:
    notes = session.get("notes", [])
    return {"framework": "ASGI", "user": session["user"]["name"], "notes": notes}


def shown(sid: str, data: dict[str, Any], session: Session) -> dict[str, Any]:
    return {
        "handle": handle_of(sid),
        "here": handle_of(sid) == handle_of(session.id),
        "framework": data["user"]["by"],
    }


async def text_of(receive: Any, field: str, longest: int) -> str:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        text = json.loads(body)[field].strip()
    except (ValueError, LookupError, TypeError, AttributeError):
        text = ""
    if not 1 <= len(text) <= longest:
        raise Refused(400, f"The {field} has 1 to {longest} characters.")
    return str(text)


async def live(receive: Any, send: Any) -> None:
    """The server says when it starts and ends."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await store.close()
    await send({"type": "lifespan.shutdown.complete"})


app = SessionMiddleware(respond, store=store, secret=os.environ["SECRET"], owner="user.name")
