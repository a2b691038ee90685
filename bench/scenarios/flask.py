"""What a session adds to a request of Flask: ours beside Flask-Session on SQLAlchemy and SQLite."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import added
from ..asgi import SECRET, content
from ..context import Context
from ..measure import nanoseconds
from ..status import Tell

TITLE = "What a session adds to a request of Flask"
WEIGHT = 25.0

_VISITORS = 300
_THERE = "bench.session"


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Microseconds of a request without sessions, and what each kind of sessions adds to it."""
    try:
        with context.room() as folder:
            return asyncio.run(_run(context, tell, folder))
    except ImportError as error:
        return {"left_out": str(error)}


async def _run(context: Context, tell: Tell, folder: Path) -> dict[str, Any]:
    from connect_sqlite import SQLiteStore
    from connect_sqlite.flask import SessionInterface

    seed, visitors = context.seed, min(_VISITORS, context.scale.sessions)
    ours, (theirs, engine) = _shop(seed), _flask_session(seed, folder)
    with SQLiteStore(folder / "sessions.db") as store:
        ours.session_interface = SessionInterface(store)
        ways = {
            "alone": _alone(seed),
            "ours": _with(seed, visitors, ours),
            "theirs": _with(seed, visitors, theirs),
        }
        try:
            return await added.compare(context, tell, ways, visitors)
        finally:
            engine.dispose()


def _shop(seed: int) -> Any:
    from flask import Flask, session

    app = Flask("bench")
    app.config["SECRET_KEY"] = SECRET

    @app.get("/sign-in/<int:number>")
    def sign_in(number: int) -> str:
        session.update(content(seed, number))
        return ""

    @app.get("/read")
    def read() -> str:
        return str(session["user"]["name"])

    @app.get("/change")
    def change() -> str:
        session["views"] += 1
        return "changed"

    return app


def _flask_session(seed: int, folder: Path) -> Any:
    """Its file is tuned as ours is; and by default it writes each session that is only read."""
    from flask_session import Session
    from flask_sqlalchemy import SQLAlchemy
    from sqlalchemy import event

    app = _shop(seed)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'theirs.db'}",
        SESSION_TYPE="sqlalchemy",
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.config["SESSION_SQLALCHEMY"] = db = SQLAlchemy(app)
    with app.app_context():
        engine = db.engine

        @event.listens_for(engine, "connect")
        def tune(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")

        Session(app)
    return app, engine


def _alone(seed: int) -> added.Way:
    """The session is one that was there before."""
    from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

    class There(SecureCookieSessionInterface):
        def open_session(self, app: Any, request: Any) -> Any:
            return request.environ[_THERE]

        def save_session(self, app: Any, session: Any, response: Any) -> None:
            pass

    app = _shop(seed)
    app.session_interface = There()

    async def time(case: str, visitors: Sequence[int]) -> float:
        environs = [_environ(f"/{case}") for _ in visitors]
        for each, environ in zip(visitors, environs, strict=True):
            environ[_THERE] = SecureCookieSession(content(seed, each))
        return _time_each(app, environs)

    return time


def _with(seed: int, visitors: int, app: Any) -> added.Way:
    cookies = []
    for each in range(visitors):
        answer = app.test_client().get(f"/sign-in/{each}")
        cookies.append(answer.headers["Set-Cookie"].partition(";")[0])
    answer = app.test_client(use_cookies=False).get("/read", headers={"Cookie": cookies[-1]})
    if answer.text != content(seed, visitors - 1)["user"]["name"]:
        raise AssertionError("a request did not read its session")

    async def time(case: str, visitors: Sequence[int]) -> float:
        return _time_each(app, [_environ(f"/{case}", cookies[each]) for each in visitors])

    return time


def _environ(path: str, cookie: str | None = None) -> dict[str, Any]:
    """A request as a server hands it over; each is used once."""
    from werkzeug.test import create_environ

    headers = {} if cookie is None else {"Cookie": cookie}
    return create_environ(path, "http://shop.example", headers=headers)


def _time_each(app: Any, environs: list[dict[str, Any]]) -> float:
    """Microseconds of a request, one after the other, nothing of it being kept."""
    count = len(environs)
    environs.reverse()
    began = nanoseconds()
    while environs:
        body = app(environs.pop(), _start_response)
        for _ in body:
            pass
        body.close()
    return (nanoseconds() - began) / count / 1000


def _start_response(*_: Any) -> None:
    """Take an answer's status and headers, and forget them."""
