"""Django: when sessions end, by its own settings and words."""

import time
from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from connect_sqlite import open_store
from connect_sqlite.django import SessionStore, store

from .django_site import handlers

TWO_WEEKS = 1_209_600


def ends_of(answer):
    """What the cookie says of its end: its Max-Age, and whether it has Expires."""
    cookie = answer.cookies["sessionid"]
    return cookie["max-age"], bool(cookie["expires"])


def expiring(project, value):
    """A browser, and the answer that gave its session this expiry."""

    def view(request):
        request.session["n"] = 1
        request.session.set_expiry(value)

    handlers["expiry"] = view
    browser = project.browser()
    return browser, browser.get("/expiry")


def test_a_session_of_the_browser(django_project):
    """After `set_expiry(0)` the cookie ends with the browser, the next request still has the
    session, and the row lives for SESSION_COOKIE_AGE (case 18)."""
    browser, answer = expiring(django_project, 0)
    assert ("", False) == ends_of(answer)
    assert TWO_WEEKS == django_project.row(browser)[1]
    django_project.clock.advance(TWO_WEEKS - 1)
    assert 1 == browser.get("/show").json()["n"]
    django_project.clock.advance(1)
    assert {} == browser.get("/show").json()


def test_a_session_of_five_minutes(django_project):
    """After `set_expiry(300)` the cookie and the row both end in 300 seconds (case 18); what is
    saved later counts from then."""
    browser, answer = expiring(django_project, 300)
    assert (300, True) == ends_of(answer)
    assert 300 == django_project.row(browser)[1]
    django_project.clock.advance(200)
    assert (300, True) == ends_of(browser.get("/count"))
    assert 300 == django_project.row(browser)[1]
    django_project.clock.advance(300)
    assert {} == browser.get("/show").json()


@pytest.fixture
def _in_tokyo(monkeypatch):
    """A machine whose clocks are nine hours ahead of UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_tokyo")
@pytest.mark.parametrize("time_zones", [True, False])
@pytest.mark.parametrize("fixed", [timedelta, datetime])
def test_a_session_that_ends_at_a_moment(django_project, fixed, time_zones):
    """A `timedelta` or a `datetime` is a moment, with USE_TZ and without: the row ends then, and no
    request moves it."""
    with override_settings(USE_TZ=time_zones):
        moment = timedelta(hours=1)
        browser, answer = expiring(
            django_project, moment if fixed is timedelta else timezone.now() + moment
        )
        assert abs(ends_of(answer)[0] - 3600) <= 5
        assert abs(django_project.row(browser)[1] - 3600) <= 5
        django_project.clock.advance(1800)
        browser.get("/count")
        assert abs(django_project.row(browser)[1] - 1800) <= 5


def test_none_goes_back_to_the_settings(django_project):
    """`set_expiry(None)` leaves the end to SESSION_COOKIE_AGE again, and the row says no other."""
    browser, _ = expiring(django_project, 300)
    assert {"cookie", "n", "_session_expiry"} == set(django_project.row(browser)[0])
    handlers["reset"] = lambda request: request.session.set_expiry(None)
    assert (TWO_WEEKS, True) == ends_of(browser.get("/reset"))
    assert ({"n": 1}, TWO_WEEKS) == django_project.row(browser)


def test_an_expiry_that_is_taken_back_in_the_same_request(django_project):
    """A session that is saved with an expiry and again without lives for SESSION_COOKIE_AGE."""
    session = SessionStore()
    session.set_expiry(300)
    session.save()
    session.set_expiry(None)
    session.save()
    assert {session.session_key: ({}, TWO_WEEKS)} == django_project.rows


def test_the_row_itself_says_when_it_ends(django_project):
    """A row that is carried to another store, by what is in it, ends there when it ends here."""
    browser, _ = expiring(django_project, 300)
    browser.get("/count")
    data, _ = django_project.row(browser)
    key = django_project.key(browser)
    with open_store(":memory:", clock=django_project.clock) as other:
        other.set(key, data)
        assert other.get(key).expires == store().get(key).expires


def test_rotation_keeps_the_expiry(django_project):
    """A session that was given an expiry has it under its new key too."""
    browser, _ = expiring(django_project, 300)
    handlers["cycle"] = lambda request: request.session.cycle_key()
    browser.get("/cycle")
    assert 300 == django_project.row(browser)[1]
    assert 300 == browser.get("/show").json()["_session_expiry"]


def test_the_settings_decide(django_project):
    """SESSION_COOKIE_AGE and SESSION_EXPIRE_AT_BROWSER_CLOSE mean what they do in Django."""
    with override_settings(SESSION_COOKIE_AGE=600):
        browser = django_project.browser()
        assert (600, True) == ends_of(browser.get("/count"))
        assert ({"n": 1}, 600) == django_project.row(browser)
        with override_settings(SESSION_EXPIRE_AT_BROWSER_CLOSE=True):
            assert ("", False) == ends_of(browser.get("/count"))
            assert 600 == django_project.row(browser)[1]


def test_a_ttl_of_the_stores_changes_nothing(django_project):
    """SESSION_COOKIE_AGE decides, whatever `ttl` CONNECT_SQLITE has."""
    with override_settings(CONNECT_SQLITE=django_project.settings(ttl=60)):
        browser = django_project.browser()
        browser.get("/count")
        assert ({"n": 1}, TWO_WEEKS) == django_project.row(browser)


def test_every_request_may_move_the_end(django_project):
    """With SESSION_SAVE_EVERY_REQUEST a view that does nothing moves the end of cookie and row, and
    leaves alone what another request saves meanwhile."""
    browser = django_project.browser()
    browser.get("/count")
    twin = django_project.twin(browser)

    def slow(request):
        twin.get("/count")

    handlers["slow"] = slow
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        django_project.clock.advance(1000)
        assert (TWO_WEEKS, True) == ends_of(browser.get("/slow"))
        assert ({"n": 2}, TWO_WEEKS) == django_project.row(browser)
        assert {} == django_project.browser().get("/idle").cookies


def test_a_session_that_has_ended_is_an_update_error_only_when_others_ended_it(django_project):
    """A request that itself sets an end in the past is answered as Django does, and the session
    is gone."""
    browser = django_project.browser()
    browser.get("/count")
    handlers["past"] = lambda request: request.session.set_expiry(-10)
    twin = SessionStore(django_project.key(browser))
    twin.set_expiry(-10)
    assert 200 == browser.get("/past").status_code
    assert {} == browser.get("/show").json()
    assert {} == django_project.rows
    with pytest.raises(UpdateError):
        twin.save()


def test_clearsessions(django_project):
    """`clearsessions` deletes what has ended, and nothing else."""
    handlers["short"] = lambda request: request.session.set_expiry(300)
    for _ in range(3):
        django_project.browser().get("/short")
    browser = django_project.browser()
    browser.get("/count")
    django_project.clock.advance(301)
    assert 4 == len(django_project.rows)
    call_command("clearsessions")
    assert {django_project.key(browser)} == set(django_project.rows)


def test_a_kind_of_session_of_ones_own(django_project):
    """A subclass that says how old its cookies get is believed."""

    class Short(SessionStore):
        def get_session_cookie_age(self):
            return 60

    session = Short()
    session.create()
    assert 60 == django_project.rows[session.session_key][1]
    session["n"] = 1
    session.save()
    assert 60 == django_project.rows[session.session_key][1]
