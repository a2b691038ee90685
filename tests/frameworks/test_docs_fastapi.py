"""The page about FastAPI says what is true."""

import pytest
from fastapi import Request, WebSocket

from .pages import blocks, run
from .starlette_client import TestClient

LINES, DEPENDENCIES = blocks("fastapi")
MIRA = {"id": 1, "name": "Mira"}


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_SECRET", "a secret for tests, 32 bytes or more")


def test_the_lines_to_paste_are_enough():
    """The page's first block gives an application sessions that are kept."""
    app = run(LINES)["app"]

    @app.get("/")
    async def count(request: Request) -> int:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return request.session["visits"]

    with TestClient(app) as browser, TestClient(app) as other:
        assert [1, 2] == [browser.get("/").json() for _ in range(2)]
        assert 1 == other.get("/").json()


def test_dependencies_know_who_is_signed_in():
    """Strangers get 401, whoever signs in is known, under a new id, until the sign-out."""
    with TestClient(run(DEPENDENCIES)["app"]) as browser:
        assert 401 == browser.get("/account").status_code
        assert MIRA == browser.post("/sign-in", json=MIRA).json()
        first = browser.cookies["connect.sid"]
        assert MIRA == browser.get("/account").json()
        browser.post("/sign-in", json={**MIRA, "id": 2})
        assert first != browser.cookies["connect.sid"]
        assert 204 == browser.post("/sign-out").status_code
        assert 401 == browser.get("/account").status_code


def test_a_user_of_another_shape_signs_in_anew():
    """What an older release stored, and the model refuses, is nobody, and no error."""
    page = run(DEPENDENCIES)
    visitor = page["Visitor"]

    def store_what_was(session: visitor) -> None:
        session["user"] = {"id": "mira@example.com"}

    page["app"].post("/older")(store_what_was)
    with TestClient(page["app"]) as browser:
        browser.post("/older")
        assert 401 == browser.get("/account").status_code


def test_the_dependency_serves_websockets():
    """A WebSocket's session comes by the same dependency."""
    page = run(DEPENDENCIES)
    app, visitor = page["app"], page["Visitor"]

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, session: visitor):
        await websocket.accept()
        await websocket.send_json(session["user"])
        await websocket.close()

    with TestClient(app) as browser:
        browser.post("/sign-in", json=MIRA)
        with browser.websocket_connect("/socket") as connected:
            assert MIRA == connected.receive_json()


def test_a_plain_function_may_use_the_session():
    """A `def` handler, in a thread, changes the session as one that is awaited does."""
    page = run(DEPENDENCIES)
    visitor = page["Visitor"]

    def note(session: visitor) -> list:
        session.setdefault("notes", []).append("one more")
        return session["notes"]

    page["app"].post("/notes")(note)
    with TestClient(page["app"]) as browser:
        assert [1, 2] == [len(browser.post("/notes").json()) for _ in range(2)]


def test_a_dependency_can_be_overridden():
    """A test signs somebody in without a session."""
    page = run(DEPENDENCIES)
    page["app"].dependency_overrides[page["user_of"]] = lambda: page["User"](**MIRA)
    with TestClient(page["app"]) as browser:
        assert MIRA == browser.get("/account").json()
