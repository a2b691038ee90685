"""Litestar's own ways with a session, on a store on a file."""

from dataclasses import dataclass
from typing import Any

import msgspec
import pydantic
import pytest
from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.response import Response, Stream
from litestar.types import Empty

from connect_sqlite import InvalidSession, StoreBusy
from connect_sqlite.typed import typed

from .litestar_site import BASIC


def test_a_session_is_kept_and_shown_as_json(litestar_site):
    """What one request puts into `request.session` the next one returns as it is."""
    client = litestar_site(*BASIC).client()
    assert {} == client.get("/").json()
    assert {"n": 1} == client.post("/count").json()
    assert {"n": 2} == client.post("/count").json()
    assert {"n": 2} == client.get("/").json()


def test_a_visitor_who_did_nothing_costs_nothing(litestar_site):
    """A request that leaves no data makes no row and gets no cookie."""
    site = litestar_site(*BASIC)
    assert "set-cookie" not in site.client().get("/").headers
    assert 0 == site.rows.length()


def test_reading_writes_nothing_and_sends_no_cookie(litestar_site):
    """Reading a known session sends it to no cache and costs no write."""
    site = litestar_site(*BASIC)
    client = site.client()
    client.post("/count")
    before = site.rows.all()[0].expires
    site.clock.advance(60)
    answer = client.get("/")
    assert ("Cookie", "no-store") == (answer.headers["vary"], answer.headers["cache-control"])
    assert "set-cookie" not in answer.headers
    assert before == site.rows.all()[0].expires


@dataclass
class Plain:
    theme: str


class Model(pydantic.BaseModel):
    theme: str


class Struct(msgspec.Struct):
    theme: str


@pytest.mark.parametrize(
    "value",
    [{"theme": "dark"}, Plain("dark"), Model(theme="dark"), Struct("dark")],
    ids=["dict", "dataclass", "pydantic", "msgspec"],
)
def test_set_session_replaces_the_data(litestar_site, value):
    """`set_session` takes a dict, a dataclass, a model or a Struct in place of what was there."""

    @post("/prefer")
    async def prefer(request: Request) -> dict[str, Any]:
        request.set_session(value)
        return {"id": request.get_session_id()}

    site = litestar_site(*BASIC, prefer)
    client = site.client()
    client.post("/count")
    sid = client.get("/id").json()["id"]
    assert {"id": sid} == client.post("/prefer").json()
    assert {"theme": "dark"} == client.get("/").json()
    assert [sid] == site.rows.ids()


def test_set_session_makes_one_too(litestar_site):
    """The first `set_session` makes the session, under the id that `get_session_id` said."""

    @post("/begin")
    async def begin(request: Request) -> dict[str, Any]:
        request.set_session({"a": [1]})
        return {"id": request.get_session_id()}

    site = litestar_site(*BASIC, begin)
    client = site.client()
    assert [client.post("/begin").json()["id"]] == site.rows.ids()
    assert {"a": [1]} == client.get("/").json()


def test_what_is_no_session_is_an_error(litestar_site):
    """`set_session` with a list is an error of the application, and nothing is saved."""

    @post("/wrong")
    async def wrong(request: Request) -> None:
        request.set_session([1])

    site = litestar_site(*BASIC, wrong)
    client = site.client()
    client.post("/count")
    assert 500 == client.post("/wrong").status_code
    assert {"n": 1} == client.get("/").json()


@pytest.mark.parametrize("way", ["clear_session", "set_session", "clear", "destroy"])
def test_a_session_is_ended_here_and_in_the_browser(litestar_site, way):
    """`clear_session()`, `set_session(Empty)` and an emptied session end the row and the cookie."""

    @post("/end")
    async def end(request: Request) -> None:
        match way:
            case "clear_session":
                request.clear_session()
            case "set_session":
                request.set_session(Empty)
            case "clear":
                request.session.clear()
            case "destroy":
                request.session.destroy()

    site = litestar_site(*BASIC, end)
    client = site.client()
    client.post("/count")
    answer = client.post("/end")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert [] == site.rows.ids()
    assert {} == client.get("/").json()


def test_clearing_before_setting_gives_a_new_id(litestar_site):
    """`clear_session()` and then `set_session(…)`, the habit at sign-in, change the id."""

    @post("/anew")
    async def anew(request: Request) -> None:
        request.clear_session()
        request.set_session({"user": 7})

    site = litestar_site(*BASIC, anew)
    client = site.client()
    client.post("/count")
    before = site.rows.ids()
    client.post("/anew")
    (row,) = site.rows.all()
    assert before != [row.id]
    assert {"user": 7} == client.get("/").json()


def test_a_nested_change_is_seen(litestar_site):
    """A change deep in the data is saved, without a word about it."""

    @post("/add")
    async def add(request: Request) -> None:
        request.session.setdefault("cart", {}).setdefault("items", []).append("tea")

    client = litestar_site(*BASIC, add).client()
    client.post("/add")
    client.post("/add")
    assert {"cart": {"items": ["tea", "tea"]}} == client.get("/").json()


def test_an_id_that_the_client_invented_is_not_adopted(litestar_site):
    """A cookie that is not ours makes a stranger of its bearer, who gets an id of our making."""
    site = litestar_site(*BASIC)
    client = site.client(cookies={"connect.sid": "invented"})
    client.post("/count")
    assert "invented" not in site.rows.ids()


def test_the_id_changes_when_the_owner_does(litestar_site):
    """With `owner`, a sign-in rotates the id by itself, and the old one is dead."""
    site = litestar_site(*BASIC, owner="user.id")
    client = site.client()
    client.post("/count")
    before = client.get("/id").json()["id"]
    client.post("/in")
    assert before != client.get("/id").json()["id"]
    assert {"n": 1, "user": {"id": 7}} == client.get("/").json()
    assert 1 == site.rows.length()


def test_a_failed_request_saves_nothing(litestar_site):
    """What a handler changed before it failed is not kept."""

    @post("/fail")
    async def fail(request: Request) -> None:
        request.session["n"] = 100
        raise RuntimeError

    client = litestar_site(*BASIC, fail).client()
    client.post("/count")
    assert 500 == client.post("/fail").status_code
    assert {"n": 1} == client.get("/").json()


def test_what_json_has_not_is_refused(litestar_site):
    """A value that JSON has not is an error that names its key, never the value."""

    @post("/wrong")
    async def wrong(request: Request) -> None:
        request.session["when"] = {1, 2}

    @post("/saved")
    async def saved(request: Request) -> None:
        request.session["when"] = {1, 2}
        await request.session.save()

    handlers = {InvalidSession: lambda request, error: Response(str(error), status_code=599)}
    client = litestar_site(*BASIC, wrong, saved, app={"exception_handlers": handlers}).client()
    assert 500 == client.post("/wrong").status_code
    answer = client.post("/saved")
    assert 599 == answer.status_code
    assert "when" in answer.text
    assert {} == client.get("/").json()


def test_what_changes_after_the_first_byte_is_merged(litestar_site):
    """A stream and a background task still change a session that the browser has."""

    async def later(request: Request) -> None:
        request.session["later"] = True

    @get("/stream")
    async def stream(request: Request) -> Stream:
        async def chunks():
            yield b"a"
            request.session["streamed"] = True

        return Stream(chunks())

    @get("/task")
    async def task(request: Request) -> Response[None]:
        return Response(None, background=BackgroundTask(later, request))

    client = litestar_site(*BASIC, stream, task).client()
    client.post("/count")
    client.get("/stream")
    client.get("/task")
    assert {"n": 1, "streamed": True, "later": True} == client.get("/").json()


def test_a_cached_response_hands_no_cookie_on(litestar_site):
    """A response that Litestar caches has the cookie of nobody in it."""

    @get("/cached", cache=60)
    async def cached(request: Request) -> dict[str, Any]:
        request.session["seen"] = True
        return {}

    client = litestar_site(*BASIC, cached).client()
    assert "set-cookie" in client.get("/cached").headers
    client.cookies.clear()
    assert "set-cookie" not in client.get("/cached").headers


def test_a_store_that_fails_answers_503(litestar_site):
    """If the store fails, at the start or at the end, the answer is 503 and no stranger's page."""
    site = litestar_site(*BASIC)
    client = site.client()
    client.post("/count")
    for call in ("get", "merge"):
        site.store.failures[call] = StoreBusy("the file is busy")
        assert 503 == client.post("/count").status_code
        del site.store.failures[call]
    assert {"n": 1} == client.get("/").json()


def test_the_application_may_have_the_stores_errors(litestar_site):
    """With `on_store_error="raise"` an exception handler of the application answers them."""
    handlers = {StoreBusy: lambda request, error: Response("later", status_code=599)}
    site = litestar_site(*BASIC, on_store_error="raise", app={"exception_handlers": handlers})
    client = site.client()
    client.post("/count")
    site.store.failures["get"] = StoreBusy("the file is busy")
    assert 599 == client.get("/").status_code


def test_a_session_may_have_a_model(litestar_site):
    """With `model` handlers have an instance, and `set_session` takes one too."""

    @post("/typed")
    async def change(request: Request) -> None:
        typed(request.session, Plain).theme += "er"

    @post("/wrong")
    async def wrong(request: Request) -> None:
        request.session["theme"] = 5

    @post("/put")
    async def put(request: Request) -> None:
        request.set_session(Plain("dark"))

    client = litestar_site(*BASIC, change, put, wrong, model=Plain).client()
    for path, status in (("/put", 201), ("/typed", 201), ("/wrong", 500)):
        assert status == client.post(path).status_code
    assert {"theme": "darker"} == client.get("/").json()
