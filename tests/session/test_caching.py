"""What a response that used a session tells caches."""

import pytest
from starlette.responses import JSONResponse

from connect_sqlite._session.caching import protected

from .conftest import BOTH
from .site import BASIC

ACCESSES = {
    "item": lambda s: s["n"],
    "get": lambda s: s.get("zzz"),
    "in": lambda s: "n" in s,
    "len": len,
    "truth": bool,
    "iteration": list,
    "items": lambda s: list(s.items()),
    "comparison": lambda s: s == {},
    "unpacking": lambda s: {**s},
}


@BOTH
@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("known", [True, False])
def test_threat_21_any_access_varies_by_cookie(site, access, known):
    """Threat 21: a response that looked at the session in any way says that it depends on it."""

    def handler(request):
        session = request.scope["session"]
        session.setdefault("n", 1) if not known else None
        ACCESSES[access](session)
        return {}

    browser = site({**BASIC, "/x": handler}).browser()
    if known:
        browser.get("/count")
    response = browser.get("/x")
    assert ("Cookie", "no-store") == (response.headers["vary"], response.headers["cache-control"])


@BOTH
def test_threat_21_a_saved_change_varies_too(site):
    """Threat 21: so does a response whose handler changed the session without a new cookie."""
    browser = site(BASIC).browser()
    browser.get("/count")
    headers = browser.get("/count").headers
    assert ("Cookie", "no-store") == (headers["vary"], headers["cache-control"])
    assert "set-cookie" not in headers


@BOTH
def test_threat_21_request_session_is_an_access(site):
    """Threat 21: `request.session` itself counts, for what becomes of it afterwards is not seen."""
    browser = site({"/": lambda r: len(str(type(r.session)))}).browser()
    assert "Cookie" == browser.get("/").headers["vary"]


@BOTH
def test_a_stranger_s_page_may_be_cached(site):
    """A page that only found nobody signed in varies by cookie, and is left to the caches."""
    headers = site(BASIC).browser().get("/").headers
    assert ("Cookie", False) == (headers["vary"], "cache-control" in headers)


@pytest.mark.parametrize(
    ("said", "personal", "sets", "expected"),
    [
        ([], False, False, [("vary", "Cookie")]),
        ([], True, False, [("vary", "Cookie"), ("cache-control", "no-store")]),
        ([], False, True, [("vary", "Cookie"), ("cache-control", "no-store")]),
        ([("vary", "Accept")], False, False, [("vary", "Accept, Cookie")]),
        ([("Vary", "A, B"), ("vary", "C")], False, False, [("vary", "A, B, C, Cookie")]),
        ([("vary", "cookie")], False, False, [("vary", "cookie")]),
        ([("vary", "Accept, COOKIE")], False, False, [("vary", "Accept, COOKIE")]),
        ([("vary", "*")], False, False, [("vary", "*")]),
        (
            [("cache-control", "public")],
            True,
            False,
            [("cache-control", "public"), ("vary", "Cookie")],
        ),
        (
            [("cache-control", "max-age=9")],
            False,
            False,
            [("cache-control", "max-age=9"), ("vary", "Cookie")],
        ),
        (
            [("Cache-Control", "public, max-age=9, s-maxage=99")],
            True,
            True,
            [("vary", "Cookie"), ("cache-control", "max-age=9, private")],
        ),
        (
            [("cache-control", 'no-cache="a, b"')],
            False,
            True,
            [("vary", "Cookie"), ("cache-control", 'no-cache="a, b", private')],
        ),
        (
            [("cache-control", "No-Store")],
            True,
            True,
            [("cache-control", "No-Store"), ("vary", "Cookie")],
        ),
        (
            [("cache-control", "private")],
            True,
            True,
            [("cache-control", "private"), ("vary", "Cookie")],
        ),
        (
            [("a", "1"), ("vary", ""), ("b", "2")],
            False,
            False,
            [("a", "1"), ("b", "2"), ("vary", "Cookie")],
        ),
    ],
)
def test_threat_21_what_caches_are_told(said, personal, sets, expected):
    """Threat 21: one `Vary` line; nothing personal stored unasked; no cookie shared."""
    headers = [(name.encode(), value.encode()) for name, value in said]
    told = protected(headers, is_personal=personal, sets_cookie=sets)
    assert expected == [(name.decode(), value.decode()) for name, value in told]


@BOTH
def test_the_handler_s_own_word_counts(site):
    """A handler that lets the browser keep a page of its visitor's is heard."""

    def handler(request):
        request.session.get("n")
        return JSONResponse({}, headers={"cache-control": "private, max-age=60"})

    browser = site({**BASIC, "/x": handler}).browser()
    browser.get("/count")
    assert "private, max-age=60" == browser.get("/x").headers["cache-control"]
