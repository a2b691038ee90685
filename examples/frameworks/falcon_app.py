"""Falcon: `SECRET=… gunicorn --preload --workers 4 falcon_app:app`."""

import os
from pathlib import Path
from typing import Any

import falcon

from connect_sqlite import SQLiteStore, handle_of
from connect_sqlite.wsgi import KEY, Session, SessionMiddleware

PAGE = Path(__file__).with_name("index.html")
store = SQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))


class Page:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type, resp.data = falcon.MEDIA_HTML, PAGE.read_bytes()


class Account:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = account(signed_in(req))


class SignIn:
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = session_of(req)
        session["user"] = {"name": text_of(req, "name", 40), "by": "Falcon"}
        resp.media = account(session)


class Notes:
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = signed_in(req)
        session.setdefault("notes", []).append(text_of(req, "text", 200))
        resp.media = account(session)


class Sessions:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = signed_in(req)
        mine = store.find("user.name", session["user"]["name"])
        resp.media = [shown(each.id, each, session) for each in mine]

    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = signed_in(req)
        store.destroy_where("user.name", session["user"]["name"], keep=(session.id,))
        resp.status = 204


class OneSession:
    def on_delete(self, req: falcon.Request, resp: falcon.Response, handle: str) -> None:
        session = signed_in(req)
        resp.status = 204
        if handle == session.handle:
            return session.destroy()
        mine = store.find("user.name", session["user"]["name"])
        if not store.destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
            raise falcon.HTTPNotFound(title="There is no such session.")
        return None


class SignOut:
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        signed_in(req).destroy()
        resp.status = 204


def session_of(req: falcon.Request) -> Session:
    session = req.env[KEY]
    assert isinstance(session, Session)
    return session


def signed_in(req: falcon.Request) -> Session:
    """The session of somebody who is signed in."""
    session = session_of(req)
    if "user" not in session:
        raise falcon.HTTPUnauthorized(title="Sign in first.")
    return session


def account(session: Session) -> dict[str, Any]:
    notes = session.get("notes", [])
    return {"framework": "Falcon", "user": session["user"]["name"], "notes": notes}


def shown(sid: str, data: dict[str, Any], here: Session) -> dict[str, Any]:
    return {
        "handle": handle_of(sid),
        "here": handle_of(sid) == handle_of(here.id),
        "framework": data["user"]["by"],
    }


def text_of(req: falcon.Request, field: str, longest: int) -> str:
    try:
        text = req.get_media()[field].strip()
    except (falcon.HTTPError, LookupError, TypeError, AttributeError):
        text = ""
    if not 1 <= len(text) <= longest:
        raise falcon.HTTPBadRequest(title=f"The {field} has 1 to {longest} characters.")
    return str(text)


def in_words(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    resp.media = {"error": error.title}


falcon_app = falcon.App()
falcon_app.add_route("/", Page())
falcon_app.add_route("/account", Account())
falcon_app.add_route("/sign-in", SignIn())
falcon_app.add_route("/notes", Notes())
falcon_app.add_route("/sessions", Sessions())
falcon_app.add_route("/sessions/{handle}", OneSession())
falcon_app.add_route("/sign-out", SignOut())
falcon_app.set_error_serializer(in_words)
app = SessionMiddleware(falcon_app, store=store, secret=os.environ["SECRET"], owner="user.name")
