"""Many requests at the same time."""

import asyncio

import pytest

from .conftest import BOTH
from .site import BASIC, during, set_cookies, sign_in


def test_threat_20_visitors_see_only_their_own(site):
    """Threat 20: a thousand visitors, all at the same time, each see their own session."""
    order = []

    async def handler(request):
        mine = request.query_params["me"]
        request.session.setdefault("me", mine)
        await asyncio.sleep(0)
        order.append(mine)
        return request.session["me"]

    app = site({"/": handler})
    browsers = [app.browser() for _ in range(1000)]

    async def everybody():
        visits = (b.client.get(f"/?me={n}") for n, b in enumerate(browsers))
        return [response.json() for response in await asyncio.gather(*visits)]

    expected = [str(n) for n in range(1000)]
    assert expected == app.run(everybody())
    assert expected == app.run(everybody())


def test_threat_23_fifty_parallel_requests_all_count(site):
    """Threat 23: fifty requests at once that each add a key: all fifty keys are there."""
    gate = asyncio.Event()

    async def add(request):
        request.session[request.query_params["key"]] = 1
        await gate.wait()
        return {}

    async def open_gate(request):
        gate.set()
        return {}

    browser = site({**BASIC, "/add": add, "/open": open_gate}).browser()
    browser.get("/count")
    browser.all(*(f"/add?key=k{n}" for n in range(50)), "/open")
    assert {"n": 1, **{f"k{n}": 1 for n in range(50)}} == browser.get("/").json()


@BOTH
@pytest.mark.parametrize("call", ["merge", "rotate"])
def test_threat_24_a_slow_request_does_not_undo_a_logout(site, store, call):
    """Threats 4, 24: a logout while a request runs holds, and that request sends no cookie."""
    app = site({**BASIC, "/rotate": lambda r: r.session.rotate() or {}})
    browser, other = app.browser(), app.browser()
    browser.get("/count")
    other.cookie = browser.cookie
    store.before[call] = during(other, "/out")
    response = browser.get("/count" if call == "merge" else "/rotate")
    assert (200, []) == (response.status_code, set_cookies(response))
    assert [] == app.run(store.ids())
    assert {} == browser.get("/").json()


@BOTH
def test_threat_24_a_slow_request_does_not_take_a_newer_login_away(site, store):
    """Threat 24: after a rotation the slow request under the old id loses; the cookie stays."""
    app = site(BASIC)
    browser = app.browser()
    browser.get("/count")
    store.before["merge"] = during(browser, "/in")
    response = browser.get("/count")
    assert [] == set_cookies(response)
    assert {"n": 1, "user": {"id": 7}} == browser.get("/").json()
    assert 1 == app.run(store.length())


def test_threat_23_a_rotation_keeps_what_was_saved_meanwhile(site, store):
    """Threat 23: what another request saved while this one rotated is there under the new id."""
    app = site(BASIC)
    browser, other = app.browser(), app.browser()
    browser.get("/count")
    other.cookie = browser.cookie
    started = asyncio.Event()

    async def between():
        await other.client.get("/count")
        started.set()

    async def slow_sign_in(request):
        sign_in(request)
        await between()
        return {}

    slow = site({**BASIC, "/slow": slow_sign_in}).browser()
    slow.cookie = browser.cookie
    slow.get("/slow")
    assert {"n": 2, "user": {"id": 7}} == slow.get("/").json()


@BOTH
def test_a_regenerating_sign_in_is_not_lost_to_a_logout(site, store):
    """A sign-in that starts a new session stands, though the old session was ended meanwhile."""

    def handler(request):
        request.session.regenerate()
        request.session["user"] = 9
        return {}

    app = site({**BASIC, "/in": handler})
    browser, other = app.browser(), app.browser()
    browser.get("/count")
    other.cookie = browser.cookie
    store.before["rotate"] = during(other, "/out")
    browser.get("/in")
    assert {"user": 9} == browser.get("/").json()
