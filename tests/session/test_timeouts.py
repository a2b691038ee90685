"""Threat 28: idle and absolute timeouts, which hold on the server whatever the cookie says."""

from datetime import UTC, datetime, timedelta

import pytest

from connect_sqlite._session.signing import Signer
from connect_sqlite.asgi import AAL1, AAL2, AAL3
from connect_sqlite.wsgi import AAL2 as WSGI_AAL2

from .conftest import BOTH, SECRET, START
from .site import BASIC, DAY, count, finish, set_cookies

HOUR = 3600
pytestmark = BOTH


def poll(request):
    request.session.no_activity()
    return {}


def poll_and_count(request):
    request.session.no_activity()
    return count(request)


def ends(request):
    session = request.session
    return {"left": session.time_left.total_seconds(), "expires": session.expires.isoformat()}


def times(request):
    session = request.session
    return [
        at and at.timestamp() - START
        for at in (session.created, session.last_seen, session.authenticated_at)
    ]


def prove(request):
    request.session.reauthenticated()
    return {}


def proved(request):
    return request.session.authenticated_within(300)


PAGES = {
    **BASIC,
    "/poll": poll,
    "/poll-and-count": poll_and_count,
    "/ends": ends,
    "/times": times,
    "/prove": prove,
    "/proved": proved,
}


def at(seconds):
    return datetime.fromtimestamp(START + seconds, UTC)


def test_threat_28_an_idle_session_ends(site, store, clock):
    """Threat 28: used once an hour a session lives on; after an hour without any use it ends."""
    app = site(PAGES, idle_timeout=HOUR, cookie={"max_age": 30 * DAY})
    browser = app.browser()
    browser.get("/count")
    for _ in range(5):
        clock.advance(HOUR * 0.9)
        assert {"n": 1} == browser.get("/").json()
    clock.advance(HOUR)
    assert {} == browser.get("/").json()
    assert [] == app.run(store.ids())


def test_threat_28_an_active_session_lives_on_a_store_that_does_not_touch(site, store, clock):
    """Threat 28: with a store's `disable_touch` too, it is idleness that ends a session."""
    still = type(store)(clock=clock, disable_touch=True)
    app = site(PAGES, idle_timeout=HOUR, store=still)
    browser = app.browser()
    browser.get("/count")
    for _ in range(4):
        clock.advance(HOUR * 0.6)
        assert {"n": 1} == browser.get("/").json()
    clock.advance(HOUR)
    assert {} == browser.get("/").json()
    app.run(still.close())


@pytest.mark.parametrize("max_age", [None, 30 * DAY])
def test_threat_28_a_session_that_express_keeps_alive_is_idle_too(site, store, clock, max_age):
    """Threat 28: a row of Express's, which ends far away, is over an hour after its last use."""
    app = site(PAGES, idle_timeout=HOUR)
    sid = "MZf5lXqGZ2kI5bPzJ3c1XTYEJ2nJ0nqS"
    expires = None if max_age is None else START + max_age
    cookie = {
        "originalMaxAge": max_age and max_age * 1000,
        "expires": expires and datetime.fromtimestamp(expires, UTC).isoformat(),
        "httpOnly": True,
        "path": "/",
    }
    for idle, expected in [(HOUR - 1, {"n": 1}), (HOUR, {}), (DAY / 2, {})]:
        clock.seconds = START
        app.run(store.set(sid, {"cookie": cookie, "n": 1}))
        browser = app.browser()
        browser.cookie = f"s%3A{Signer(SECRET).sign(sid)}"
        clock.advance(idle)
        assert expected == browser.get("/").json()
        assert bool(expected) == bool(app.run(store.length()))


def test_threat_28_a_used_row_of_express_lives_on_under_the_idle_timeout(site, store, clock):
    """Threat 28: once used here a row of Express's ends an hour after that, and says so."""
    app = site(PAGES, idle_timeout=HOUR)
    sid = "MZf5lXqGZ2kI5bPzJ3c1XTYEJ2nJ0nqS"
    app.run(store.set(sid, {"cookie": {"originalMaxAge": None, "expires": None}, "n": 1}))
    browser = app.browser()
    browser.cookie = f"s%3A{Signer(SECRET).sign(sid)}"
    clock.advance(HOUR / 2)
    assert HOUR / 2 == browser.get("/ends").json()["left"]
    clock.advance(HOUR * 0.75)
    assert HOUR / 4 == browser.get("/ends").json()["left"]
    clock.advance(HOUR)
    assert {} == browser.get("/").json()


def test_threat_28_the_absolute_timeout_ends_however_much_it_is_used(site, store, clock):
    """Threat 28: used all the time, a session is over when its absolute timeout has passed."""
    app = site(PAGES, absolute_timeout=timedelta(hours=12), cookie={"max_age": 30 * DAY})
    browser = app.browser()
    browser.get("/count")
    for n in range(2, 13):
        clock.advance(HOUR)
        assert {"n": n} == browser.get("/count").json()
    clock.advance(HOUR - 1)
    assert 1 == browser.get("/ends").json()["left"]
    clock.advance(1)
    assert {} == browser.get("/").json()
    assert 0 == app.run(store.length())


def test_threat_28_an_express_row_counts_from_when_it_is_first_seen(site, store, clock):
    """Threat 28: a row that does not say when it began is over twelve hours after the first use."""
    app = site(PAGES, absolute_timeout=12 * HOUR)
    sid = "MZf5lXqGZ2kI5bPzJ3c1XTYEJ2nJ0nqS"
    cookie = {"originalMaxAge": 30 * DAY * 1000, "expires": None}
    app.run(store.set(sid, {"cookie": cookie, "n": 1}))
    browser = app.browser()
    browser.cookie = f"s%3A{Signer(SECRET).sign(sid)}"
    for _ in range(12):
        assert {"n": 1} == browser.get("/").json()
        clock.advance(HOUR)
        # Express touches it, knowing of no timeout.
        app.run(store.touch(sid, {"cookie": {"expires": at(30 * DAY)}}))
    assert {} == browser.get("/").json()


def test_the_absolute_timeout_counts_from_sign_in(site, clock):
    """Signing in begins the absolute timeout anew: browsing before it uses nothing up."""
    app = site(PAGES, absolute_timeout=12 * HOUR, owner="user.id")
    browser = app.browser()
    browser.get("/count")
    clock.advance(11 * HOUR)
    browser.get("/in")
    clock.advance(11 * HOUR)
    assert {"n": 1, "user": {"id": 7}} == browser.get("/").json()
    clock.advance(HOUR)
    assert {} == browser.get("/").json()


def test_the_cookie_never_outlives_the_absolute_timeout(site, clock):
    """The cookie's `Expires` lies at the absolute end at the latest; the idle one is not in it."""
    app = site(PAGES, idle_timeout=HOUR, absolute_timeout=12 * HOUR, cookie={"max_age": DAY})
    browser = app.browser()
    (header,) = set_cookies(browser.get("/count"))
    assert f"; Max-Age={12 * HOUR};" in header
    clock.advance(HOUR / 2)
    (header,) = set_cookies(browser.get("/count"))
    assert f"; Max-Age={11.5 * HOUR:.0f};" in header


def test_the_stored_cookie_of_a_browser_session_has_no_end(site, store):
    """For a cookie that ends with the browser `expires` is null in the row, timeouts or not."""
    app = site(PAGES, **AAL2)
    browser = app.browser()
    (header,) = set_cookies(browser.get("/count"))
    assert "Expires" not in header
    row = app.run(store.get(browser.sid))
    assert (None, None) == (row["cookie"]["originalMaxAge"], row["cookie"]["expires"])
    assert at(HOUR) == row.expires


PRESETS = [(AAL1, None, 30 * DAY), (AAL2, HOUR, 24 * HOUR), (AAL3, HOUR / 4, 12 * HOUR)]


@pytest.mark.parametrize(("preset", "idle", "absolute"), PRESETS, ids=["AAL1", "AAL2", "AAL3"])
def test_the_presets_are_nist_s(site, clock, preset, idle, absolute):
    """NIST SP 800-63B-4, 2.1.3 to 2.3.3: `**AAL2` and its like set both timeouts."""
    assert AAL2 is WSGI_AAL2
    app = site(PAGES, cookie={"max_age": 60 * DAY}, **preset)
    browser = app.browser()
    browser.get("/count")
    assert (idle or absolute) == browser.get("/ends").json()["left"]
    step = idle * 0.95 if idle else DAY
    while clock() + step < START + absolute:
        clock.advance(step)
        assert {"n": 1} == browser.get("/").json()
    clock.seconds = START + absolute
    assert {} == browser.get("/").json()
    if idle:
        browser.get("/count")
        clock.advance(idle)
        assert {} == browser.get("/").json()


def test_asvs_7_2_4_reauthentication_resets_both_timeouts(site, clock):
    """ASVS 7.2.4, NIST 5.2: `reauthenticated()` gives a new id and begins both timeouts anew."""
    app = site(PAGES, idle_timeout=HOUR, absolute_timeout=2 * HOUR)
    browser, thief = app.browser(), app.browser()
    browser.get("/count")
    old = thief.cookie = browser.cookie
    clock.advance(HOUR * 0.95)
    browser.get("/prove")
    assert old != browser.cookie
    assert {} == thief.get("/").json()
    for _ in range(2):
        clock.advance(HOUR * 0.95)
        assert {"n": 1} == browser.get("/").json()
    clock.advance(HOUR * 0.1)
    assert {} == browser.get("/").json()


def test_asvs_7_5_1_a_recent_proof_can_be_asked_for(site, clock):
    """ASVS 7.5.1: `authenticated_within` is true for as long after sign-in or the latest proof."""
    browser = site(PAGES, owner="user.id").browser()
    assert not browser.get("/proved").json()
    browser.get("/count")
    assert not browser.get("/proved").json()
    browser.get("/in")
    clock.advance(300)
    assert browser.get("/proved").json()
    clock.advance(1)
    assert not browser.get("/proved").json()
    browser.get("/prove")
    assert browser.get("/proved").json()


@pytest.mark.parametrize("out", ["/out", "/leave"])
def test_asvs_7_5_1_nothing_is_proved_after_sign_out(site, clock, out):
    """ASVS 7.5.1: who has signed out has proved nothing, also where other data stay."""

    def leave(request):
        del request.session["user"]
        return {}

    app = site({**PAGES, "/leave": leave}, owner="user.id", absolute_timeout=HOUR)
    browser = app.browser()
    browser.get("/count")
    clock.advance(HOUR - 1)
    browser.get("/in")
    clock.advance(60)
    browser.get(out)
    assert not browser.get("/proved").json()
    assert ({"n": 1} if out == "/leave" else {}) == browser.get("/").json()


def test_the_times_that_a_session_tells(site, clock):
    """`created`, `last_seen` and `authenticated_at` say when it was; a new session has none."""
    app = site(PAGES, owner="user.id", touch_interval=0)
    browser = app.browser()
    assert [None, None, None] == browser.get("/times").json()
    browser.get("/count")
    clock.advance(10)
    browser.get("/in")
    clock.advance(10)
    assert [0, 10, 10] == browser.get("/times").json()
    clock.advance(10)
    assert [0, 20, 10] == browser.get("/times").json()


def test_time_left_and_expires_agree(site, clock):
    """`time_left` and `expires` say when the session ends if it is not used again."""
    browser = site(PAGES, idle_timeout=HOUR).browser()
    expected = {"left": HOUR, "expires": at(HOUR).isoformat()}
    assert expected == browser.get("/ends").json()
    browser.get("/count")
    clock.advance(60)
    assert {**expected, "left": HOUR - 60} == browser.get("/ends").json()


@pytest.mark.parametrize("path", ["/poll", "/poll-and-count"])
@pytest.mark.parametrize("on_conflict", ["merge", "replace"])
def test_nist_5_2_a_poll_is_no_activity(site, clock, path, on_conflict):
    """NIST 5.2: `no_activity()` leaves the end where it was, also for a request that changes."""
    browser = site(PAGES, idle_timeout=HOUR, on_conflict=on_conflict).browser()
    browser.get("/count")
    for _ in range(5):
        clock.advance(HOUR * 0.19)
        assert 200 == browser.get(path).status_code
    assert HOUR * 0.05 == pytest.approx(browser.get("/ends").json()["left"])


def test_nist_5_2_a_poll_that_saves_by_hand_is_none_either(site, clock):
    """NIST 5.2: after `no_activity()` the whole request is none, also what follows a `save()`."""

    async def page(request):
        poll_and_count(request)
        await finish(request.session.save())
        return {}

    browser = site({**PAGES, "/x": page}, idle_timeout=HOUR).browser()
    browser.get("/count")
    clock.advance(HOUR / 2)
    browser.get("/x")
    assert HOUR / 2 == browser.get("/ends").json()["left"]


def test_nist_5_2_a_poll_takes_no_activity_away(site, store, clock):
    """NIST 5.2: a poll that changes data leaves the end that a parallel request has moved."""

    async def page(request):
        poll_and_count(request)
        await finish(store.touch(request.session.id, {"cookie": {"expires": at(1.5 * HOUR)}}))
        return {}

    browser = site({**PAGES, "/x": page}, idle_timeout=HOUR).browser()
    browser.get("/count")
    clock.advance(HOUR / 2)
    browser.get("/x")
    assert HOUR == browser.get("/ends").json()["left"]


@pytest.mark.parametrize("polls_last", [True, False])
def test_nist_5_2_the_last_word_on_activity_counts(site, clock, polls_last):
    """NIST 5.2: of `no_activity()` and `touch()` the later call holds."""

    def page(request):
        acts = [request.session.touch, request.session.no_activity]
        for act in acts if polls_last else reversed(acts):
            act()
        return {}

    browser = site({**PAGES, "/x": page}, idle_timeout=HOUR).browser()
    browser.get("/count")
    clock.advance(HOUR / 2)
    browser.get("/x")
    assert (HOUR / 2 if polls_last else HOUR) == browser.get("/ends").json()["left"]
