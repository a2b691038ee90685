"""What express-session's options do, on both gateways."""

import pytest

from connect_sqlite import SessionExists
from connect_sqlite.asgi import CookieOptions
from connect_sqlite.asgi import SessionMiddleware as Asgi
from connect_sqlite.wsgi import KEY
from connect_sqlite.wsgi import SessionMiddleware as Wsgi

from .conftest import BOTH, SECRET
from .site import BASIC, count, finish, set_cookies, show, sign_in


def fail(request):
    count(request)
    raise RuntimeError("a bug")


def leave(request):
    request.scope["session"] = None
    return {}


def delete(request):
    del request.scope["session"]
    return {}


PAGES = {**BASIC, "/fail": fail, "/leave": leave, "/delete": delete}


@BOTH
def test_o7_rolling_sends_the_cookie_each_time(site, store, clock):
    """O7: with `rolling` each answer renews cookie and row; an empty stranger still gets none."""
    app = site(BASIC, rolling=True, cookie={"max_age": 60})
    browser = app.browser()
    browser.get("/count")
    clock.advance(1)
    store.calls.clear()
    (header,) = set_cookies(browser.get("/idle"))
    assert "; Expires=Wed, 18 Nov 2026 11:07:41 GMT; Max-Age=60" in header
    assert {"get": 1, "touch": 1} == store.calls
    assert [] == set_cookies(app.browser().get("/"))
    assert [] == set_cookies(site(BASIC, cookie={"max_age": 60}).browser().get("/"))


@BOTH
def test_o7_rolling_sends_no_cookie_for_a_session_that_is_gone(site, store):
    """O7: an id is only sent once the store has said that it lives, with `rolling` too."""

    async def page(request):
        await finish(store.destroy(request.session.id))
        return {}

    browser = site({**BASIC, "/gone": page}, rolling=True).browser()
    browser.get("/count")
    assert [] == set_cookies(browser.get("/gone"))


@BOTH
@pytest.mark.parametrize(("resave", "calls"), [(True, {"get", "merge"}), (False, {"get"})])
def test_o5_resave_saves_what_did_not_change(site, store, resave, calls):
    """O5: with `resave` a session that was only read is saved; else it is not."""
    browser = site(BASIC, resave=resave).browser()
    browser.get("/count")
    store.calls.clear()
    assert [] == set_cookies(browser.get("/"))
    assert calls == set(store.calls)


@BOTH
def test_o5_resave_revives_nothing(site, store):
    """Threats 4, 24: nor does `resave` bring back a session that was ended meanwhile."""

    async def page(request):
        await finish(store.destroy(request.session.id))
        return {}

    app = site({**BASIC, "/gone": page}, resave=True, save_uninitialized=True)
    browser = app.browser()
    browser.get("/count")
    assert [] == set_cookies(browser.get("/gone"))
    assert 0 == app.run(store.length())


@BOTH
@pytest.mark.parametrize("path", ["/", "/idle"])
def test_o6_save_uninitialized_saves_every_stranger(site, store, path):
    """O6: with `save_uninitialized` a visitor who did nothing gets a row and a cookie, once."""
    app = site(BASIC, save_uninitialized=True)
    browser = app.browser()
    assert 1 == len(set_cookies(browser.get(path)))
    assert [] == set_cookies(browser.get(path))
    assert 1 == app.run(store.length())


@BOTH
@pytest.mark.parametrize("path", ["/leave", "/delete"])
@pytest.mark.parametrize(("unset", "left"), [("keep", 1), ("destroy", 0)])
def test_d8_a_session_that_is_taken_away(site, store, path, unset, left):
    """D8 of Ours: a session set to None is left alone, or, with `unset="destroy"`, ended."""
    app = site(PAGES, unset=unset)
    browser = app.browser()
    browser.get("/count")
    response = browser.get(path)
    assert (200, 1 - left) == (response.status_code, len(set_cookies(response)))
    assert left == app.run(store.length())
    assert (browser.cookie is None) == (unset == "destroy")


@BOTH
def test_d8_what_was_changed_before_is_not_saved(site, store):
    """D8: what the handler changed before it took the session away is not saved."""

    def page(request):
        count(request)
        return leave(request)

    app = site({**BASIC, "/x": page})
    browser = app.browser()
    browser.get("/count")
    browser.get("/x")
    assert {"n": 1} == browser.get("/").json()
    assert [] == set_cookies(app.browser().get("/x"))


@BOTH
def test_w5_genid_makes_the_ids_from_the_request(site):
    """W5: `genid` gets the request, and its id may be any text; it is found again."""
    seen = []

    def genid(request):
        seen.append(request)
        return f"a/b+c d%é.{len(seen)}"

    app = site(BASIC, genid=genid)
    browser = app.browser()
    (header,) = set_cookies(browser.get("/count"))
    assert header.startswith("connect.sid=s%3Aa%2Fb%2Bc%20d%25%C3%A9.1.")
    assert {"n": 2} == browser.get("/count").json()
    assert ["/count"] == [request.get("path", request.get("PATH_INFO")) for request in seen]
    (header,) = set_cookies(browser.get("/in"))
    assert header.startswith("connect.sid=s%3Aa%2Fb%2Bc%20d%25%C3%A9.2.")


@BOTH
@pytest.mark.parametrize("sid", [5, None, b"bytes", "", "x" * 256, "é" * 128, "a\0b", "\ud800"])
def test_genid_must_make_an_id(site, store, caplog, sid):
    """An id that no store takes is the function's mistake: a 500, no row, no word on the store."""
    app = site(BASIC, genid=lambda request: sid)
    response = app.browser().get("/count")
    assert (500, []) == (response.status_code, set_cookies(response))
    assert (0, []) == (app.run(store.length()), caplog.messages)


@BOTH
def test_genid_is_asked_again_when_its_id_is_taken(site, store):
    """Threat 3: an id that is live is never taken over: `genid` is asked for another, once."""
    ids = ["one", "one", "two"]
    app = site(BASIC, genid=lambda request: ids.pop(0))
    first, second = app.browser(), app.browser()
    first.get("/count")
    second.get("/count")
    assert ["one", "two"] == app.run(store.ids())
    assert {"n": 2} == first.get("/count").json()


@BOTH
def test_genid_that_repeats_itself_takes_nobody_s_session(site, store):
    """Threat 3: where `genid` has no other id, the newcomer is refused and the first one stays."""
    app = site(BASIC, genid=lambda request: "the same")
    first, second = app.browser(), app.browser()
    first.get("/in")
    response = second.get("/count")
    assert (503, []) == (response.status_code, set_cookies(response))
    assert {"user": {"id": 7}} == first.get("/").json()


FORWARDED = [
    ("https", True),
    ("https,http", True),
    (" HTTPS ,x", True),
    ("http, https", False),
    ("http", False),
    ("", False),
    ("httpsx", False),
]


@BOTH
@pytest.mark.parametrize(("said", "secure"), FORWARDED)
def test_o9_the_proxy_is_believed_when_told(site, said, secure):
    """O9: with `proxy` the first of `X-Forwarded-Proto` counts; without, it says nothing."""
    headers = {"x-forwarded-proto": said}
    for proxy in (True, False):
        browser = site(BASIC, proxy=proxy).browser()
        (header,) = set_cookies(browser.get("/count", headers=headers))
        assert (proxy and secure) == ("; Secure" in header)


@BOTH
def test_o9_https_is_https_whatever_the_proxy_says(site):
    """O9: a request that came over HTTPS is secure, also where the header denies it."""
    browser = site(BASIC, proxy=True).browser("https://shop.example")
    (header,) = set_cookies(browser.get("/count", headers={"x-forwarded-proto": "http"}))
    assert "; Secure" in header


def has_session(request):
    return "session" in request.scope


@BOTH
@pytest.mark.parametrize(
    ("skip", "path", "skipped"),
    [
        (["/static"], "/static", True),
        (["/static"], "/static/a.css", True),
        (["/static/"], "/static/a.css", True),
        (["/static"], "/statics", False),
        (["/static"], "/a/static", False),
        (["/static"], "/STATIC", False),
        (["/x", "/health"], "/health", True),
        ([], "/", False),
    ],
)
def test_skipped_paths_have_no_session(site, store, skip, path, skipped):
    """`skip` names paths by whole segments; their requests have no session and cost nothing."""
    app = site({path: has_session, "/c": count}, skip=skip)
    browser = app.browser()
    browser.get("/c")
    store.calls.clear()
    assert skipped != browser.get(path).json()
    assert skipped != bool(store.calls)


@BOTH
def test_skip_may_be_a_function_of_the_request(site):
    """`skip` as a function gets the request, whatever that is behind the gateway."""

    def assets(request):
        return request.get("path", request.get("PATH_INFO")).endswith(".css")

    browser = site({"/a.css": has_session, "/a": has_session}, skip=assets).browser()
    assert [False, True] == [browser.get(path).json() for path in ("/a.css", "/a")]


@BOTH
def test_o16_the_cookie_may_follow_from_the_request(site):
    """O10, O16 of Ours: `cookie` may be a function of the request, and "auto" works with it."""

    def cookie(request):
        path = request.get("path", request.get("PATH_INFO"))
        if path == "/in":
            return CookieOptions(max_age=60, same_site="auto", secure=True)
        return {"secure": "auto", "same_site": "auto"}

    app = site(BASIC, cookie=cookie)
    (plain,) = set_cookies(app.browser().get("/count"))
    (tls,) = set_cookies(app.browser("https://shop.example").get("/count"))
    (signed_in,) = set_cookies(app.browser("https://shop.example").get("/in"))
    assert plain.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert tls.endswith("; Path=/; HttpOnly; Secure; SameSite=None")
    assert "; Max-Age=60; HttpOnly; Secure; SameSite=None" in signed_in


@BOTH
def test_the_chosen_cookie_says_which_paths_count(site):
    """O15: the path that the function chose is the one outside which there is no session."""
    app = site({"/a": has_session, "/b": has_session}, cookie=lambda request: {"path": "/a"})
    assert [True, False] == [app.browser().get(path).json() for path in ("/a", "/b")]


@pytest.mark.parametrize(
    ("chosen", "named"),
    [({"httponly": True}, "http_only"), ({"path": "x"}, "path"), (7, "cookie is"), ("/", "cookie")],
)
def test_a_function_that_chooses_wrongly_is_named(chosen, named):
    """A cookie function that returns what no cookie has raises, and names the option."""
    app = Wsgi(None, store=":memory:", secret=SECRET, cookie=lambda request: chosen)
    with pytest.raises((TypeError, ValueError), match=named):
        app({"PATH_INFO": "/"}, None)
    app.close()


@BOTH
def test_d11_replace_lets_the_last_one_win(site, store):
    """D11: `on_conflict="replace"` writes the whole session, as Express: the last one wins."""

    async def slow(request):
        request.session["slow"] = 1
        await finish(store.merge(request.session.id, {"other": 1}))
        return {}

    for on_conflict, expected in [("replace", {"n", "slow"}), ("merge", {"n", "slow", "other"})]:
        browser = site({**BASIC, "/slow": slow}, on_conflict=on_conflict).browser()
        browser.get("/count")
        browser.get("/slow")
        assert expected == set(browser.get("/").json())


@BOTH
@pytest.mark.parametrize("call", ["get", "create", "merge", "destroy"])
def test_threat_26_on_store_error_raise_gives_it_to_the_server(site, store, caplog, call):
    """Threat 26: with `on_store_error="raise"` the error comes out: a 500 here, and no cookie."""
    app = site(BASIC, on_store_error="raise")
    browser = app.browser()
    if call != "create":
        browser.get("/count")
    store.failures[call] = SessionExists("busy")
    response = browser.get({"destroy": "/out"}.get(call, "/count"))
    assert (500, []) == (response.status_code, set_cookies(response))
    assert [] == caplog.messages


@BOTH
def test_d12_save_on_error_saves_a_known_session_s_changes(site):
    """D12: with `save_on_error` what a handler changed before its exception is saved."""
    for save, expected in [(False, {"n": 1}), (True, {"n": 2})]:
        browser = site(PAGES, save_on_error=save).browser()
        browser.get("/count")
        assert 500 == browser.get("/fail").status_code
        assert expected == browser.get("/").json()


@BOTH
def test_d12_an_exception_that_the_server_answers_saves_too(site, store, caplog, gateway):
    """D12, threat 22: nobody answers an exception here: a known session is saved, no new one."""

    def blocks(environ, start_response):
        environ[KEY]["n"] = environ[KEY].get("n", 0) + 1
        raise RuntimeError("a bug")

    async def awaits(scope, receive, send):
        blocks({KEY: scope["session"]}, None)

    good = site(BASIC).browser()
    good.get("/count")
    app = site(blocks if gateway == "wsgi" else awaits, save_on_error=True)
    browser = app.browser()
    assert 500 == browser.get("/").status_code
    assert 1 == app.run(store.length())
    browser.cookie = good.cookie
    assert 500 == browser.get("/").status_code
    assert ({"n": 2}, []) == (good.get("/").json(), caplog.messages)


WRONG = [
    *[{name: 1} for name in ("rolling", "resave", "save_uninitialized", "save_on_error", "proxy")],
    *[{name: "yes"} for name in ("rolling", "resave", "save_uninitialized", "save_on_error")],
    *[{"proxy": "loopback"}, {"unset": "delete"}, {"unset": None}, {"genid": "uuid"}],
    *[{"skip": "/static"}, {"skip": ["static"]}, {"skip": [7]}, {"skip": 7}],
    *[{"owner": "user id"}, {"owner": ""}, {"owner": 7}, {"owner": ".id"}, {"owner": "a..b"}],
    *[{"owner": "a", "sessions_per_owner": n} for n in (0, -1, 1.5, "2", True)],
    *[{"sessions_per_owner": 2}, {"owner": "a", "sessions_per_owner": 1, "at_limit": "no"}],
    *[{"idle_timeout": value} for value in (0, -1, "60", True, float("nan"), float("inf"))],
    *[{"absolute_timeout": value} for value in (0, -1, "60", True, float("nan"))],
    *[{"touch_interval": "1"}, {"on_conflict": "last"}, {"on_store_error": "ignore"}],
    *[{"on_created": 7}, {"on_rotated": "x"}, {"on_destroyed": []}, {"on_expired": {}}],
    *[{"cookie": 7}, {"cookie": "x"}, {"cookie": {"maxAge": 7}}, {"name": ""}],
    *[{"saveUninitialized": True}, {"max_age": 60}, {"ttl": 60}],
]


@pytest.mark.parametrize("middleware", [Asgi, Wsgi], ids=["asgi", "wsgi"])
@pytest.mark.parametrize("options", WRONG, ids=str)
def test_case_4_a_wrong_option_is_an_error_that_names_it(middleware, options):
    """Case 4: a wrong value, and an option that does not exist, is an error when it is built."""
    with pytest.raises((TypeError, ValueError), match=[*options][-1]):
        middleware(None, **{"store": ":memory:", "secret": SECRET, **options})


@BOTH
def test_the_row_that_is_shared_stays_express_s(site, store):
    """1F: what is stored begins with Express's `cookie`; `_session` is the layer's own key."""
    app = site({"/": show, "/in": sign_in}, cookie={"max_age": 60})
    browser = app.browser()
    browser.get("/in")
    row = app.run(store.get(browser.sid))
    assert ["cookie", "_session", "user"] == list(row)
    assert 60_000 == row["cookie"]["originalMaxAge"]
    assert "2026-11-18T11:07:40.000Z" == row["cookie"]["expires"]
