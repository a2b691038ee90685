"""Beside an app that keeps its sessions as Sails does: the preset, and a `Cookie` header alone."""

import asyncio
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore
from connect_sqlite import asgi as over_asgi
from connect_sqlite import wsgi as over_wsgi
from connect_sqlite.sails import SAILS
from needs import node_dir

from .conftest import PATIENCE

SECRET = "a secret for tests, 32 bytes or more"
PATHS = ["/", "/a.png", "/a.b/c", "/.env", "/x.", "/a%2Eb", "/x.y%2Fz", "/a.b/", "/..a", "/.a.b"]
PATHS += ["/a/b.c.d", "/a?x=b.c", "/a.b?c", "/a;b=1.2", "/%C3%A9.x", "/a..b", "/a."]


@pytest.fixture
def sails(path):
    """A browser on the app."""
    environment = {"NODE_PATH": str(node_dir() / "node_modules"), "DATABASE": path}
    app = subprocess.Popen(
        ["node", str(Path(__file__).with_name("sails.js"))],
        env={**os.environ, **environment, "SECRET": SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        port = app.stdout.readline().strip()
        assert port, "node has ended; its words are above"
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as browser:
            yield browser
    finally:
        app.kill()
        app.wait()
        app.stdout.close()


@pytest.fixture
def runner():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=["asgi", "wsgi"])
def read(request, sails, path, runner):
    """What a middleware with the preset reads from a header, async or not."""
    if request.param == "wsgi":
        with SQLiteStore(path) as store:
            yield over_wsgi.SessionMiddleware(page, store=store, secret=SECRET, **SAILS).read
    else:
        store = runner.run(opened(path))
        app = over_asgi.SessionMiddleware(page, store=store, secret=SECRET, **SAILS)
        yield lambda header: runner.run(app.read(header))
        runner.run(store.close())


async def opened(path):
    return AsyncSQLiteStore(path)


async def page(scope, receive, send):
    """Says whether there is a session, and the user."""
    session = scope.get("session")
    body = b"none" if session is None else str(session.get("user")).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def header(browser, name="sails.sid"):
    return f"{name}={browser.cookies['sails.sid']}"


def test_a_session_is_read_from_a_cookie_header(sails, read):
    """The header of a handshake names the session that Express made, as text and as bytes."""
    made = sails.get("/", params={"set": "Mira"}).json()
    for given in (header(sails), f"theme=dark; {header(sails)}; lang=en", header(sails).encode()):
        found = read(given)
        assert made["id"] == found.id
        assert {"name": "Mira"} == found["user"]


def test_a_header_that_proves_nothing_reads_nothing(sails, read):
    """No cookie, another name, a wrong signature, an id alone: no session, and no error."""
    sid = sails.get("/", params={"set": "Mira"}).json()["id"]
    forged = header(sails)[:-1] + "!"
    for given in (
        None,
        "",
        b"",
        "\udc80é€=",
        "sails.sid",
        header(sails, "connect.sid"),
        forged,
        f"sails.sid={sid}",
    ):
        assert read(given) is None


def test_reading_changes_nothing(sails, read, path):
    """The row is as it was, its end too, and a session that is gone is not made again."""
    sid = sails.get("/", params={"set": "Mira"}).json()["id"]
    with SQLiteStore(path) as store:
        before = store.get(sid)
        assert read(header(sails)) == before
        after = store.get(sid)
        assert (before, before.expires_ms) == (after, after.expires_ms)
        store.destroy(sid)
        assert read(header(sails)) is None
        assert 0 == store.length()


def test_the_preset_meets_the_cookie_and_the_rule(sails, path, runner):
    """Both give a session to the same requests, and it is the same one."""
    sails.get("/", params={"set": "Mira"})

    async def compare():
        async with AsyncSQLiteStore(path) as store:
            app = over_asgi.SessionMiddleware(page, store=store, secret=SECRET, **SAILS)
            cookies = dict(sails.cookies)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", cookies=cookies
            ) as python:
                return {each: (sails.get(each).json(), await python.get(each)) for each in PATHS}

    answers = runner.run(compare())
    user = "{'name': 'Mira'}"
    expected = {each: "none" if there is None else user for each, (there, _) in answers.items()}
    assert expected == {each: here.text for each, (_, here) in answers.items()}
    assert {"none", user} == {*expected.values()}
