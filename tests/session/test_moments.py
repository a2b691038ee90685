"""When a session is saved: before the first byte, after it, by hand, or not at all."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount

from .conftest import BOTH
from .site import BASIC, count, set_cookies, show


@BOTH
def test_case_9_an_http_exception_saves(site):
    """Case 9: what a handler put in before its `HTTPException` is saved, and the cookie sent."""

    def begin(request):
        request.session["state"] = "xyz"
        raise HTTPException(303, headers={"location": "/callback"})

    def refuse(request):
        count(request)
        raise HTTPException(401)

    browser = site({**BASIC, "/begin": begin, "/refuse": refuse, "/callback": show}).browser()
    response = browser.get("/begin")
    assert (303, 1) == (response.status_code, len(set_cookies(response)))
    assert {"state": "xyz"} == browser.get("/callback").json()
    for expected in (1, 2, 3):
        assert 401 == browser.get("/refuse").status_code
        assert expected == browser.get("/").json()["n"]


@pytest.mark.parametrize("outside", [True, False])
def test_case_13_an_unhandled_exception_saves_nothing(site, runner, store, outside):
    """Cases 9, 13: after an exception that nobody handled the old data are there, and at once."""

    def fail(request):
        count(request)
        request.session["user"] = 1
        raise RuntimeError("a bug")

    handlers = {**BASIC, "/fail": fail}
    if not outside:  # inside Starlette's own answer to exceptions, which this one then surrounds

        def within(app):
            return Starlette(routes=[Mount("/", app)])
    else:

        def within(app):
            return app

    browser = site(handlers, wrap=within).browser()
    browser.get("/count")
    response = browser.get("/fail")
    assert (500, []) == (response.status_code, set_cookies(response))
    assert {"n": 1} == browser.get("/").json()
    stranger = site(handlers, wrap=within).browser()
    assert [] == set_cookies(stranger.get("/fail"))
    assert 1 == runner.run(store.length())


async def _ab():
    yield "a"
    yield "b"


@BOTH
@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response(status_code=304),
        lambda: Response(status_code=204),
        lambda: RedirectResponse("/"),
        lambda: JSONResponse({}),
        lambda: StreamingResponse(_ab()),
        lambda: Response(status_code=404),
    ],
)
def test_threat_27_every_kind_of_answer_saves(site, method, answer):
    """Threat 27: HEAD, 304, redirects, streams and refusals save and send the cookie too."""

    def handler(request):
        count(request)
        return answer()

    browser = site({**BASIC, "/x": handler}).browser()
    response = browser.request(method, "/x")
    assert 1 == len(set_cookies(response))
    assert {"n": 1} == browser.get("/").json()


def test_e3_saved_before_the_first_byte(site, store):
    """E3: when the response starts, the session is in the store already."""
    seen = []

    async def app(scope, receive, send):
        scope["session"]["a"] = 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        seen.append(await store.length())
        await send({"type": "http.response.body", "body": b""})

    site(app).browser().get("/")
    assert [1] == seen


@BOTH
def test_threat_27_a_stream_that_changes_the_session(site, caplog):
    """Threat 27: what a stream changes is merged at its end, for a browser that has the session."""

    def stream(request):
        async def body():
            yield "a"
            request.session["streamed"] = True
            yield "b"

        return StreamingResponse(body())

    app = site({**BASIC, "/stream": stream})
    browser, stranger = app.browser(), app.browser()
    browser.get("/count")
    browser.get("/stream")
    assert {"n": 1, "streamed": True} == browser.get("/").json()
    assert [] == caplog.records
    stranger.get("/stream")
    assert {} == stranger.get("/").json()
    (record,) = caplog.records
    assert ("WARNING", "connect_sqlite") == (record.levelname, record.name)
    assert "the change is lost" in record.getMessage()


def test_d10_a_background_task_that_changes_the_session(site, store):
    """D10 of Ours: a task that runs after the response still saves into a known session."""

    def handler(request):
        session = request.session
        session["before"] = 1

        async def later():
            session["after"] = 1

        return JSONResponse({}, background=BackgroundTask(later))

    browser = site({**BASIC, "/x": handler}).browser()
    browser.get("/x")
    assert {"before": 1, "after": 1} == browser.get("/").json()


def test_a_stream_that_only_reads_costs_nothing_more(site, store):
    """After a response that changed nothing since its first byte, the store is left in peace."""
    browser = site(BASIC).browser()
    browser.get("/count")
    browser.get("/count")
    assert {"create": 1, "get": 1, "merge": 1} == store.calls


def test_threat_27_a_client_that_hangs_up(site, store):
    """Threat 27: a handler that ends without an answer, as on a disconnect, saves nothing new."""

    async def app(scope, receive, send):
        if scope["path"] == "/gone":
            scope["session"]["a"] = 2
            raise asyncio.CancelledError
        scope["session"]["a"] = 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    browser = site(app).browser()
    browser.get("/")
    with pytest.raises(asyncio.CancelledError):
        browser.get("/gone")
    assert {"a": 1}.items() <= browser.run(store.get(browser.sid)).items()


def test_save_acts_at_once(site, store):
    """After `await session.save()` the row is there; the cookie goes out with the response."""
    seen = []

    async def handler(request):
        request.session["a"] = 1
        await request.session.save()
        seen.append(await store.length())
        assert not request.session.is_new
        return {}

    browser = site({**BASIC, "/x": handler}).browser()
    assert 1 == len(set_cookies(browser.get("/x")))
    assert [1] == seen
    assert {"a": 1} == browser.get("/").json()
    assert {"create": 1} == {call: n for call, n in store.calls.items() if call != "get"}


def test_save_then_logout_elsewhere_sends_no_cookie(site, store):
    """A cookie is sent only for an id that lives as the response starts, not when it was saved."""

    async def handler(request):
        request.session["a"] = 1
        await request.session.save()
        await store.destroy(request.session.id)
        return {}

    assert [] == set_cookies(site({"/": handler}).browser().get("/"))


def test_save_then_fail_still_sends_the_id(site):
    """What was saved by hand stands, and its cookie goes out, though the handler then fails."""

    async def handler(request):
        request.session.rotate()
        request.session["a"] = 1
        await request.session.save()
        request.session["b"] = 2
        return Response(status_code=500)

    browser = site({**BASIC, "/x": handler}).browser()
    browser.get("/count")
    browser.get("/x")
    assert {"n": 1, "a": 1} == browser.get("/").json()


def test_save_of_a_destroyed_session(site, store):
    """`destroy()` and `save()` end the row at once; the response deletes the cookie."""
    seen = []

    async def handler(request):
        request.session.destroy()
        await request.session.save()
        seen.append(await store.length())
        return {}

    browser = site({**BASIC, "/x": handler}).browser()
    browser.get("/count")
    browser.get("/x")
    assert ([0], None) == (seen, browser.cookie)
