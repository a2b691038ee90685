"""FastAPI: `SECRET=… uvicorn fastapi_app:app`.  The session is a typed dependency."""

import os
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field, StringConstraints
from starlette.exceptions import HTTPException as AnyHTTPException

from connect_sqlite import AsyncSQLiteStore, handle_of
from connect_sqlite.asgi import Session, SessionMiddleware

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
store = AsyncSQLiteStore(os.environ.get("DATABASE", "sessions.db"), indexes=("user.name",))
app = FastAPI(openapi_url=None)
app.add_middleware(SessionMiddleware, store=store, secret=os.environ["SECRET"], owner="user.name")


class SignIn(BaseModel):
    name: Name


class Note(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=200)]


def session_of(request: Request) -> Session:
    """The visitor's session, typed: Starlette says `dict`."""
    assert isinstance(request.session, Session)
    return request.session


Visitor = Annotated[Session, Depends(session_of)]


def signed_in(session: Visitor) -> Session:
    """The session of somebody who is signed in."""
    if "user" not in session:
        raise HTTPException(401, "Sign in first.")
    return session


Member = Annotated[Session, Depends(signed_in)]


@app.get("/")
async def page() -> FileResponse:
    return FileResponse(Path(__file__).with_name("index.html"))


@app.get("/account")
async def account(session: Member) -> dict[str, Any]:
    notes = session.get("notes", [])
    return {"framework": "FastAPI", "user": session["user"]["name"], "notes": notes}


@app.post("/sign-in")
async def sign_in(session: Visitor, form: SignIn) -> dict[str, Any]:
    session["user"] = {"name": form.name, "by": "FastAPI"}
    return await account(session)


@app.post("/notes")
async def add_note(session: Member, note: Note) -> dict[str, Any]:
    session.setdefault("notes", []).append(note.text)
    return await account(session)


@app.get("/sessions")
async def sessions(session: Member) -> list[dict[str, Any]]:
    return [
        {
            "handle": handle_of(each.id),
            "here": handle_of(each.id) == handle_of(session.id),
            "framework": by(each),
        }
        for each in await store.find("user.name", session["user"]["name"])
    ]


def by(session: dict[str, Any]) -> str:
    return str(session["user"]["by"])


@app.delete("/sessions/{handle}", status_code=204)
async def end(session: Member, handle: str) -> None:
    if handle == session.handle:
        return session.destroy()
    mine = await store.find("user.name", session["user"]["name"])
    if not await store.destroy_many([each.id for each in mine if handle_of(each.id) == handle]):
        raise HTTPException(404, "There is no such session.")
    return None


@app.delete("/sessions", status_code=204)
async def end_others(session: Member) -> None:
    await store.destroy_where("user.name", session["user"]["name"], keep=(session.id,))


@app.post("/sign-out", status_code=204)
async def sign_out(session: Member) -> None:
    session.destroy()


@app.exception_handler(AnyHTTPException)
async def in_words(request: Request, error: AnyHTTPException) -> JSONResponse:
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


@app.exception_handler(RequestValidationError)
async def wrong(request: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse({"error": "A name has 1 to 40 characters, a note 1 to 200."}, 400)
