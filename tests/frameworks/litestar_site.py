"""A Litestar application with sessions, and a look into its file."""

import asyncio
from typing import Any

from litestar import Litestar, Request, delete, get, post
from litestar.testing import TestClient

from connect_sqlite import SQLiteStore
from connect_sqlite.litestar import SessionConfig
from session.conftest import SECRET, Clock, WatchedStore


class Site:
    """Handlers, and the configuration of their sessions, whose options may be anything."""

    def __init__(self, path, handlers, *, app=None, **options):
        self.clock = Clock()
        self.store = WatchedStore(path, clock=self.clock, indexes=("user.id",))
        self.rows = SQLiteStore(path, clock=self.clock, indexes=("user.id",))
        given = {"secret": SECRET, "clock": self.clock, **options}
        self.config = SessionConfig(self.store, **given)
        middleware = [self.config.middleware]
        self.app = Litestar(handlers, middleware=middleware, logging_config=None, **(app or {}))
        self._clients = []

    def client(self, *, cookies=None):
        """A browser, and the only one: each brings the application up and down."""
        client = TestClient(
            self.app, raise_server_exceptions=False, session_config=self.config, cookies=cookies
        )
        self._clients.append(client)
        return client.__enter__()

    def close(self):
        for client in self._clients:
            client.__exit__(None, None, None)
        self.rows.close()
        asyncio.run(self.store.close())


@get("/")
async def show(request: Request) -> dict[str, Any]:
    return request.session


@get("/id")
async def show_id(request: Request) -> dict[str, Any]:
    return {"id": request.get_session_id()}


@get("/idle")
async def idle() -> None:
    return None


@post("/count")
async def count(request: Request) -> dict[str, Any]:
    request.session["n"] = request.session.get("n", 0) + 1
    return request.session


@post("/in")
async def sign_in(request: Request) -> None:
    request.session["user"] = {"id": 7}


@delete("/")
async def sign_out(request: Request) -> None:
    request.clear_session()


BASIC = (show, show_id, idle, count, sign_in, sign_out)
