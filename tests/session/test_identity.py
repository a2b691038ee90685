"""Who is taken for whom: ids, secrets, sign-in and sign-out."""

import pytest

from connect_sqlite._session.signing import Signer

from .conftest import BOTH, SECRET
from .site import BASIC, finish, set_cookies, sign_in, sign_out

pytestmark = BOTH


def test_threat_22_a_flood_of_strangers_writes_nothing(site, store):
    """Threats 5, 22: visitors without a cookie leave no row, and cost no call of the store."""
    app = site({**BASIC, "/empty": lambda r: r.session.clear() or {}})
    for path in ("/", "/idle", "/empty", "/out"):
        for _ in range(25):
            app.browser().get(path)
    assert {} == store.calls
    assert 0 == app.run(store.length())


@pytest.mark.parametrize("sid", ["made-up", "x" * 43, "../../etc/passwd", "'; DROP TABLE sessions"])
def test_threat_18_an_unknown_id_is_never_adopted(site, store, sid):
    """Threat 18: an id that the client made up gets no session, even well signed."""
    app = site(BASIC)
    browser = app.browser()
    headers = {"cookie": f"connect.sid=s:{Signer(SECRET).sign(sid)}"}
    assert {"n": 1} == browser.get("/count", headers=headers).json()
    assert browser.sid not in (sid, None)
    assert [browser.sid] == browser.run(store.ids())


def test_threat_13_a_bad_cookie_reads_nothing(site, store):
    """Threat 13: with a signature that does not hold one is a stranger; the store is not asked."""
    app = site(BASIC)
    browser = app.browser()
    browser.get("/count")
    store.calls.clear()
    for cookie in (browser.cookie[:-1], browser.cookie[:-5] + "AAAAA", "s%3A" + "x" * 60_000):
        stranger = app.browser()
        response = stranger.get("/", headers={"cookie": f"connect.sid={cookie}"})
        assert (200, {}) == (response.status_code, response.json())
    assert {} == store.calls


def test_w7_a_dead_cookie_in_front_locks_nobody_out(site, store):
    """W7 of Ours: of several cookies the first that the store knows is used; fields are joined."""
    app = site(BASIC)
    browser = app.browser()
    browser.get("/count")
    dead = f"connect.sid=s:{Signer(SECRET).sign('dead')}"
    for headers in (
        [("cookie", f"{dead}; connect.sid={browser.cookie}")],
        [("cookie", dead), ("cookie", "a=1"), ("cookie", f"connect.sid={browser.cookie}")],
    ):
        assert {"n": 1} == app.browser().get("/", headers=headers).json()


def test_w8_a_cookie_under_the_old_secret_is_good(site):
    """W8: after a change of secret visitors stay signed in; the next cookie is signed anew."""
    new = "another secret that is long enough"
    browser = site(BASIC).browser()
    browser.get("/count")
    sid, old_cookie = browser.sid, browser.cookie
    later = site(BASIC, secret=[new, SECRET]).browser()
    later.cookie = old_cookie
    assert {"n": 2} == later.get("/count").json()
    assert (sid, old_cookie) == (later.sid, later.cookie)
    later.get("/in")
    alone = site(BASIC, secret=new).browser()
    alone.cookie = later.cookie
    assert {"n": 2, "user": {"id": 7}} == alone.get("/").json()


def test_threat_19_the_old_id_is_dead_after_sign_in(site):
    """Threat 19: who knew the id from before sign-in has nothing afterwards."""
    app = site(BASIC)
    browser, thief = app.browser(), app.browser()
    browser.get("/count")
    thief.cookie = browser.cookie
    browser.get("/in")
    assert {} == thief.get("/").json()


def test_case_7_the_cookie_is_deleted_as_it_was_set(site):
    """Case 7: the deleting `Set-Cookie` has the name, domain, path and flags of the setting one."""
    options = {"domain": "example.com", "path": "/shop", "secure": True, "same_site": "lax"}
    handlers = {"/shop/in": sign_in, "/shop/out": sign_out}
    browser = site(handlers, cookie=options).browser("https://www.example.com")
    (given,) = set_cookies(browser.get("/shop/in"))
    (taken,) = set_cookies(browser.get("/shop/out"))
    assert given.partition(";")[2] == "".join(
        taken.partition(";")[2].split(" Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0;")
    )
    assert taken.startswith("connect.sid=;")


def test_case_12_regenerate_then_sign_in(site, store):
    """Case 12: one `Set-Cookie` with a new id, no old data, the old id dead, one row."""

    def handler(request):
        request.session.regenerate()
        request.session["user"] = {"id": 7}
        return {}

    app = site({**BASIC, "/in": handler})
    browser, thief = app.browser(), app.browser()
    browser.get("/count")
    thief.cookie, old = browser.cookie, browser.sid
    assert 1 == len(set_cookies(browser.get("/in")))
    assert old != browser.sid
    assert {"user": {"id": 7}} == browser.get("/").json()
    assert {} == thief.get("/").json()
    assert 1 == app.run(store.length())


def test_case_15_log_out_everywhere_else(site, store):
    """Case 15: a sign-in that ends the user's other sessions leaves one row, under a new id."""

    async def again(request):
        await finish(store.destroy_where("user.id", 7, keep=(request.session.id,)))
        request.session.rotate()
        return {}

    app = site({**BASIC, "/again": again})
    browsers = [app.browser() for _ in range(3)]
    for browser in browsers:
        browser.get("/in")
    old = browsers[0].sid
    browsers[0].get("/again")
    assert [{"user": {"id": 7}}, {}, {}] == [b.get("/").json() for b in browsers]
    assert old != browsers[0].sid
    assert 1 == app.run(store.length())


@pytest.mark.parametrize("secure_host", ["http://localhost:8000", "http://127.0.0.1"])
def test_case_11_a_secure_cookie_over_plain_http(site, caplog, secure_host):
    """Case 11: a `Secure` cookie is kept back over plain HTTP, and the log says why, once."""
    app = site(BASIC, cookie={"secure": True})
    browser = app.browser()
    for _ in range(3):
        assert [] == set_cookies(browser.get("/count"))
    (record,) = caplog.records
    assert "Secure" in record.getMessage()
    assert 1 == len(set_cookies(app.browser("https://shop.example").get("/count")))
    assert 1 == len(set_cookies(app.browser(secure_host).get("/count")))


def test_one_word_makes_the_cookie_host_only(site):
    """ASVS 3.3.1: the name `__Host-…` is all it takes for a `Secure` cookie of this host alone."""
    browser = site(BASIC, name="__Host-sid").browser("https://shop.example")
    (header,) = set_cookies(browser.get("/count"))
    assert header.startswith("__Host-sid=s%3A")
    assert header.endswith("; Path=/; HttpOnly; Secure; SameSite=Lax")
    assert {"n": 2} == browser.get("/count").json()
