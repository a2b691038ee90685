"""The FastAPI app.  Its twin is app.js: the same routes in the same order, on the same sessions."""

import html
import os
from pathlib import Path
from string import Template
from typing import Annotated, Literal

import uvicorn
from fastapi import Depends, FastAPI, Form, Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.responses import RedirectResponse as Redirect

from connect_sqlite.asgi import Session, SessionMiddleware

DATABASE, SECRET = os.environ["DATABASE"], os.environ["SECRET"]
PORT, OTHER = int(os.environ["PORT"]), os.environ["OTHER"]
PAGES = Path(__file__).parent / "pages"

app = FastAPI(openapi_url=None)
app.add_middleware(SessionMiddleware, store=DATABASE, secret=SECRET, name="express-and-fastapi")


def session_of(request: Request) -> Session:
    """The visitor's session, typed: Starlette says `dict`."""
    session = request.session
    assert isinstance(session, Session)
    return session


Visitor = Annotated[Session, Depends(session_of)]


@app.get("/")
async def home(session: Visitor) -> Response:
    user, count = session.get("user"), session.get("count", 0)
    if user is None:
        return page("signed-out", count=count)
    name, by = user["name"], user["by"]
    return page("signed-in", count=count, handle=session.handle, name=name, by=by)


@app.post("/sign-in")
async def sign_in(session: Visitor, name: Annotated[str, Form()] = "") -> Response:
    name = name.strip()
    if not name or len(name) > 40:
        return PlainTextResponse("A name has 1 to 40 characters.", 400)
    session.rotate()
    session["user"] = {"name": name, "by": "FastAPI"}
    return back()


@app.post("/count")
async def count(session: Visitor, step: Annotated[Literal["1", "10"], Form()] = "1") -> Response:
    session["count"] = session.get("count", 0) + int(step)
    return back()


@app.post("/rotate")
async def rotate(session: Visitor) -> Response:
    if "user" in session:
        session.rotate()
    return back()


@app.post("/sign-out")
async def sign_out(session: Visitor) -> Response:
    session.destroy()
    return back()


@app.get("/style.css")
async def style() -> Response:
    return FileResponse(PAGES / "style.css")


def back() -> Response:
    # The session is saved before these headers go out.
    return Redirect("/", 303)


def page(file: str, **values: object) -> Response:
    everything = {**values, "here": "FastAPI", "there": "Express", "other": OTHER}
    escaped = {key: html.escape(str(value)) for key, value in everything.items()}
    return HTMLResponse(Template((PAGES / f"{file}.html").read_text()).substitute(escaped))


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
