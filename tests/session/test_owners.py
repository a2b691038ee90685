"""Whose session it is: sign-in, switch and sign-out rotate by themselves, and limits hold."""

import pytest

from connect_sqlite import SessionLimitReached, SQLiteStore
from connect_sqlite.wsgi import SessionMiddleware

from .conftest import BOTH, SECRET
from .site import BASIC, count, finish, set_cookies


def become(request):
    request.session["user"] = {"id": int(request.query_params["id"])}
    return {}


def rename(request):
    request.session["user"]["name"] = "Ann"
    return {}


def leave(request):
    del request.session["user"]
    return {}


def token(request):
    return request.session.csrf_token()


def check(request):
    return request.session.check_csrf(request.query_params["token"])


PAGES = {
    **BASIC,
    "/become": become,
    "/rename": rename,
    "/leave": leave,
    "/token": token,
    "/check": check,
}
OWNED = {"owner": "user.id"}


@BOTH
def test_threat_19_a_change_of_owner_rotates_by_itself(site, store):
    """Threat 19: sign-in, switch of user and sign-out give a new id, and the old one is dead."""
    app = site(PAGES, **OWNED)
    browser, thief = app.browser(), app.browser()
    browser.get("/count")
    for path in ("/become?id=7", "/become?id=8", "/leave"):
        old, thief.cookie = browser.sid, browser.cookie
        store.calls.clear()
        assert 1 == len(set_cookies(browser.get(path)))
        assert {"get": 1, "rotate": 1} == store.calls
        assert old != browser.sid
        assert {} == thief.get("/").json()
        assert [browser.sid] == app.run(store.ids())
    assert {"n": 1} == browser.get("/").json()


@BOTH
def test_threat_19_a_token_given_with_the_sign_in_is_good_and_the_old_one_dead(site):
    """Threat 19: a form on the page that signs in works; tokens from before are worthless."""

    def sign_in(request):
        become(request)
        return token(request)

    browser = site({**PAGES, "/in": sign_in}, **OWNED).browser()
    old = browser.get("/token").json()
    for who in (7, 8):
        new = browser.get(f"/in?id={who}").json()
        assert [False, True] == [
            browser.get("/check", params={"token": each}).json() for each in (old, new)
        ]
        old = new


@BOTH
@pytest.mark.parametrize("path", ["/become?id=7", "/rename", "/count", "/idle"])
def test_threat_19_the_same_owner_keeps_the_id(site, path):
    """Threat 19: a request that leaves the owner as it is does not rotate."""
    browser = site(PAGES, **OWNED).browser()
    browser.get("/become?id=7")
    sid = browser.sid
    assert [] == set_cookies(browser.get(path))
    assert sid == browser.sid


@BOTH
def test_without_an_owner_nothing_rotates_by_itself(site):
    """Without `owner` the layer does not guess what a sign-in is."""
    browser = site(PAGES).browser()
    browser.get("/count")
    assert [] == set_cookies(browser.get("/become?id=7"))


@BOTH
@pytest.mark.parametrize("user", [7, "7", {"id": 7}, {"id": "ann"}])
def test_an_owner_is_text_or_a_number_at_a_path(site, store, user):
    """The owner may be text or a number, at a path of one name or of more."""

    def sign_in(request):
        request.session["user"] = user
        return {}

    owner = "user.id" if isinstance(user, dict) else "user"
    browser = site({**PAGES, "/in": sign_in}, owner=owner).browser()
    browser.get("/count")
    assert 1 == len(set_cookies(browser.get("/in")))


@BOTH
def test_signing_in_first_thing_makes_one_session(site, store):
    """A visitor whose first request signs in gets one id, and one row."""
    app = site(PAGES, **OWNED)
    browser = app.browser()
    assert 1 == len(set_cookies(browser.get("/become?id=7")))
    assert [browser.sid] == app.run(store.ids())


@BOTH
def test_threat_24_a_sign_in_stands_though_its_old_session_vanished(site, store):
    """Threat 24: a sign-in owes the old session nothing: ended meanwhile, a new one is created."""

    async def page(request):
        become(request)
        for sid in await finish(store.ids()):
            await finish(store.destroy(sid))
        return {}

    app = site({**PAGES, "/page": page}, **OWNED)
    browser = app.browser()
    browser.get("/count")
    old = browser.sid
    assert 1 == len(set_cookies(browser.get("/page?id=7")))
    assert old != browser.sid
    assert {"id": 7} == browser.get("/").json()["user"]
    assert [browser.sid] == app.run(store.ids())


@BOTH
@pytest.mark.parametrize("act", ["rotate", "leave"])
def test_threat_24_a_mere_rotation_of_a_vanished_session_is_lost(site, store, act):
    """Threat 24: what only rotates, or signs out, makes no session out of one that was ended."""

    async def page(request):
        if act == "leave":
            leave(request)
        else:
            request.session.rotate()
        for sid in await finish(store.ids()):
            await finish(store.destroy(sid))
        return {}

    app = site({**PAGES, "/page": page}, **OWNED)
    browser = app.browser()
    browser.get("/count")
    browser.get("/become?id=7")
    assert [] == set_cookies(browser.get("/page"))
    assert 0 == app.run(store.length())


@BOTH
def test_threat_19_form_tokens_are_renewed_with_the_id(site):
    """Threat 19: a form's token from before the sign-in is worth nothing after it."""
    browser = site(PAGES, **OWNED).browser()
    before = browser.get("/token").json()
    assert browser.get("/check", params={"token": before}).json()
    browser.get("/become?id=7")
    assert not browser.get("/check", params={"token": before}).json()
    after = browser.get("/token").json()
    assert browser.get("/check", params={"token": after}).json()


@BOTH
def test_asvs_7_1_2_the_oldest_session_makes_room(site, store, clock):
    """ASVS 7.1.2: at its limit an owner's oldest sessions end; other owners' do not."""
    app = site(PAGES, sessions_per_owner=2, **OWNED)
    other, *browsers = [app.browser() for _ in range(5)]
    other.get("/become?id=8")
    for browser in browsers:
        clock.advance(1)
        browser.get("/become?id=7")
    there = [bool(browser.get("/").json()) for browser in (other, *browsers)]
    assert [True, False, False, True, True] == there
    assert 3 == app.run(store.length())


@BOTH
def test_the_newest_stay_though_time_stands_still(site, store):
    """In a suite with frozen time, too, it is the newest sessions that stay."""
    app = site(PAGES, sessions_per_owner=2, **OWNED)
    browsers = [app.browser() for _ in range(20)]
    for browser in browsers:
        browser.get("/become?id=7")
    assert [False] * 18 + [True] * 2 == [bool(b.get("/").json()) for b in browsers]


@BOTH
def test_the_limit_says_nothing_when_the_same_browser_signs_in_again(site, store):
    """A browser that signs in anew replaces its own session, and ends nobody else's."""

    def again(request):
        request.session.regenerate()
        return become(request)

    for at_limit in ("end_oldest", "refuse"):
        app = site({**PAGES, "/again": again}, sessions_per_owner=2, at_limit=at_limit, **OWNED)
        first, second = app.browser(), app.browser()
        first.get("/become?id=7")
        second.get("/become?id=7")
        for path in ("/leave", "/become?id=7", "/become?id=9", "/become?id=7", "/again?id=7"):
            assert 200 == second.get(path).status_code
        assert {"user": {"id": 7}} == first.get("/").json()
        for browser in (first, second):
            browser.get("/out")


@BOTH
def test_a_lowered_limit_holds_at_the_next_sign_in(site, store, clock):
    """Sessions over a limit that was lowered end when their owner next signs in."""
    for _ in range(4):
        clock.advance(1)
        site(PAGES, **OWNED).browser().get("/become?id=7")
    app = site(PAGES, sessions_per_owner=1, **OWNED)
    browser = app.browser()
    browser.get("/become?id=7")
    assert [browser.sid] == app.run(store.ids())


@BOTH
def test_asvs_7_1_2_at_the_limit_a_sign_in_may_be_refused(site, store):
    """ASVS 7.1.2: with `at_limit="refuse"` one session too many is a 403, and nothing changes."""
    app = site(PAGES, sessions_per_owner=1, at_limit="refuse", **OWNED)
    first, second = app.browser(), app.browser()
    first.get("/become?id=7")
    second.get("/count")
    response = second.get("/become?id=7")
    assert (403, []) == (response.status_code, set_cookies(response))
    assert "no-store" == response.headers["cache-control"]
    assert {"n": 1} == second.get("/").json()
    first.get("/out")
    assert 200 == second.get("/become?id=7").status_code


@BOTH
def test_the_handler_may_act_on_the_limit(site, store):
    """`save()` raises `SessionLimitReached`, so that the handler can answer in its own words."""

    async def page(request):
        become(request)
        try:
            await finish(request.session.save())
        except SessionLimitReached:
            del request.session["user"]
            return "too many"
        return "welcome"

    pages = {**PAGES, "/in": page}
    app = site(pages, sessions_per_owner=1, at_limit="refuse", **OWNED)
    first, second = app.browser(), app.browser()
    assert "welcome" == first.get("/in?id=7").json()
    second.get("/count")
    response = second.get("/in?id=7")
    assert (200, "too many") == (response.status_code, response.json())
    assert {"n": 1} == second.get("/").json()


@BOTH
def test_sessions_over_their_time_are_not_counted(site, store, clock):
    """A session that a timeout has ended takes up no place, though its row is still there."""
    options = {"sessions_per_owner": 1, "at_limit": "refuse", **OWNED}
    site(PAGES, **options).browser().get("/become?id=7")
    clock.advance(100)
    app = site(PAGES, idle_timeout=60, **options)
    assert 200 == app.browser().get("/become?id=7").status_code


@BOTH
def test_parallel_sign_ins_come_down_to_the_limit(site, store, clock):
    """Of sign-ins at the same time as many sessions stay as may, and one at least."""
    app = site(PAGES, sessions_per_owner=1, **OWNED)
    first, second = app.browser(), app.browser()

    async def meanwhile():
        clock.advance(1)
        await finish(second.client.get("/become?id=7"))

    store.before["find"] = meanwhile
    response = first.get("/become?id=7")
    there = [bool(browser.get("/").json()) for browser in (first, second)]
    assert ([False, True], []) == (there, set_cookies(response))
    assert 1 == app.run(store.length())


@BOTH
@pytest.mark.parametrize("seconds", [1, 0])
def test_sign_ins_that_end_each_other_leave_one(site, store, clock, seconds):
    """Two sign-ins that see each other do not both end: the newer one stays."""
    app = site(PAGES, sessions_per_owner=1, **OWNED)
    first, second = app.browser(), app.browser()

    async def meanwhile():
        clock.advance(seconds)
        store.before["destroy_many"] = first_goes_on
        await finish(second.client.get("/become?id=7"))

    async def first_goes_on():
        pass

    store.before["find"] = meanwhile
    first.get("/become?id=7")
    assert 1 == app.run(store.length())


@BOTH
def test_a_clock_that_was_set_back_locks_nobody_out(site, store, clock):
    """Threat 12: sessions from what is now the future make room for one that is signed in now."""
    app = site(PAGES, sessions_per_owner=2, **OWNED)
    for _ in range(2):
        app.browser().get("/become?id=7")
        clock.advance(1)
    clock.advance(-3600)
    browser = app.browser()
    browser.get("/become?id=7")
    assert {"user": {"id": 7}} == browser.get("/").json()
    assert 2 == app.run(store.length())


def test_a_limit_needs_an_index(clock):
    """A limit on a store that cannot find an owner's sessions is an error when it is built."""
    with (
        SQLiteStore(clock=clock) as store,
        pytest.raises(ValueError, match=r"indexes=\('user\.id',\)"),
    ):
        SessionMiddleware(None, store=store, secret=SECRET, sessions_per_owner=2, **OWNED)


def test_a_store_that_is_opened_here_has_the_index(tmp_path):
    """A store that the middleware opens itself is opened with the owner's index."""
    app = SessionMiddleware(
        None, store=tmp_path / "s.db", secret=SECRET, sessions_per_owner=2, **OWNED
    )
    assert [] == app.store.find("user.id", 7)
    app.close()


@BOTH
def test_a_sign_in_after_the_first_byte_is_said_to_be_lost(site, caplog):
    """A stream that signs in cannot tell the new id: the change is lost, and the log says so."""
    from starlette.responses import StreamingResponse

    def page(request):
        async def body():
            yield "a"
            become(request)

        return StreamingResponse(body())

    browser = site({**PAGES, "/page": page}, **OWNED).browser()
    browser.get("/count")
    browser.get("/page?id=7")
    assert {"n": 1} == browser.get("/").json()
    assert ["the change is lost" in message for message in caplog.messages] == [True]


@BOTH
def test_regenerating_and_signing_in_is_one_sign_in(site, store):
    """Case 12: `regenerate()` and a new owner: one new id, no old data, and the limit counts it."""

    def page(request):
        count(request)
        request.session.regenerate()
        return become(request)

    app = site({**PAGES, "/page": page}, sessions_per_owner=1, **OWNED)
    first, second = app.browser(), app.browser()
    first.get("/become?id=7")
    second.get("/count")
    assert 1 == len(set_cookies(second.get("/page?id=7")))
    assert {"user": {"id": 7}} == second.get("/").json()
    assert [second.sid] == app.run(store.ids())
