"""The pages about Flask and Quart say what is true."""

import asyncio
import re
from pathlib import Path

import flask
import pytest
import quart

import connect_sqlite.flask
import connect_sqlite.quart

from .flask_like_site import SECRET, count

DOCS = Path(__file__).parent.parent.parent / "docs"


def run_block(page, number):
    """Run a python block of the page; returns its names."""
    text = (DOCS / page).read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    names = {"__name__": "pasted"}
    exec(blocks[number], names)
    return names


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("FLASK_SECRET_KEY", SECRET)
    monkeypatch.setenv("QUART_SECRET_KEY", SECRET)


def test_the_lines_to_paste_into_flask_are_enough():
    """The page's first block gives an application sessions that are kept."""
    app = run_block("flask.md", 0)["app"]
    app.add_url_rule("/", "count", lambda: count(flask.session))
    client = app.test_client()
    assert ["1", "2"] == [client.get("/").text for _ in range(2)]
    app.session_interface.close()


def test_the_lines_to_paste_into_quart_are_enough():
    """So does the other page's first block."""
    app = run_block("quart.md", 0)["app"]
    app.add_url_rule("/", "count", lambda: count(quart.session))

    async def visit():
        client = app.test_client()
        texts = [await (await client.get("/")).get_data(as_text=True) for _ in range(2)]
        await app.session_interface.close()
        return texts

    assert ["1", "2"] == asyncio.run(visit())


def test_the_sessions_of_a_user_are_listed_and_ended():
    """The block that lists a user's sessions and ends the others does that."""
    names = run_block("flask.md", 1)
    app, store = names["app"], names["store"]

    @app.get("/sign-in")
    def sign_in():
        flask.session["user"] = {"id": 7}
        return ""

    here, elsewhere = app.test_client(), app.test_client()
    here.get("/sign-in")
    elsewhere.get("/sign-in")
    assert 2 == len(here.get("/sessions").json)
    assert 204 == here.post("/sign-out-everywhere-else").status_code
    assert 1 == len(here.get("/sessions").json)
    store.close()


def test_a_socket_can_ask_whether_its_session_has_ended():
    """The block with a WebSocket closes it once the session is gone."""
    names = run_block("quart.md", 1)
    app = names["app"]

    @app.get("/sign-in")
    async def sign_in():
        quart.session["user"] = "Mira"
        return ""

    async def talk():
        client = app.test_client()
        await client.get("/sign-in")
        heard = []
        async with client.websocket("/talk") as socket:
            await socket.send("hello")
            heard.append(await socket.receive())
            await app.session_interface.store.clear()
            await socket.send("still there?")
            await asyncio.wait([socket._task])
            while not socket._receive_queue.empty():
                heard.append(type(socket._receive_queue.get_nowait()).__name__)
        await app.session_interface.close()
        return heard

    first, *closed = asyncio.run(talk())
    assert "Mira: hello" == first
    assert closed in ([], ["WebsocketDisconnectError"])  # not in later releases of Quart


def test_every_option_that_is_named_exists():
    """What the page calls an option is one, whose value is checked."""
    page = (DOCS / "flask.md").read_text()
    (listed,) = re.findall(r"no settings of Flask's: (.*?) and the others", page, re.DOTALL)
    for option in re.findall(r"`(\w+)`", listed):
        with pytest.raises((TypeError, ValueError)) as error:
            connect_sqlite.flask.SessionInterface("sessions.db", **{option: object()})
        assert "unexpected keyword" not in str(error.value)


@pytest.mark.parametrize("door", [connect_sqlite.flask, connect_sqlite.quart])
def test_the_doors_offer_the_same(door):
    """Both have the same public names."""
    assert connect_sqlite.flask.__all__ == door.__all__
