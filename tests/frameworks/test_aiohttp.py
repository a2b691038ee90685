"""aiohttp-session's own ways with a session, on a store on a file."""

import asyncio
import json
from dataclasses import dataclass, field

import aiohttp_session
import pytest
from aiohttp import web
from aiohttp_session import get_session

from connect_sqlite import StoreBusy
from connect_sqlite.aiohttp import Session
from connect_sqlite.typed import typed

from .aiohttp_site import BASIC, IGNORING, show

pytestmark = IGNORING


def test_a_session_is_kept_and_shown_as_json(aiohttp_site):
    """What one request puts into the session the next one finds, and it is a real dict."""
    site = aiohttp_site(BASIC)
    browser = site.browser()
    seen = [browser.get(path).text for path in ("/", "/count", "/count", "/")]
    assert ["{}", '{"n": 1}', '{"n": 2}', '{"n": 2}'] == seen
    assert 1 == site.rows.length()


def test_it_is_aiohttp_sessions_own_kind(aiohttp_site):
    """What aiohttp-session's users ask a session for, it says."""

    async def look(request):
        session = await get_session(request)
        assert isinstance(session, aiohttp_session.Session)
        assert isinstance(session, dict)
        facts = [session.new, session.empty, session.created, session.max_age]
        session.setdefault("a", 1)
        session.changed()
        assert session is await get_session(request)
        return [*facts, session.identity]

    site = aiohttp_site({**BASIC, "/look": look})
    browser = site.browser()
    began = int(site.clock())
    assert [True, True, began, None, None] == json.loads(browser.get("/look").text)
    site.clock.advance(60)
    expected = [False, False, began, None, site.rows.ids()[0]]
    assert expected == json.loads(browser.get("/look").text)


def test_a_session_does_not_show_its_data(aiohttp_site):
    """Neither the id nor the data are in what is printed of a session."""

    async def shown(request):
        session = await get_session(request)
        return [repr(session), str(session)]

    site = aiohttp_site({**BASIC, "/shown": shown})
    browser = site.browser()
    browser.get("/in")
    text = browser.get("/shown").text
    assert "user" not in text
    assert site.rows.ids()[0] not in text


def test_a_visitor_who_did_nothing_costs_nothing(aiohttp_site):
    """A request that does not ask for its session, or finds it empty, makes no row or cookie."""
    site = aiohttp_site(BASIC)
    browser = site.browser()
    assert [] == browser.get("/idle").set_cookies + browser.get("/").set_cookies
    assert "Vary" not in browser.get("/idle").headers
    assert 0 == site.rows.length()


def test_reading_is_activity_and_not_for_shared_caches(aiohttp_site):
    """A request that reads its session moves the row's end, sends no cookie, and sets `Vary`."""
    site = aiohttp_site(BASIC)
    browser = site.browser()
    browser.get("/count")
    for seconds, moved in ((60, 0), (80_000, 80_060)):
        before = site.rows.all()[0].expires
        site.clock.advance(seconds)
        answer = browser.get("/")
        assert ("Cookie", "no-store") == (answer.headers["Vary"], answer.headers["Cache-Control"])
        assert [] == answer.set_cookies
        assert moved == (site.rows.all()[0].expires - before).total_seconds()


def test_what_the_handler_said_to_caches_stays(aiohttp_site):
    """`Vary` and `Cache-Control` of the handler are kept, each once."""

    async def said(request):
        await show(request)
        headers = {"Vary": "Accept", "Cache-Control": "private, max-age=5", "X-Own": "1"}
        (await get_session(request))["n"] = 1
        return web.Response(headers=headers)

    answer = aiohttp_site({"/said": said}).browser().get("/said")
    assert ["Accept, Cookie"] == answer.headers.getall("Vary")
    assert ["private, max-age=5"] == answer.headers.getall("Cache-Control")
    assert "1" == answer.headers["X-Own"]


def test_a_nested_change_is_seen(aiohttp_site):
    """A change deep in the data is saved, without `changed()`."""

    async def add(request):
        session = await get_session(request)
        session.setdefault("cart", {}).setdefault("items", []).append("tea")
        return {}

    async def add_below(request):
        session = await get_session(request)
        session._mapping["cart"]["items"].append("tea")
        return {}

    browser = aiohttp_site({**BASIC, "/add": add, "/below": add_below}).browser()
    for path in ("/add", "/add", "/below"):
        browser.get(path)
    assert {"cart": {"items": ["tea"] * 3}} == json.loads(browser.get("/").text)


def test_invalidate_ends_the_row_and_the_cookie(aiohttp_site):
    """After `invalidate()` both are gone, and the next `get_session` is new and empty (case 19)."""

    async def look(request):
        session = await get_session(request)
        return [session.new, dict(session)]

    async def end(request):
        (await get_session(request)).invalidate()
        again = await get_session(request)
        return [again.new, dict(again), again.identity]

    site = aiohttp_site({**BASIC, "/look": look, "/end": end})
    browser = site.browser()
    browser.get("/count")
    before = browser.cookie
    answer = browser.get("/end")
    assert [True, {}, None] == json.loads(answer.text)
    assert ("", "0") == (answer.morsel.value, answer.morsel["max-age"])
    assert 0 == site.rows.length()
    assert None is browser.cookie
    assert [True, {}] == json.loads(browser.get("/look").text)
    browser.cookie = before
    assert [True, {}] == json.loads(browser.get("/look").text)
    browser.cookie = before
    browser.get("/count")
    assert before != browser.cookie


def test_data_after_invalidate_make_another_session(aiohttp_site):
    """What is put in after `invalidate()` lies under a new id; the old one is dead."""

    async def anew(request):
        session = await get_session(request)
        session.invalidate()
        session["user"] = 8
        return {}

    site = aiohttp_site({**BASIC, "/anew": anew})
    browser = site.browser()
    browser.get("/count")
    before = site.rows.ids()
    browser.get("/anew")
    (row,) = site.rows.all()
    assert [row.id] != before
    assert '{"user": 8}' == browser.get("/").text


def test_one_session_may_have_a_lifetime_of_its_own(aiohttp_site):
    """`max_age = 60` ends its cookie and row in 60 seconds; others as configured (case 19)."""

    async def briefly(request):
        session = await get_session(request)
        session.max_age = 60
        session["n"] = 1
        return session.max_age

    site = aiohttp_site({**BASIC, "/briefly": briefly}, max_age=3600)
    brief, usual = site.browser(), site.browser()
    answer = brief.get("/briefly")
    assert ("60", "60") == (answer.text, answer.morsel["max-age"])
    assert "3600" == usual.get("/count").morsel["max-age"]
    assert [60, 3600] == sorted(row.expires.timestamp() - site.clock() for row in site.rows.all())
    site.clock.advance(50)
    assert "60" == brief.get("/count").morsel["max-age"]
    site.clock.advance(60)
    assert ("{}", '{"n": 1}') == (brief.get("/").text, usual.get("/").text)


def test_a_known_session_is_given_another_lifetime(aiohttp_site):
    """`max_age` alone, without a change of the data, moves the row and sends the cookie."""

    async def remember(request):
        (await get_session(request)).max_age = 30 * 86_400
        return {}

    site = aiohttp_site({**BASIC, "/remember": remember})
    browser = site.browser()
    browser.get("/count")
    assert "2592000" == browser.get("/remember").morsel["max-age"]
    assert 30 * 86_400 == site.rows.all()[0].expires.timestamp() - site.clock()


def test_a_redirect_that_is_raised_saves(aiohttp_site):
    """`raise HTTPFound` saves the session, and its cookie goes out with it."""

    async def go(request):
        (await get_session(request))["message"] = "works"
        raise web.HTTPFound("/")

    browser = aiohttp_site({**BASIC, "/go": go}).browser()
    assert '{"message": "works"}' == browser.get("/go").text


@pytest.mark.parametrize("way", ["exception", "response", "raised"])
def test_a_failed_request_saves_nothing(aiohttp_site, way):
    """What a handler changed before it failed is not kept."""

    async def fail(request):
        (await get_session(request))["n"] = 100
        if way == "response":
            return web.Response(status=500)
        raise web.HTTPInternalServerError if way == "raised" else RuntimeError

    browser = aiohttp_site({**BASIC, "/fail": fail}).browser()
    browser.get("/count")
    assert 500 == browser.get("/fail").status
    assert '{"n": 1}' == browser.get("/").text


def test_a_stream_saves_only_by_hand(aiohttp_site):
    """A streamed response saves nothing by itself; `save_session` before `prepare` does."""
    storage = None

    async def stream(request):
        session = await get_session(request)
        session["streamed"] = request.query_string
        response = web.StreamResponse()
        if request.query_string == "saved":
            await storage.save_session(request, response, session)
        await response.prepare(request)
        await response.write(b"a")
        return response

    site = aiohttp_site({**BASIC, "/stream": stream})
    storage = site.storage
    browser = site.browser()
    assert [] == browser.get("/stream").set_cookies
    assert 0 == site.rows.length()
    assert 1 == len(browser.get("/stream?saved").set_cookies)
    assert '{"streamed": "saved"}' == browser.get("/").text


def test_a_websocket_reads_the_session_and_saves_by_hand(aiohttp_site):
    """A WebSocket's handler has the session; `save()` saves it, and what others did stays."""

    async def socket(request):
        session = await get_session(request)
        response = web.WebSocketResponse()
        await response.prepare(request)
        await response.send_json(dict(session))
        await response.receive()
        session["socket"] = True
        await session.save()
        await response.close()
        return response

    site = aiohttp_site({**BASIC, "/socket": socket})
    browser = site.browser()
    browser.get("/count")

    async def talk():
        async with browser.client.ws_connect("/socket") as socket:
            assert {"n": 1} == await socket.receive_json()
            async with browser.client.get("/count"):
                pass
            await socket.send_str("go on")
            await socket.receive()

    browser.run(talk())
    assert {"n": 2, "socket": True} == json.loads(browser.get("/").text)


def test_requests_at_once_merge(aiohttp_site):
    """Requests at the same time that change different keys keep each other's changes."""

    async def put(request):
        session = await get_session(request)
        await asyncio.sleep(0)
        session[request.query_string] = True
        return {}

    browser = aiohttp_site({**BASIC, "/put": put}).browser()
    browser.get("/count")
    browser.all(*(f"/put?{number}" for number in range(8)))
    assert {"n", *"01234567"} == set(json.loads(browser.get("/").text))


def test_the_id_changes_when_the_owner_does(aiohttp_site):
    """With `owner`, a sign-in rotates the id by itself; `rotate()` does it by hand."""

    async def rotate(request):
        session = await get_session(request)
        assert isinstance(session, Session)
        session.rotate()
        return {}

    site = aiohttp_site({**BASIC, "/rotate": rotate}, owner="user.id")
    browser = site.browser()
    ids = []
    for path in ("/count", "/in", "/rotate"):
        browser.get(path)
        ids += site.rows.ids()
    assert 3 == len(set(ids))
    assert {"n": 1, "user": {"id": 7}} == json.loads(browser.get("/").text)


def test_an_owners_sessions_may_be_limited(aiohttp_site):
    """With `at_limit="refuse"` one sign-in too many is answered with 403."""
    options = {"owner": "user.id", "sessions_per_owner": 1, "at_limit": "refuse"}
    site = aiohttp_site(BASIC, **options)
    assert [200, 403] == [site.browser().get("/in").status for _ in range(2)]
    assert 1 == site.rows.length()


@pytest.mark.parametrize("call", ["get", "merge"])
def test_a_store_that_fails_answers_503(aiohttp_site, call):
    """If the store fails, at the start or at the end, the answer is 503 and no stranger's page."""
    site = aiohttp_site(BASIC)
    browser = site.browser()
    browser.get("/count")
    site.store.failures[call] = StoreBusy("the file is busy")
    answer = browser.get("/count")
    assert (503, "no-store") == (answer.status, answer.headers["Cache-Control"])
    del site.store.failures[call]
    assert '{"n": 1}' == browser.get("/").text


@pytest.mark.parametrize("call", ["get", "merge"])
def test_the_application_may_have_the_stores_errors(aiohttp_site, call):
    """With `on_store_error="raise"` a middleware of the application gets them."""
    site = aiohttp_site(BASIC, on_store_error="raise")

    @web.middleware
    async def answering(request, handler):
        try:
            return await handler(request)
        except StoreBusy:
            return web.Response(status=599)

    site.app.middlewares.insert(0, answering)
    browser = site.browser()
    browser.get("/count")
    site.store.failures[call] = StoreBusy("the file is busy")
    assert 599 == browser.get("/count").status


@dataclass
class Account:
    name: str = ""
    notes: list[str] = field(default_factory=list)


def test_a_session_may_have_a_model(aiohttp_site):
    """With `model` handlers have an instance, whose changes are saved and checked."""

    async def change(request):
        typed(await get_session(request), Account).notes.append("a note")
        return {}

    async def wrong(request):
        typed(await get_session(request), Account).notes = 5
        return {}

    browser = aiohttp_site({**BASIC, "/change": change, "/wrong": wrong}, model=Account).browser()
    assert [200, 200, 500] == [
        browser.get(path).status for path in ("/change", "/change", "/wrong")
    ]
    assert ["a note", "a note"] == json.loads(browser.get("/").text)["notes"]
