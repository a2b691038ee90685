"""What a handler may ask of its session: messages, form tokens, `save`, `reload`, and its names."""

import pytest

from connect_sqlite import SessionGone, handle_of

from .conftest import BOTH
from .site import BASIC, count, finish, set_cookies

pytestmark = BOTH


def page(act):
    return lambda request: act(request.session, request.query_params)


FLASHES = {
    **BASIC,
    "/flash": page(lambda s, q: s.flash(q["text"], *filter(None, [q.get("category")]))),
    "/flashes": page(lambda s, q: s.flashes(q.get("category"))),
}


def test_a_message_is_shown_once(site):
    """A message waits for the next page that asks, over redirects, and is shown only there."""
    browser = site(FLASHES).browser()
    browser.get("/flash?text=saved")
    browser.get("/flash?text=oh+no&category=error")
    browser.get("/count")
    expected = [["message", "saved"], ["error", "oh no"]]
    assert expected == browser.get("/flashes").json()
    assert [] == browser.get("/flashes").json()
    assert {"n": 1} == browser.get("/").json()


def test_messages_of_one_category_leave_the_others(site):
    """Asking for one category gives its messages, and the others wait on."""
    browser = site(FLASHES).browser()
    for text, category in [("a", "error"), ("b", "info"), ("c", "error")]:
        browser.get("/flash", params={"text": text, "category": category})
    assert [["error", "a"], ["error", "c"]] == browser.get("/flashes?category=error").json()
    assert [["info", "b"]] == browser.get("/flashes").json()


def test_threat_22_asking_for_messages_makes_no_session(site, store):
    """Threat 22: a stranger's page that asks for messages writes no row."""
    app = site(FLASHES)
    assert [] == app.browser().get("/flashes").json()
    assert 0 == app.run(store.length())


TOKENS = {
    **BASIC,
    "/token": page(lambda s, q: s.csrf_token()),
    "/check": page(lambda s, q: s.check_csrf(q.get("token"))),
}


def test_a_form_token_is_the_session_s_own(site):
    """NIST 5.1: a token is good in the session that it was made for, and in no other."""
    app = site(TOKENS)
    browser, other, stranger = app.browser(), app.browser(), app.browser()
    token, theirs = browser.get("/token").json(), other.get("/token").json()
    assert browser.get("/check", params={"token": token}).json()
    assert browser.get("/check", params={"token": token}).json()
    assert not browser.get("/check", params={"token": theirs}).json()
    assert not stranger.get("/check", params={"token": token}).json()


def test_form_tokens_look_different_each_time(site):
    """All of a session's tokens are good and none is like another, so that BREACH finds nothing."""
    browser = site(TOKENS).browser()
    tokens = {browser.get("/token").json() for _ in range(20)}
    assert 20 == len(tokens)
    assert all(browser.get("/check", params={"token": token}).json() for token in tokens)
    assert 20 == len({token[:10] for token in tokens}) == len({token[-10:] for token in tokens})


@pytest.mark.parametrize(
    "token", [None, "", "x", "é" * 86, "A" * 86, "A" * 43, "A" * 5000, "=" * 86, "\0", "%"]
)
def test_threat_13_garbage_is_no_form_token(site, token):
    """What is no token of this session is no error: it is just not good."""
    browser = site(TOKENS).browser()
    browser.get("/token")
    response = browser.get("/check", params=None if token is None else {"token": token})
    assert (200, False) == (response.status_code, response.json())


@pytest.mark.parametrize("token", [None, 7, b"bytes", ["a"], {}, True])
def test_what_is_no_text_is_no_form_token(site, token):
    """A token from parsed JSON may be anything; what is no text is not good."""
    browser = site({**TOKENS, "/x": page(lambda s, q: s.check_csrf(token))}).browser()
    browser.get("/token")
    assert browser.get("/x").json() is False


def test_the_secret_of_form_tokens_may_be_spoilt(site):
    """A stored secret that another program spoilt makes tokens bad, not pages fail."""
    for spoilt in (7, None, "x", ["a"]):

        def spoil(s, q, spoilt=spoilt):
            s["_csrf"] = spoilt

        browser = site({**TOKENS, "/spoil": page(spoil)}).browser()
        browser.get("/spoil")
        assert browser.get("/check", params={"token": "A" * 86}).json() is False
        assert 200 == browser.get("/token").status_code


def test_reload_takes_what_the_store_has(site, store):
    """D6: `reload()` drops what was changed here, and shows what others have saved."""

    async def handler(request):
        session = request.session
        session["n"] = "mine"
        session["local"] = True
        await finish(store.merge(session.id, {"theirs": True}))
        await finish(session.reload())
        return dict(session)

    browser = site({**BASIC, "/x": handler}).browser()
    browser.get("/count")
    assert {"n": 1, "theirs": True} == browser.get("/x").json()
    assert {"n": 1, "theirs": True} == browser.get("/").json()


@pytest.mark.parametrize("undone", ["destroy", "regenerate", "rotate", "clear"])
def test_reload_undoes_what_was_asked_for(site, undone):
    """After `reload()` the session is as stored, whatever the handler had asked for before."""

    async def handler(request):
        getattr(request.session, undone)()
        await finish(request.session.reload())
        return count(request)

    browser = site({**BASIC, "/x": handler}).browser()
    browser.get("/count")
    sid = browser.sid
    response = browser.get("/x")
    assert ({"n": 2}, []) == (response.json(), set_cookies(response))
    assert sid == browser.sid
    assert {"n": 2} == browser.get("/").json()


@pytest.mark.parametrize("case", ["new", "ended", "over"])
def test_d6_reload_of_no_session_says_so(site, store, clock, case):
    """D6: `reload()` raises `SessionGone` for a session that is new or has ended meanwhile."""

    async def handler(request):
        session = request.session
        if case == "ended":
            await finish(store.destroy(session.id))
        if case == "over":
            clock.advance(60)
        try:
            await finish(session.reload())
        except SessionGone:
            return "gone"
        return "there"

    browser = site({**BASIC, "/x": handler}, absolute_timeout=60).browser()
    if case != "new":
        browser.get("/count")
    assert "gone" == browser.get("/x").json()


def test_d5_saving_by_hand_and_more(site, store):
    """D5: what changes after `save()` is saved too, and one cookie goes out."""

    async def handler(request):
        request.session["one"] = 1
        await finish(request.session.save())
        assert 1 == await finish(store.length())
        request.session["two"] = 2
        return {}

    browser = site({**BASIC, "/x": handler}).browser()
    assert 1 == len(set_cookies(browser.get("/x")))
    assert {"one": 1, "two": 2} == browser.get("/").json()


def test_d4_one_save_of_a_rotation(site, store):
    """D4 of Ours: a rotation that was saved by hand is not done again with the response."""

    async def handler(request):
        request.session.rotate()
        await finish(request.session.save())
        return {}

    browser = site({**BASIC, "/x": handler}).browser()
    browser.get("/count")
    store.calls.clear()
    assert 1 == len(set_cookies(browser.get("/x")))
    assert 1 == store.calls["rotate"]
    assert {"n": 1} == browser.get("/").json()


def test_threat_24_no_cookie_for_what_ended_after_a_save(site, store):
    """Threat 24: a session that was ended between `save()` and the answer gets no cookie."""

    async def handler(request):
        request.session["a"] = 1
        await finish(request.session.save())
        await finish(store.destroy(request.session.id))
        return {}

    assert [] == set_cookies(site({**BASIC, "/x": handler}).browser().get("/x"))


def test_a_session_s_names_and_its_store(site, store):
    """`handle` is `handle_of(id)`, which may be shown; `store` is where the session is kept."""

    def handler(request):
        session = request.session
        assert store is session.store
        return [session.id, session.handle]

    browser = site({**BASIC, "/x": handler}).browser()
    browser.get("/count")
    assert [browser.sid, handle_of(browser.sid)] == browser.get("/x").json()


@pytest.mark.parametrize("kind", [str, str.encode])
def test_a_cookie_header_alone_is_enough_to_read(site, store, clock, kind):
    """`read()` finds the session of a handshake elsewhere, and that is no activity."""
    app = site(BASIC, idle_timeout=60)
    browser = app.browser()
    browser.get("/count")
    clock.advance(59)
    store.calls.clear()
    row = app.run(app.app.read(kind(f"a=1; connect.sid={browser.cookie}")))
    assert (1, browser.sid, {"get": 1}) == (row["n"], row.id, store.calls)
    clock.advance(1)
    for header in (f"connect.sid={browser.cookie}", "connect.sid=x", "", "connect.sid=é; a=日本"):
        if kind is str or header.isascii():
            assert app.run(app.app.read(kind(header))) is None
