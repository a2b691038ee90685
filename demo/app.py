"""The application put together: one store, the session middleware, and what lies around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import Lifespan

from connect_sqlite import AsyncSQLiteStore
from connect_sqlite.asgi import SessionMiddleware

from . import errors, figures, guard, pages
from .devices import Devices

HERE = Path(__file__).parent
LIFETIME = timedelta(days=1)


def build(database: Path, secret: str) -> FastAPI:
    """The demo on one database file."""
    # The index lets the app find all sessions of a person: the path leads to session["user"]["id"].
    store = AsyncSQLiteStore(database, ttl=LIFETIME.total_seconds(), indexes=("user.id",))

    site = bare_app()
    site.add_middleware(
        SessionMiddleware,
        store=store,
        secret=secret,
        name="connect-sqlite-demo",  # cookies do not know ports: other apps here have theirs
        owner="user.id",  # who signs in, or out, gets a new id by itself
        touch_interval=timedelta(minutes=1),  # so exact is "last seen"; the default is coarser
    )
    site.state.devices = Devices(store, LIFETIME)
    site.include_router(pages.router)
    errors.install(site)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with store:
            yield

    # The figures reload by themselves.  Outside the middleware that is nobody's activity, so an
    # open window keeps no session alive, and it costs no read.
    app = bare_app(lifespan)
    app.state.store = store
    app.middleware("http")(guard.protect)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.include_router(figures.router)
    app.mount("/", site)
    return app


def bare_app(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """FastAPI without its own pages, which load scripts from elsewhere."""
    return FastAPI(openapi_url=None, lifespan=lifespan)
