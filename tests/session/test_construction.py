"""Building the middleware, and what it opens and closes."""

import asyncio
import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed
from connect_sqlite.asgi import CookieOptions, SessionMiddleware

from .conftest import SECRET
from .site import BASIC, count, set_cookies


async def nowhere(scope, receive, send):
    raise AssertionError


def build(**options):
    return SessionMiddleware(nowhere, **{"store": ":memory:", "secret": SECRET} | options)


@pytest.mark.parametrize("secret", [None, "", b"", [], ["x" * 40, ""]])
def test_case_23_without_a_secret_nothing_is_built(secret):
    """Case 23: no secret is an error when the app is built, and says how to make one."""
    with pytest.raises(ValueError, match=r"secrets\.token_urlsafe"):
        build(secret=secret)
    with pytest.raises(ValueError, match=r"secrets\.token_urlsafe"):
        SessionMiddleware(nowhere, store=":memory:")


def test_a_short_secret_warns_where_it_is_given():
    """A secret under 32 bytes warns, and the warning points at the line that gave it."""
    with pytest.warns(UserWarning, match="32 bytes") as caught:
        SessionMiddleware(nowhere, store=":memory:", secret="keyboard cat")
    assert __file__ == caught[0].filename


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_age": 60, "cookie": {}}, "max_age"),
        ({"cookie": {"httponly": True}}, "'httponly'.*'http_only'"),
        ({"cookies": {}}, "cookies"),
        ({"cookie": {"max_age": "60000"}}, "max_age"),
        ({"touch_interval": "60"}, "touch_interval"),
        ({"touch_interval": -1}, "touch_interval"),
        ({"name": "a b"}, "name"),
        ({"name": "__Host-x", "cookie": {"path": "/x"}}, "__Host-"),
        ({"store": None}, "store"),
        ({"store": 7}, "store"),
    ],
)
def test_case_4_a_wrong_option_is_named(options, named):
    """Case 4: an option that does not exist or does not fit is an error at once, and named."""
    with pytest.raises((TypeError, ValueError), match=named):
        build(**options)


def test_reading_may_be_written_each_time():
    """A `touch_interval` of 0 is a value: each request that reads moves the session's end."""
    assert build(touch_interval=0)


def test_a_store_that_blocks_is_refused(tmp_path):
    """A sync store would stop the event loop: the error names the async one."""
    with SQLiteStore() as store, pytest.raises(TypeError, match="AsyncSQLiteStore"):
        build(store=store)


def test_options_may_be_given_ready_made(site):
    """`CookieOptions` and a dict of its options mean the same."""
    headers = [
        set_cookies(site(BASIC, cookie=cookie).browser().get("/count"))[0].partition(";")[2]
        for cookie in ({"path": "/", "max_age": 60}, CookieOptions(path="/", max_age=60))
    ]
    assert headers[0] == headers[1]


def lifespan(app, runner, during):
    """Start the app as a server does, do something, and shut it down."""

    async def serve():
        to_app, from_app = asyncio.Queue(), asyncio.Queue()
        task = asyncio.ensure_future(app({"type": "lifespan"}, to_app.get, from_app.put))
        await to_app.put({"type": "lifespan.startup"})
        assert "lifespan.startup.complete" == (await from_app.get())["type"]
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            result = await during(client)
        await to_app.put({"type": "lifespan.shutdown"})
        assert "lifespan.shutdown.complete" == (await from_app.get())["type"]
        await task
        return result

    return runner.run(serve())


def counting_app(**options):
    app = Starlette(routes=[Route("/count", lambda request: JSONResponse(count(request)))])
    app.add_middleware(SessionMiddleware, secret=SECRET, **options)
    return app


async def count_twice(client):
    return [(await client.get("/count")).json()["n"] for _ in range(2)]


@pytest.mark.parametrize("kind", [str, lambda path: path, lambda path: f"sqlite:{path}"])
def test_a_path_is_opened_and_closed_with_the_application(runner, tmp_path, kind):
    """A store given as a path or a URL is opened here, and closed with the application."""
    file = tmp_path / "sessions.db"
    app = counting_app(store=kind(file))
    assert [1, 2] == lifespan(app, runner, count_twice)
    with SQLiteStore(file) as store:
        assert 1 == store.length()
    assert not file.with_name("sessions.db-wal").exists()


def test_an_application_that_starts_again_has_its_store_again(runner, tmp_path):
    """Test clients start and stop one application many times: its store is opened each time."""
    app = counting_app(store=tmp_path / "sessions.db")
    for _ in range(3):
        assert [1, 2] == lifespan(app, runner, count_twice)


def test_a_store_that_was_given_stays_open(runner, tmp_path):
    """A store that somebody else opened is theirs to close."""
    store = AsyncSQLiteStore(tmp_path / "sessions.db")
    lifespan(counting_app(store=store), runner, count_twice)
    assert 1 == runner.run(store.length())
    runner.run(store.close())
    with pytest.raises(StoreClosed):
        runner.run(store.length())


def test_an_application_without_lifespan_keeps_its_store(runner, tmp_path):
    """An application that knows no lifespan refuses it, and goes on with its store all the same."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await JSONResponse(scope["session"].setdefault("n", 1))(scope, receive, send)

    app = SessionMiddleware(app, store=tmp_path / "sessions.db", secret=SECRET)

    async def visit():
        with pytest.raises(NotImplementedError):
            await app({"type": "lifespan"}, None, None)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            response = await client.get("/")
        await app.store.close()
        return response.status_code

    assert 200 == runner.run(visit())


def test_other_scopes_pass(runner, store):
    """A kind of scope that is neither HTTP nor WebSocket passes untouched."""
    seen = []

    async def app(scope, receive, send):
        seen.append(dict(scope))

    middleware = SessionMiddleware(app, store=store, secret=SECRET)
    runner.run(middleware({"type": "something"}, None, None))
    runner.run(middleware({"type": "lifespan"}, None, None))
    assert [{"type": "something"}, {"type": "lifespan"}] == seen


def test_frozen_time_is_followed(site, store, monkeypatch):
    """Time is asked for at each request, so suites that freeze `time.time` freeze sessions too."""
    monkeypatch.setattr(time, "time", lambda: 0.0)
    browser = site(BASIC, clock=None, cookie={"max_age": 60}).browser()
    (header,) = set_cookies(browser.get("/count"))
    assert "Expires=Thu, 01 Jan 1970 00:01:00 GMT; Max-Age=60" in header
