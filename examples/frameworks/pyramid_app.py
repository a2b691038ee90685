"""Pyramid: `SECRET=… waitress-serve pyramid_app:app`."""

import os
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNoContent, HTTPNotFound, HTTPUnauthorized
from pyramid.request import Request
from pyramid.response import FileResponse
from pyramid.view import view_config

from connect_sqlite import SQLiteStore, handle_of
from connect_sqlite.pyramid import Session, SessionFactory

store = SQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))


@view_config(route_name="page", request_method="GET")
def page(request: Request) -> Any:
    return FileResponse(Path(__file__).with_name("index.html"), request)


@view_config(route_name="account", request_method="GET", renderer="json")
def account(request: Request) -> Any:
    session = signed_in(request)
    notes = session.get("notes", [])
    return {"framework": "Pyramid", "user": session["user"]["name"], "notes": notes}


@view_config(route_name="sign-in", request_method="POST", renderer="json")
def sign_in(request: Request) -> Any:
    request.session["user"] = {"name": text_of(request, "name", 40), "by": "Pyramid"}
    return account(request)


@view_config(route_name="notes", request_method="POST", renderer="json")
def add_note(request: Request) -> Any:
    signed_in(request).setdefault("notes", []).append(text_of(request, "text", 200))
    return account(request)


@view_config(route_name="sessions", request_method="GET", renderer="json")
def sessions(request: Request) -> Any:
    here = signed_in(request)
    mine = store.find("user.name", here["user"]["name"])
    return [shown(each.id, each, here) for each in mine]


def shown(sid: str, data: dict[str, Any], here: Session) -> dict[str, Any]:
    return {
        "handle": handle_of(sid),
        "here": handle_of(sid) == handle_of(here.id),
        "framework": data["user"]["by"],
    }


@view_config(route_name="session", request_method="DELETE")
def end(request: Request) -> Any:
    session, handle = signed_in(request), request.matchdict["handle"]
    if handle == session.handle:
        return sign_out(request)
    mine = store.find("user.name", session["user"]["name"])
    if not store.destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
        raise HTTPNotFound(json={"error": "There is no such session."})
    return HTTPNoContent()


@view_config(route_name="sessions", request_method="DELETE")
def end_others(request: Request) -> Any:
    session = signed_in(request)
    store.destroy_where("user.name", session["user"]["name"], keep=(session.id,))
    return HTTPNoContent()


@view_config(route_name="sign-out", request_method="POST")
def sign_out(request: Request) -> Any:
    signed_in(request).invalidate()
    return HTTPNoContent()


def signed_in(request: Request) -> Session:
    """The session of somebody who is signed in."""
    session: Session = request.session
    if "user" not in session:
        raise HTTPUnauthorized(json={"error": "Sign in first."})
    return session


def text_of(request: Request, field: str, longest: int) -> str:
    try:
        text = request.json_body[field].strip()
    except (ValueError, LookupError, TypeError, AttributeError):
        text = ""
    if not 1 <= len(text) <= longest:
        raise HTTPBadRequest(json={"error": f"The {field} has 1 to {longest} characters."})
    return str(text)


with Configurator() as config:
    config.set_session_factory(
        SessionFactory(store, secret=os.environ["SECRET"], owner="user.name")
    )
    config.add_route("page", "/")
    config.add_route("session", "/sessions/{handle}")
    for name in ("account", "sign-in", "notes", "sessions", "sign-out"):
        config.add_route(name, f"/{name}")
    config.scan(__name__)
    app = config.make_wsgi_app()
