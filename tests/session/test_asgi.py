"""Sessions over HTTP, on Starlette and FastAPI, on the real store."""

import copy
import re

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from connect_sqlite._session.signing import Signer
from connect_sqlite.asgi import SessionMiddleware

from .conftest import BOTH, SECRET
from .site import BASIC, set_cookies, show, sign_in


@BOTH
def test_a_visit(site, store):
    """Data are there at the next request, under a new id after sign-in, gone after sign-out."""
    browser = site(BASIC).browser()
    assert {"n": 1} == browser.get("/count").json()
    assert {"n": 2} == browser.get("/count").json()
    first = browser.sid
    browser.get("/in")
    second = browser.sid
    assert first != second
    assert {"n": 2, "user": {"id": 7}} == browser.get("/").json()
    assert [second] == [session.id for session in browser.run(store.all())]
    browser.get("/out")
    assert browser.cookie is None
    assert {} == browser.get("/").json()
    assert [] == browser.run(store.all())


def test_fastapi(runner, store):
    """`request.session` works in FastAPI, with the middleware added as its documentation says."""
    app = FastAPI()
    app.add_middleware(SessionMiddleware, store=store, secret=SECRET)

    @app.get("/count")
    async def endpoint(request: Request):
        request.session["n"] = request.session.get("n", 0) + 1
        return request.session

    async def visit():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return [(await client.get("/count")).json() for _ in range(3)]

    assert [{"n": 1}, {"n": 2}, {"n": 3}] == runner.run(visit())


@BOTH
def test_w1_the_cookie_on_the_wire(site):
    """W1: the cookie is Express's, with `SameSite=Lax` besides, and `Secure` on HTTPS."""
    app = site(BASIC)
    plain, tls = app.browser(), app.browser("https://shop.example")
    value = r"connect\.sid=s%3A[\w-]{43}\.[\w%]{43,}"
    (header,) = set_cookies(plain.get("/count"))
    assert re.fullmatch(value + "; Path=/; HttpOnly; SameSite=Lax", header)
    (header,) = set_cookies(tls.get("/count"))
    assert re.fullmatch(value + "; Path=/; HttpOnly; Secure; SameSite=Lax", header)


@BOTH
def test_case_14_who_does_not_touch_the_session_pays_nothing(site, store):
    """Case 14: an untouched session costs one read; a visitor without a cookie not even that."""
    app = site(BASIC)
    browser, stranger = app.browser(), app.browser()
    browser.get("/count")
    store.calls.clear()
    response = browser.get("/idle")
    assert {"get": 1} == store.calls
    assert not {"set-cookie", "vary", "cache-control"} & set(response.headers)
    store.calls.clear()
    response = stranger.get("/")
    assert {} == store.calls
    assert ("Cookie", False) == (response.headers["vary"], "set-cookie" in response.headers)


@BOTH
def test_w9_other_cookies_are_kept(site):
    """W9: cookies that the handler sets stay, and the session's is last."""

    def handler(request):
        request.session["a"] = 1
        response = JSONResponse({})
        response.set_cookie("one", "1")
        response.set_cookie("two", "2")
        return response

    names = [c.partition("=")[0] for c in set_cookies(site({"/": handler}).browser().get("/"))]
    assert ["one", "two", "connect.sid"] == names


def test_case_6_a_mounted_login(runner, store):
    """Case 6: a login in a mounted sub-app is for the whole site, behind a proxy's prefix too."""
    inner = Starlette(routes=[Route("/in", lambda r: JSONResponse(sign_in(r)))])
    outer = Starlette(
        routes=[Mount("/auth", inner), Route("/me", lambda r: JSONResponse(show(r)))],
        middleware=[Middleware(SessionMiddleware, store=store, secret=SECRET)],
    )
    for root in ("", "/behind/a/proxy"):

        async def visit(root=root):
            transport = httpx.ASGITransport(outer, root_path=root)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                signed_in = await client.get(f"{root}/auth/in")
                return set_cookies(signed_in), (await client.get(f"{root}/me")).json()

        (header,), user = runner.run(visit())
        assert "; Path=/;" in header
        assert {"user": {"id": 7}} == user


@pytest.mark.parametrize("swapped", [False, True])
def test_case_8_two_middlewares_share_a_store(runner, store, swapped):
    """Case 8: each of two middlewares has its own cookie, for its own path, and its own data."""

    async def add(request):
        request.session.setdefault("seen", []).append(request.url.path)
        return JSONResponse(request.session["seen"])

    app = Starlette(
        routes=[Route("/account", add), Route("/admin/x", add), Route("/administer", add)]
    )
    settings = [("account.sid", "/account"), ("admin.sid", "/admin")]
    for name, path in reversed(settings) if swapped else settings:
        app = SessionMiddleware(app, store=store, secret=SECRET, name=name, cookie={"path": path})

    async def visit():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return [
                await client.get(p) for p in ("/account", "/admin/x", "/account", "/administer")
            ]

    account, admin, again, neither = runner.run(visit())
    assert [["account.sid", "/account"]] == [_name_and_path(c) for c in set_cookies(account)]
    assert [["admin.sid", "/admin"]] == [_name_and_path(c) for c in set_cookies(admin)]
    assert (["/admin/x"], ["/account", "/account"]) == (admin.json(), again.json())
    assert 500 == neither.status_code  # outside both paths there is no session


def _name_and_path(header):
    name, path = header.partition("=")[0], header.partition("Path=")[2].partition(";")[0]
    return [name, path]


@BOTH
def test_clear_signs_out(site, store):
    """`session.clear()`, the habit of many, ends the session and deletes the cookie (D8)."""
    app = site({**BASIC, "/clear": lambda r: r.session.clear() or {}})
    browser = app.browser()
    browser.get("/in")
    (header,) = set_cookies(browser.get("/clear"))
    assert header.startswith("connect.sid=;")
    assert browser.cookie is None
    assert 0 == app.run(store.length())


@BOTH
def test_nested_changes_are_saved(site):
    """A change deep inside the data is saved without anybody saying so."""

    def deep(request):
        request.session["cart"]["items"].append("tea")
        return {}

    def start(request):
        request.session["cart"] = {"items": []}
        return {}

    browser = site({**BASIC, "/start": start, "/deep": deep}).browser()
    browser.get("/start")
    browser.get("/deep")
    assert {"cart": {"items": ["tea"]}} == browser.get("/").json()


@BOTH
def test_a_value_that_json_has_not_is_the_handler_s_error(site):
    """Threat 6: a value that cannot be kept is a 500 with a traceback, and the old data stay."""

    def bad(request):
        request.session["when"] = object()
        return {}

    browser = site({**BASIC, "/bad": bad}).browser()
    browser.get("/count")
    assert 500 == browser.get("/bad").status_code
    assert {"n": 1} == browser.get("/").json()


@BOTH
def test_a_row_of_an_express_app_is_read_and_kept_readable(site, store):
    """What Express wrote is read, and what is written back has the `cookie` that it needs."""
    sid = "MZf5lXqGZ2kI5bPzJ3c1XTYEJ2nJ0nqS"
    theirs = {"cookie": {"originalMaxAge": None, "expires": None, "httpOnly": True, "path": "/"}}
    app = site(BASIC)
    app.run(store.set(sid, {**theirs, "n": 41}))
    browser = app.browser()
    browser.cookie = f"s%3A{Signer(SECRET).sign(sid)}"
    assert {"n": 42} == browser.get("/count").json()
    row = copy.deepcopy(app.run(store.get(sid)))
    assert 42 == row.pop("n")
    assert row["cookie"].items() >= theirs["cookie"].items()


@BOTH
def test_an_empty_row_of_an_express_app_is_left_alone(site, store):
    """A session that Express saved without data is not ended by a page that only looks."""
    sid = "MZf5lXqGZ2kI5bPzJ3c1XTYEJ2nJ0nqS"
    app = site(BASIC)
    app.run(store.set(sid, {"cookie": {"originalMaxAge": None, "expires": None}}))
    browser = app.browser()
    browser.cookie = f"s%3A{Signer(SECRET).sign(sid)}"
    assert [] == set_cookies(browser.get("/"))
    assert [sid] == app.run(store.ids())


def test_l9_a_second_middleware_changes_nothing(site, store):
    """L9: where a session is there already, a second middleware is none: there is one cookie."""

    def within(app):
        return SessionMiddleware(app, store=store, secret=SECRET, name="outer.sid")

    browser = site(BASIC, wrap=within).browser()
    response = browser.get("/count")
    assert ["outer.sid"] == [c.partition("=")[0] for c in set_cookies(response)]


def test_it_replaces_a_session_of_another_kind(site):
    """Another library's session around it is replaced, as Starlette's middleware does."""

    def within(app):
        async def wrapped(scope, receive, send):
            await app({**scope, "session": {"not": "ours"}}, receive, send)

        return wrapped

    assert {"n": 1} == site(BASIC, wrap=within).browser().get("/count").json()
