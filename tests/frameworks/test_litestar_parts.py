"""Sessions under what Litestar builds on them: sockets, sign-ins, flashes, its test client."""

import os
import subprocess
import sys
import time
from typing import Any

import pytest
from litestar import Litestar, Request, WebSocket, get, post, websocket
from litestar.enums import ScopeType
from litestar.exceptions import WebSocketDisconnect
from litestar.middleware.session.server_side import ServerSideSessionBackend
from litestar.plugins.flash import FlashConfig, FlashPlugin, flash
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from litestar.security.session_auth import SessionAuth
from litestar.template import TemplateConfig
from litestar.testing import TestClient

from connect_sqlite.asgi import SESSION_ENDED

from .litestar_site import BASIC, SECRET, sign_out


@websocket("/socket")
async def socket(socket: WebSocket) -> None:
    await socket.accept()
    async for word in socket.iter_json():
        if word == "show":
            await socket.send_json({"session": socket.session})
        elif word == "save":
            socket.session["saved"] = True
            await socket.session.save()
            await socket.send_json({})


def test_a_websocket_reads_the_session_and_saves_it(litestar_site):
    """`socket.session` is the visitor's, saved by `save()`; what others changed meanwhile stays."""
    client = litestar_site(*BASIC, socket).client()
    client.post("/count")
    with client.websocket_connect("/socket") as open_socket:
        open_socket.send_json("show")
        assert {"session": {"n": 1}} == open_socket.receive_json()
        client.post("/count")
        open_socket.send_json("save")
        open_socket.receive_json()
    assert {"n": 2, "saved": True} == client.get("/").json()


def when_it_has(client, key):
    """The session, once this is in it: a closed socket's handler ends in a thread of its own."""
    deadline = time.monotonic() + 30
    while key not in (session := client.get("/").json()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return session


def test_what_a_websocket_changed_is_saved_at_its_end(litestar_site):
    """A handler that says nothing has its changes saved as it ends."""

    @websocket("/last")
    async def last(socket: WebSocket) -> None:
        await socket.accept()
        socket.session["last"] = await socket.receive_text()
        await socket.close()

    client = litestar_site(*BASIC, last).client()
    client.post("/count")
    with client.websocket_connect("/last") as open_socket:
        open_socket.send_text("word")
    assert {"n": 1, "last": "word"} == when_it_has(client, "last")


def test_a_websocket_may_replace_the_session(litestar_site):
    """`set_session` counts at the end of a WebSocket too, though nothing is sent any more."""

    @websocket("/replaced")
    async def replaced(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()
        socket.set_session({"replaced": True})

    client = litestar_site(*BASIC, replaced).client()
    client.post("/count")
    with client.websocket_connect("/replaced"):
        pass
    assert {"replaced": True} == when_it_has(client, "replaced")


def test_websockets_may_be_left_without(litestar_site):
    """With `scopes` of HTTP only, a WebSocket has no session."""

    @websocket("/installed")
    async def installed(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json("session" in socket.scope)
        await socket.close()

    for scopes, expected in ((None, True), ({ScopeType.HTTP}, False)):
        client = litestar_site(installed, scopes=scopes).client()
        with client.websocket_connect("/installed") as open_socket:
            assert expected == open_socket.receive_json()


def test_a_websocket_ends_with_its_session(litestar_site):
    """Signing out elsewhere closes the socket, with the documented code."""
    client = litestar_site(*BASIC, socket).client()
    client.post("/count")
    with client.websocket_connect("/socket") as open_socket:
        open_socket.send_json("show")
        open_socket.receive_json()
        client.delete("/")
        with pytest.raises(WebSocketDisconnect) as error:
            open_socket.receive_json(timeout=5)
    assert SESSION_ENDED == error.value.code


def test_a_websocket_that_is_refused_changes_nothing(litestar_site):
    """One that is closed before it is accepted reads its session without an error (case 20)."""

    @websocket("/refused")
    async def refused(socket: WebSocket) -> None:
        socket.session["lost"] = socket.session["n"]
        await socket.close()

    client = litestar_site(*BASIC, refused).client()
    client.post("/count")
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/refused"):
        pass
    assert 1 == client.get("/").json()["n"]


@post("/login")
async def login(request: Request) -> None:
    request.set_session({"user": 7})


@get("/me")
async def me(request: Request) -> dict[str, Any]:
    return {"user": request.user}


@post("/forget")
async def forget(request: Request) -> None:
    request.session["user"] = 8


def test_session_auth_works_on_it(litestar_site):
    """Litestar's `SessionAuth` knows who is signed in, and ends the session of nobody."""

    async def user(session: dict[str, Any], _: Any) -> Any:
        return session["user"] if session["user"] == 7 else None

    site = litestar_site(*BASIC)
    auth = SessionAuth[Any, ServerSideSessionBackend](
        retrieve_user_handler=user, session_backend_config=site.config, exclude=["/login"]
    )
    app = Litestar([login, me, forget, sign_out], on_app_init=[auth.on_app_init])
    with TestClient(app) as client:
        assert 401 == client.get("/me").status_code
        client.post("/login")
        assert {"user": 7} == client.get("/me").json()
        client.post("/forget")
        assert 1 == site.rows.length()
        assert 401 == client.get("/me").status_code
        assert 0 == site.rows.length()
        client.post("/login")
        client.delete("/")
        assert 401 == client.get("/me").status_code
    assert "connect.sid" in str(app.openapi_schema.to_schema())


def test_the_flash_plugin_works_on_it(litestar_site, tmp_path):
    """Litestar's flashes survive a redirect, and each is shown once."""
    (tmp_path / "page.html").write_text("{% for f in get_flashes() %}{{ f.message }}{% endfor %}")
    templates = TemplateConfig(directory=tmp_path, engine=JinjaTemplateEngine)

    @post("/save")
    async def save(request: Request) -> Redirect:
        flash(request, "Saved.", category="info")
        return Redirect("/page")

    @get("/page")
    async def page() -> Template:
        return Template("page.html")

    options = {
        "plugins": [FlashPlugin(FlashConfig(template_config=templates))],
        "template_config": templates,
    }
    client = litestar_site(save, page, app=options).client()
    assert "Saved." == client.post("/save").text
    assert "" == client.get("/page").text


def test_the_test_client_sets_and_gets_the_session(litestar_site):
    """`set_session_data` and `get_session_data` work, with a session and without."""
    site = litestar_site(*BASIC)
    client = site.client()
    assert {} == client.get_session_data()
    client.set_session_data({"a": [1]})
    assert {"a": [1]} == client.get("/").json()
    client.post("/count")
    assert {"a": [1], "n": 1} == client.get_session_data()
    client.set_session_data({"b": 2})
    assert {"b": 2} == client.get("/").json()
    assert 1 == site.rows.length()


PROGRAM = """
from litestar import Litestar, post, Request

from connect_sqlite.litestar import SessionConfig

config = SessionConfig("sessions.db", secret={secret!r})
app = Litestar(middleware=[config.middleware])
"""


def test_the_command_line_deletes_and_clears_sessions(litestar_site, tmp_path):
    """`litestar sessions delete ID` ends that session, and `litestar sessions clear` all."""
    site = litestar_site(*BASIC)
    (tmp_path / "program.py").write_text(PROGRAM.format(secret=SECRET))
    sids = ["first", "second", "third"]
    for sid in sids:
        # The command asks the time of day.
        site.rows.set(sid, {"cookie": {"expires": "2999-01-01T00:00:00Z"}})
    python_path = os.pathsep.join(filter(None, sys.path))
    env = os.environ | {"LITESTAR_APP": "program:app", "PYTHONPATH": python_path}

    def litestar(*words):
        command = [sys.executable, "-m", "litestar", "sessions", *words]
        subprocess.run(command, cwd=tmp_path, env=env, input=b"y\n", check=True, timeout=60)

    litestar("delete", "second")
    assert ["first", "third"] == site.rows.ids()
    litestar("clear")
    assert [] == site.rows.ids()


def test_the_backend_reads_and_writes_a_session_by_its_id(litestar_site):
    """What Litestar's backend gets and sets by an id, with the config's store, is that session."""
    site = litestar_site(*BASIC)
    client = site.client()
    client.post("/count")
    backend = site.config.middleware.kwargs["backend"]
    store = site.config.get_store_from_app(site.app)
    (sid,) = site.rows.ids()
    call = client.blocking_portal.call
    assert b'{"n":1}' == call(backend.get, sid, store)
    call(backend.set, sid, b'{"n":7}', store)
    assert {"n": 7} == client.get("/").json()
    call(backend.delete, sid, store)
    assert {} == client.get("/").json()
