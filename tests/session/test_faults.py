"""When the store fails."""

import json

import pytest

from connect_sqlite import (
    StoreBusy,
    StoreClosed,
    StoreError,
    StoreFull,
    StoreUnavailable,
)

from .conftest import BOTH
from .site import BASIC, finish, set_cookies

pytestmark = BOTH

FAILURES = [
    StoreBusy("busy"),
    StoreFull("full"),
    StoreUnavailable("away"),
    StoreClosed("closed"),
    StoreError("other"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
@pytest.mark.parametrize(
    ("call", "path"), [("get", "/"), ("merge", "/count"), ("rotate", "/in"), ("destroy", "/out")]
)
def test_threat_26_a_store_that_fails_is_503(site, store, caplog, failure, call, path):
    """Threat 26: nobody is served as a stranger, and no logout only seems to work: it is 503."""
    browser = site(BASIC).browser()
    browser.get("/count")
    store.failures[call] = failure
    response = browser.get(path)
    assert (503, "Service Unavailable") == (response.status_code, response.text)
    assert ("no-store", []) == (response.headers["cache-control"], set_cookies(response))
    (record,) = caplog.records
    assert "ERROR" == record.levelname
    assert browser.sid not in caplog.text
    store.failures.clear()
    assert {"n": 1} == browser.get("/").json()


def test_threat_26_a_first_save_that_fails_is_503(site, store):
    """Threat 26: nor does a new visitor get a cookie for a session that was not saved."""
    browser = site(BASIC).browser()
    store.failures["create"] = StoreFull("full")
    response = browser.get("/count")
    assert (503, []) == (response.status_code, set_cookies(response))


def test_threat_26_the_handler_does_not_run_without_its_session(site, store):
    """Threat 26: when the session cannot be loaded, the handler is not run at all."""
    ran = []
    browser = site({**BASIC, "/x": lambda r: ran.append(1) or {}}).browser()
    browser.get("/count")
    store.failures["get"] = StoreBusy("busy")
    assert 503 == browser.get("/x").status_code
    assert [] == ran


def test_a_stranger_does_not_notice(site, store):
    """Pages that need no session are served while the store is away."""
    store.failures.update(dict.fromkeys(store.CALLS, StoreUnavailable("away")))
    assert 200 == site(BASIC).browser().get("/").status_code


def test_save_tells_the_handler(site, store):
    """`await session.save()` raises what the store raises, for the handler to act on."""
    seen = []

    async def handler(request):
        request.session["a"] = 1
        try:
            await finish(request.session.save())
        except StoreBusy as error:
            seen.append(error)
            request.session.clear()
        return {}

    store.failures["create"] = StoreBusy("busy")
    assert 200 == site({"/": handler}).browser().get("/").status_code
    assert 1 == len(seen)


class Spoiled:
    """A serializer that cannot read any more what it wrote."""

    readable = True

    def dumps(self, session):
        return json.dumps(session)

    def loads(self, text):
        if not self.readable:
            raise ValueError
        return json.loads(text)


def test_an_unreadable_row_counts_as_absent(site, store, runner, clock):
    """L5 of Ours: a row that cannot be read locks nobody out: its visitor starts anew."""
    codec = Spoiled()
    store = type(store)(clock=clock, serializer=codec)
    browser = site(BASIC, store=store).browser()
    browser.get("/count")
    old = browser.sid
    codec.readable = False
    assert {"n": 1} == browser.get("/count").json()
    assert old != browser.sid
    runner.run(store.close())


def test_the_log_never_holds_an_id_or_data(site, store, caplog):
    """Whatever goes wrong, neither ids nor data are logged."""
    caplog.set_level("DEBUG")

    def handler(request):
        request.session["card"] = "4111-1111"
        return {}

    app = site({**BASIC, "/x": handler})
    browser = app.browser()
    browser.get("/count")
    for call in store.CALLS:
        store.failures[call] = StoreBusy("busy")
        for path in ("/", "/x", "/in", "/out"):
            browser.get(path)
    mentioned = [r.getMessage() for r in caplog.records if r.name == "connect_sqlite"]
    assert mentioned
    for text in mentioned:
        assert browser.sid not in text
        assert "4111" not in text
