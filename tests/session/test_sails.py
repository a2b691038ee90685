"""The preset for a service beside a Sails app."""

import httpx
import pytest

from connect_sqlite import SQLiteStore
from connect_sqlite.asgi import SessionMiddleware
from connect_sqlite.sails import SAILS, looks_like_asset
from connect_sqlite.wsgi import KEY
from connect_sqlite.wsgi import SessionMiddleware as WSGISessionMiddleware

from .conftest import SECRET

ASSETS = ["/logo.png", "/css/site.min.css", "/a.b", "/.a.b", "/a..b", "/x;v=1.2", "/é.x"]
PAGES = ["/", "", "/login", "/v1.2/users", "/.env", "/dot.", "/..", "/a/", "/a.b/", "*", "a.b"]
KINDS = pytest.mark.parametrize(
    ("path", "is_asset"), [(path, True) for path in ASSETS] + [(path, False) for path in PAGES]
)


@KINDS
def test_what_looks_like_an_asset(path, is_asset):
    """A path whose last part has a dot inside is a file's, to ASGI and WSGI alike."""
    assert is_asset == looks_like_asset({"path": path})
    assert is_asset == looks_like_asset({"path": path, "raw_path": path.encode()})
    assert is_asset == looks_like_asset({"PATH_INFO": path.encode().decode("latin-1")})


def test_what_was_escaped_is_no_dot_and_no_slash():
    """Where the server tells the path as it was sent, that counts, as with Sails."""
    assert not looks_like_asset({"path": "/a.b", "raw_path": b"/a%2Eb"})
    assert looks_like_asset({"path": "/x.y/z", "raw_path": b"/x.y%2Fz"})


def test_a_query_makes_no_asset():
    """What stands after the question mark is no part of the path."""
    assert not looks_like_asset({"path": "/a", "raw_path": b"/a?file=b.c"})
    assert looks_like_asset({"path": "/a.b", "raw_path": b"/a.b?v=1"})


def test_the_preset_with_asgi(runner):
    """Given with `**`, the cookie has the name that Sails gives it, and assets have no session."""

    async def page(scope, receive, send):
        if "session" in scope:
            scope["session"]["n"] = 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"session" * ("session" in scope)})

    app = SessionMiddleware(page, store=":memory:", secret=SECRET, **SAILS)

    async def visit(path):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            response = await browser.get(path)
            return response.text, [*response.cookies]

    assert ("session", ["sails.sid"]) == runner.run(visit("/v1.2/users"))
    assert ("", []) == runner.run(visit("/v1.2/logo.png"))
    runner.run(app.store.close())


def test_the_preset_with_wsgi():
    """The same under WSGI."""

    def page(environ, start_response):
        if KEY in environ:
            environ[KEY]["n"] = 1
        start_response("200 OK", [])
        return [b"session" * (KEY in environ)]

    with SQLiteStore() as store:
        app = WSGISessionMiddleware(page, store=store, secret=SECRET, **SAILS)
        transport = httpx.WSGITransport(app)
        with httpx.Client(transport=transport, base_url="http://localhost") as browser:
            assert "session" == browser.get("/v1.2/users").text
            assert ["sails.sid"] == [*browser.cookies]
            assert "" == browser.get("/v1.2/logo.png").text
