"""What is Quart's own about its sessions: WebSockets, streams, its test client."""

import asyncio

import pytest
import quart

from connect_sqlite import StoreBusy
from connect_sqlite.quart import Session, SessionInterface

from .flask_like_site import SECRET, QuartSite, count, nothing, show


@pytest.fixture
def site(tmp_path):
    """Builds a site of these views in Quart; it is closed in the end."""
    sites = []

    def build(views, **options):
        sites.append(QuartSite(tmp_path / "sessions.db", views, **options))
        return sites[-1]

    yield build
    for each in sites:
        each.close()


@pytest.fixture
def sockets(site):
    """Builds a site whose WebSockets, at `/socket`, are served by this function."""

    def build(serve, views=None, **options):
        def prepare(app):
            app.add_websocket("/socket", "socket", serve)

        views = {"/": count, "/show": show} | (views or {})
        return site(views, prepare=prepare, **options)

    return build


async def talk(visit, *, between=None):
    """Open the socket with this browser's cookie, hear one message, and see it close."""
    async with visit.client.websocket("/socket") as socket:
        heard = await socket.receive()
        if between is not None:
            await between()
        await socket.send("done")
        await asyncio.wait([socket._task])  # else Quart's client hangs up before the handler ends
        while not socket._receive_queue.empty():
            socket._receive_queue.get_nowait()
        return heard


def test_the_test_client_opens_and_saves_a_session(site):
    """`session_transaction()` changes a session without a view, and sees what views change."""
    pages = site({"/": count})
    visit = pages.browser()

    async def change():
        async with visit.client.session_transaction() as session:
            assert isinstance(session, Session)
            session["visits"] = 41

    pages.run(change())
    assert "42" == visit("/").text
    assert 42 == pages.row()["visits"]


def test_a_socket_sees_the_session_and_disturbs_nothing(sockets):
    """A WebSocket reads the session, and what HTTP requests changed while it was open is still
    there after it closes (case 20)."""

    async def serve():
        await quart.websocket.send(str(quart.session["visits"]))
        await quart.websocket.receive()

    pages = sockets(serve)
    visit = pages.browser()
    visit("/")

    async def meanwhile():
        await visit.client.get("/")

    assert "1" == pages.run(talk(visit, between=meanwhile))
    assert {"visits": 2} == visit("/show").json


def test_a_socket_that_is_refused_has_a_session_too(sockets):
    """A handler that reads the session and refuses before it accepts meets no error (case 20)."""

    async def serve():
        return f"for {quart.session['visits']}", 403

    pages = sockets(serve)
    visit = pages.browser()
    visit("/")

    async def knock():
        async with visit.client.websocket("/socket") as socket:
            await socket.receive()

    with pytest.raises(quart.testing.WebsocketResponseError) as refused:
        pages.run(knock())
    assert 403 == refused.value.response.status_code
    assert "2" == visit("/").text


def test_what_a_socket_changed_is_saved_when_it_ends(sockets):
    """It is merged into the session that the browser has, whatever others did meanwhile."""

    async def serve():
        quart.session["socket"] = True
        await quart.websocket.send("changed")
        await quart.websocket.receive()

    pages = sockets(serve)
    visit = pages.browser()
    visit("/")

    async def meanwhile():
        await visit.client.get("/")

    pages.run(talk(visit, between=meanwhile))
    assert {"visits": 2, "socket": True} == visit("/show").json


def test_a_socket_can_save_while_it_is_open(sockets):
    """After `await session.save()` an HTTP request sees what it changed (case 10)."""

    async def serve():
        quart.session["socket"] = True
        await quart.session.save()
        await quart.websocket.send("saved")
        await quart.websocket.receive()

    pages = sockets(serve)
    visit = pages.browser()
    visit("/")
    seen = []

    async def meanwhile():
        answer = await visit.client.get("/show")
        seen.append(await answer.get_json())

    pages.run(talk(visit, between=meanwhile))
    assert [{"visits": 1, "socket": True}] == seen


def test_a_strangers_socket_makes_no_session(sockets, caplog):
    """Its browser could not be told the id: what it changes is dropped, and the log says so."""

    async def serve():
        quart.session["socket"] = True
        await quart.session.save()
        await quart.websocket.send("changed")
        await quart.websocket.receive()

    pages = sockets(serve)
    pages.run(talk(pages.browser()))
    assert 0 == pages.rows.length()
    assert "could no longer be told the id" in caplog.text


def test_a_socket_that_ends_the_session_ends_it(sockets):
    """`session.clear()` in a socket deletes the row."""

    async def serve():
        quart.session.clear()
        await quart.websocket.send("cleared")
        await quart.websocket.receive()

    pages = sockets(serve)
    visit = pages.browser()
    visit("/")
    pages.run(talk(visit))
    assert 0 == pages.rows.length()


def test_a_socket_meets_a_store_that_fails(sockets):
    """Its handler gets the error when it asks for the session, and no stranger's."""
    met = []

    async def serve():
        try:
            quart.session.get("visits")
        except Exception as error:
            met.append(type(error).__name__)
            raise

    pages = sockets(serve)
    visit = pages.browser()
    visit("/")
    pages.store.failures["get"] = StoreBusy("busy")

    async def knock():
        async with visit.client.websocket("/socket") as socket:
            await socket.receive()

    with pytest.raises(quart.testing.WebsocketResponseError) as refused:
        pages.run(knock())
    assert ([503], ["ServiceUnavailable"]) == ([refused.value.response.status_code], met)


def streaming(chunks):
    """A view that streams what this function gives."""

    async def answer(session):
        session["begun"] = True
        return quart.stream_with_context(chunks)()

    return answer


def test_what_a_stream_changes_is_merged(site):
    """A stream that goes on changing the session has that saved as it ends, in a session that the
    browser already has."""

    async def chunks():
        yield "a"
        quart.session["streamed"] = True
        yield "b"

    pages = site({"/": count, "/stream": streaming(chunks), "/show": show})
    visit = pages.browser()
    visit("/")
    assert "ab" == visit("/stream").text
    assert {"visits": 1, "begun": True, "streamed": True} == visit("/show").json


def test_what_a_stream_changed_before_it_failed_is_dropped(site):
    """As with any exception."""

    async def chunks():
        yield "a"
        quart.session["streamed"] = True
        raise RuntimeError("no more")

    pages = site({"/": count, "/stream": streaming(chunks), "/show": show})
    visit = pages.browser()
    visit("/")
    with pytest.raises(RuntimeError, match="no more"):
        visit("/stream")
    assert {"visits": 1, "begun": True} == visit("/show").json


def test_cookies_that_are_split_over_fields_are_found(site):
    """HTTP/2 may send each cookie in a field of its own."""
    pages = site({"/": count})
    value = pages.browser()("/").cookie()[0]
    fields = [("Cookie", "a=b"), ("Cookie", f"session={value}")]
    visit = pages.browser(use_cookies=False)
    headers = quart.datastructures.Headers(fields)
    assert "2" == visit("/", headers=headers).text


def test_what_after_request_changes_is_saved(site):
    """Functions of `after_request` may change the session too."""

    def prepare(app):
        @app.after_request
        async def change(response):
            quart.session["after"] = True
            return response

    pages = site({"/": count, "/plain": nothing}, prepare=prepare)
    pages.browser()("/")
    assert pages.row()["after"]


def test_sync_views_have_the_session_too(site):
    """A view without `async`, which Quart runs in a thread, may change it."""

    def prepare(app):
        app.add_url_rule("/sync", "sync", lambda: count(quart.session))

    pages = site({"/": count}, prepare=prepare)
    visit = pages.browser()
    assert ["1", "2", "3"] == [visit(path).text for path in ("/", "/sync", "/")]


def test_one_event_loop_after_another_is_served(tmp_path):
    """An application with a store of its own works in `asyncio.run` again and again."""
    app = quart.Quart("again")
    app.session_interface = SessionInterface(tmp_path / "sessions.db")
    app.secret_key = SECRET
    app.add_url_rule("/", "count", lambda: count(quart.session))
    client = app.test_client()

    async def visit():
        return await (await client.get("/")).get_data(as_text=True)

    assert ["1", "2"] == [asyncio.run(visit()), asyncio.run(visit())]
    asyncio.run(app.session_interface.close())
