"""How long a session lives, and what reading it costs."""

from .conftest import BOTH
from .site import BASIC, DAY, during, set_cookies

pytestmark = BOTH


def test_threat_28_the_server_ends_the_session(site, clock):
    """Threat 28: a session that is over stays over, though the browser still sends its cookie."""
    browser = site(BASIC).browser()
    browser.get("/count")
    for _ in range(3):
        clock.advance(DAY * 0.9)
        assert {"n": 1} == browser.get("/").json()
    clock.advance(DAY)
    cookie = browser.cookie
    assert {} == browser.get("/").json()
    assert {"n": 1} == browser.get("/count").json()
    assert cookie != browser.cookie


def test_reading_writes_seldom(site, store, clock):
    """A page a second for an hour is one touch, for it falls due after a tenth of the lifetime."""
    browser = site(BASIC, cookie={"max_age": 36_000}).browser()
    browser.get("/count")
    for _ in range(60):
        clock.advance(60)
        browser.get("/")
    assert 1 == store.calls["touch"]
    assert 1 == store.calls["create"]
    assert {"get", "touch", "create"} == set(store.calls)


def test_case_14_a_touch_is_all_that_an_untouched_session_may_cost(site, store, clock):
    """Case 14: a due touch writes the new end, and the response says nothing of the session."""
    browser = site(BASIC).browser()
    browser.get("/count")
    clock.advance(DAY * 0.2)
    response = browser.get("/idle")
    assert {"create": 1, "get": 1, "touch": 1} == store.calls
    assert not {"set-cookie", "vary", "cache-control"} & set(response.headers)
    clock.advance(DAY * 0.9)
    assert {"n": 1} == browser.get("/").json()


def test_a_touch_is_activity_at_once(site, store):
    """`session.touch()` writes the new end though it is not due."""
    browser = site({**BASIC, "/touch": lambda r: r.session.touch() or {}}).browser()
    browser.get("/count")
    response = browser.get("/touch")
    assert 1 == store.calls["touch"]
    assert [] == set_cookies(response)


def test_remember_me_stays_with_the_session(site, store, clock):
    """`cookie.max_age = …` moves row and cookie together, and holds for later requests."""

    def remember(request):
        request.session.cookie.max_age = 30 * DAY
        return {}

    app = site({**BASIC, "/remember": remember})
    browser = app.browser()
    browser.get("/count")
    (header,) = set_cookies(browser.get("/remember"))
    assert f"; Max-Age={30 * DAY};" in header
    for _ in range(3):
        clock.advance(20 * DAY)
        assert {"n": 1} == browser.get("/").json()
    (header,) = set_cookies(browser.get("/count"))
    assert f"; Max-Age={30 * DAY};" in header


def test_remember_me_survives_a_parallel_save(site, store, clock):
    """Remember-me that is set while another request saves is not set back by that."""

    def remember(request):
        request.session.cookie.max_age = 30 * DAY
        return {}

    app = site({**BASIC, "/remember": remember}, cookie={"max_age": 60})
    browser = app.browser()
    browser.get("/count")
    store.before["merge"] = during(browser, "/remember")
    (header,) = set_cookies(browser.get("/count"))
    assert f"; Max-Age={30 * DAY};" in header
    clock.advance(20 * DAY)
    assert {"n": 2} == browser.get("/").json()
