"""The page about Starlette says what is true."""

import inspect
import json
from base64 import b64encode

import pytest
from itsdangerous import TimestampSigner
from starlette.middleware.sessions import SessionMiddleware as StarlettesOwn
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.websockets import WebSocket

from connect_sqlite.asgi import Session

from .pages import DOCS, blocks, run
from .starlette_client import TestClient

LINES, TYPED, LISTING, OLD_COOKIES = blocks("starlette")
SECRET = "a secret for tests, 32 bytes or more"


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_SECRET", SECRET)
    monkeypatch.setenv("OLD_SECRET_KEY", "old")


async def count(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JSONResponse(request.session)


def test_the_lines_to_paste_are_enough():
    """The page's first block gives an application sessions that are kept."""
    app = run(LINES)["app"]
    app.routes.append(Route("/", count))
    with TestClient(app) as browser, TestClient(app) as other:
        assert [{"visits": 1}, {"visits": 2}] == [browser.get("/").json() for _ in range(2)]
        assert {"visits": 1} == other.get("/").json()


def test_the_typed_function_serves_requests_and_websockets():
    """What it returns is a Session; the page's sign-out ends it."""
    app, page = run(LINES)["app"], run(TYPED)

    async def socket(websocket: WebSocket):
        await websocket.accept()
        await websocket.send_json(page["session_of"](websocket).get("visits"))
        await websocket.close()

    app.routes.append(Route("/", count))
    app.routes.append(Route("/sign-out", page["sign_out"], methods=["POST"]))
    app.router.add_websocket_route("/socket", socket)
    with TestClient(app) as browser:
        browser.get("/")
        with browser.websocket_connect("/socket") as connected:
            assert 1 == connected.receive_json()
        assert Session is page["session_of"].__annotations__["return"]
        assert {"visits": 1} == browser.post("/sign-out").json()


def test_a_user_ends_all_others():
    """The block about the list ends the user's other sessions, and nobody else's."""
    app = run(LISTING)["app"]
    with TestClient(app) as browser:
        browsers = [browser, TestClient(app), TestClient(app)]
        for each, user in zip(browsers, (1, 1, 2), strict=True):
            each.post("/sign-in", json={"id": user})
        assert [{"ended": n} for n in (1, 0)] == [
            browser.post("/end-all-others").json() for _ in range(2)
        ]


def test_old_cookies_are_taken_over_once():
    """What Starlette's cookie held is in the new session, and the old cookie is deleted."""
    app = run(OLD_COOKIES)["app"]
    app.routes.append(Route("/", count))
    data = b64encode(json.dumps({"visits": 41}).encode())
    signed, forged = TimestampSigner("old").sign(data), TimestampSigner("other").sign(data)
    with TestClient(app) as browser:
        browser.cookies.set("session", signed.decode(), "testserver.local", "/")
        assert [{"visits": 42}, {"visits": 43}] == [browser.get("/").json() for _ in range(2)]
        assert ["connect.sid"] == [cookie.name for cookie in browser.cookies.jar]
        for wrong in (forged.decode(), "nothing"):
            other = TestClient(app, cookies={"session": wrong})
            assert {"visits": 1} == other.get("/").json()


def test_old_cookies_are_starlettes():
    """What the page reads is what Starlette's own middleware writes."""
    theirs = run(LINES.replace("connect_sqlite.asgi", "starlette.middleware.sessions").replace(
        'store="sessions.db", secret', "secret_key"
    ))["app"]  # fmt: skip
    ours = run(OLD_COOKIES.replace('os.environ["OLD_SECRET_KEY"]', "secret"))["app"]
    for app in (theirs, ours):
        app.routes.append(Route("/", count))
    with TestClient(theirs) as before, TestClient(ours) as after:
        assert {"visits": 1} == before.get("/").json()
        after.cookies = before.cookies
        assert {"visits": 2} == after.get("/").json()


def test_every_option_of_starlettes_is_listed():
    """No option of Starlette's own middleware is without its name here."""
    page = (DOCS / "starlette.md").read_text()
    options = list(inspect.signature(StarlettesOwn).parameters)[1:]
    assert len(options) > 5
    assert [] == [
        each for each in options if f"| `{each}`" not in page and f", `{each}`" not in page
    ]
