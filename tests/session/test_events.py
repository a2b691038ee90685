"""What the hooks are told of a session's life."""

import asyncio

import pytest

from connect_sqlite import SessionExists, handle_of
from connect_sqlite.asgi import SessionEvent
from connect_sqlite.wsgi import SessionMiddleware

from .conftest import BOTH, SECRET
from .site import BASIC, count
from .test_owners import become, leave

KINDS = ("created", "rotated", "destroyed", "expired")


def regenerate(request):
    request.session.regenerate()
    request.session["fresh"] = True
    return {}


PAGES = {**BASIC, "/become": become, "/leave": leave, "/regenerate": regenerate}


class Told:
    """Hooks that write down what they are told."""

    def __init__(self):
        self.events = []
        self.options = {"owner": "user.id", **{f"on_{kind}": self._hook(kind) for kind in KINDS}}

    def _hook(self, kind):
        def hook(event):
            assert isinstance(event, SessionEvent)
            self.events.append((kind, *event))

        return hook

    def take(self):
        taken, self.events = self.events, []
        return taken


@BOTH
def test_hooks_are_told_by_handle_and_owner(site):
    """Each step of a session's life is told once: by its handle and its owner, never by its id."""
    told = Told()
    browser = site(PAGES, **told.options).browser()
    browser.get("/")
    browser.get("/count")
    first = handle_of(browser.sid)
    assert [("created", first, None, None)] == told.take()
    browser.get("/count")
    browser.get("/")
    assert [] == told.take()
    browser.get("/become?id=7")
    second = handle_of(browser.sid)
    assert [("rotated", second, 7, first)] == told.take()
    browser.get("/leave")
    third = handle_of(browser.sid)
    assert [("rotated", third, None, second)] == told.take()
    browser.get("/become?id=8")
    fourth = handle_of(browser.sid)
    told.take()
    browser.get("/regenerate")
    fifth = handle_of(browser.sid)
    expected = [("destroyed", fourth, 8, None), ("created", fifth, None, None)]
    assert expected == told.take()
    browser.get("/out")
    assert [("destroyed", fifth, None, None)] == told.take()


@BOTH
def test_a_session_that_a_timeout_ends_is_told_as_expired(site, store, clock):
    """A session that the store still had when it was over is told once, as expired."""
    told = Told()
    app = site(PAGES, absolute_timeout=60, **told.options)
    browser = app.browser()
    browser.get("/become?id=9")
    told.take()
    # Express keeps it alive, knowing of no timeout.
    app.run(store.touch(browser.sid, {"cookie": {"maxAge": 86_400_000}}))
    clock.advance(60)
    for _ in range(2):
        assert {} == browser.get("/").json()
    assert [("expired", handle_of(browser.sid), 9, None)] == told.take()


@BOTH
def test_who_makes_room_is_told_too(site, clock):
    """A session that ends for its owner's limit is told as destroyed, after the one that came."""
    told = Told()
    app = site(PAGES, sessions_per_owner=1, **told.options)
    first, second = app.browser(), app.browser()
    first.get("/become?id=7")
    clock.advance(1)
    told.take()
    second.get("/become?id=7")
    expected = [("created", handle_of(second.sid), 7, None)]
    assert [*expected, ("destroyed", handle_of(first.sid), 7, None)] == told.take()


@BOTH
@pytest.mark.parametrize("error", [RuntimeError("a bug"), SessionExists("another's")])
def test_a_hook_that_fails_undoes_nothing(site, caplog, error):
    """A hook that raises, whatever it raises, is logged with its traceback, and all stays done."""

    def hook(event):
        raise error

    options = {**Told().options, **{f"on_{kind}": hook for kind in KINDS}}
    browser = site(PAGES, **options).browser()
    for n, path in enumerate(("/count", "/become?id=7", "/out"), 1):
        assert 200 == browser.get(path).status_code
        assert n == len(caplog.records)
        assert error is caplog.records[-1].exc_info[1]
    assert {} == browser.get("/").json()


@BOTH
def test_nothing_is_told_of_what_did_not_happen(site, store):
    """A refused sign-in, and a stranger's sign-out, tell nothing."""
    told = Told()
    app = site(PAGES, sessions_per_owner=1, at_limit="refuse", **told.options)
    app.browser().get("/become?id=7")
    told.take()
    assert 403 == app.browser().get("/become?id=7").status_code
    app.browser().get("/out")
    assert [] == told.take()


def test_a_hook_is_awaited_before_the_answer_goes_out(site):
    """An async hook is awaited in ASGI, and what it did is done when the answer is there."""
    done = []

    async def hook(event):
        await asyncio.sleep(0)
        done.append(event.handle)

    browser = site(BASIC, on_created=hook).browser()
    browser.get("/count")
    assert [handle_of(browser.sid)] == done


@pytest.mark.parametrize("kind", KINDS)
def test_wsgi_takes_no_hook_that_is_awaited(kind):
    """WSGI cannot await: an async hook is an error when the middleware is built, and named."""

    async def hook(event):
        raise AssertionError

    with pytest.raises(TypeError, match=f"on_{kind}"):
        SessionMiddleware(None, store=":memory:", secret=SECRET, **{f"on_{kind}": hook})


@BOTH
def test_events_show_no_id(site):
    """Neither an event nor the handle in it lets anybody find the id."""
    told = Told()
    browser = site({"/": count}, **told.options).browser()
    browser.get("/")
    assert browser.sid not in repr(told.events)
    assert 22 == len(handle_of(browser.sid))
    assert handle_of(browser.sid) == handle_of(browser.sid) != handle_of("another")
