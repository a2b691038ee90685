"""Sessions that an aiohttp application begins anew, or gives an id of its choice."""

import pytest
from aiohttp_session import get_session, new_session

from .aiohttp_site import BASIC, IGNORING, show

pytestmark = IGNORING


@pytest.mark.parametrize("looks", [False, True], ids=["unseen", "seen"])
@pytest.mark.parametrize("saves", [False, True], ids=["saved late", "saved at once"])
def test_new_session_takes_the_place_of_the_old(aiohttp_site, looks, saves):
    """`new_session` is empty and gets an id of its own; the session of before is dead."""

    async def anew(request):
        if looks:
            await show(request)
        session = await new_session(request)
        assert (session.new, dict(session)) == (True, {})
        session["user"] = 8
        if saves:
            await session.save()
        return {}

    site = aiohttp_site({**BASIC, "/anew": anew})
    browser, old = site.browser(), site.browser()
    browser.get("/count")
    old.cookie = browser.cookie
    browser.get("/anew")
    assert '{"user": 8}' == browser.get("/").text
    assert "{}" == old.get("/").text
    assert 1 == site.rows.length()


def test_new_session_for_a_stranger(aiohttp_site):
    """`new_session` of a visitor without a session makes one."""

    async def anew(request):
        (await new_session(request))["user"] = 8
        return {}

    site = aiohttp_site({**BASIC, "/anew": anew})
    browser = site.browser()
    browser.get("/anew")
    assert '{"user": 8}' == browser.get("/").text


def test_an_empty_new_session_ends_nothing(aiohttp_site):
    """`new_session` without data leaves the old one alone, unless it is invalidated."""

    async def look(request):
        session = await new_session(request)
        return list(session)

    async def end(request):
        (await new_session(request)).invalidate()
        return {}

    site = aiohttp_site({**BASIC, "/look": look, "/end": end})
    browser = site.browser()
    browser.get("/count")
    assert [] == browser.get("/look").set_cookies
    assert '{"n": 1}' == browser.get("/").text
    browser.get("/end")
    assert 0 == site.rows.length()


def test_a_new_session_may_be_given_its_identity(aiohttp_site):
    """`set_new_identity` chooses a new session's id, and is refused for a known one."""

    async def named(request):
        session = await get_session(request)
        session.set_new_identity("chosen by the application")
        session["n"] = 1
        return session.identity

    site = aiohttp_site({**BASIC, "/named": named})
    browser = site.browser()
    assert '"chosen by the application"' == browser.get("/named").text
    assert ["chosen by the application"] == site.rows.ids()
    assert 500 == browser.get("/named").status


def test_an_identity_that_somebody_has_is_not_taken(aiohttp_site):
    """An identity that is live already gives nobody another's session."""

    async def named(request):
        session = await new_session(request)
        session.set_new_identity("taken")
        session["mine"] = True
        return {}

    site = aiohttp_site({**BASIC, "/named": named})
    site.rows.set("taken", {"theirs": True})
    browser = site.browser()
    browser.get("/named")
    assert '{"mine": true}' == browser.get("/").text
    assert {"theirs": True} == site.rows.get("taken")
