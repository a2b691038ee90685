"""Sessions in Flask and in Quart, which are the same in both: data, cookies and lifetimes."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from .flask_like_site import SITES, count, nothing, show

DAY = 86_400
MONTH = 31 * DAY


@pytest.fixture(params=SITES)
def site(request, tmp_path):
    """Builds a site of these views in Flask, or Quart; it is closed in the end."""
    sites = []

    def build(views, **options):
        sites.append(SITES[request.param](tmp_path / "sessions.db", views, **options))
        return sites[-1]

    yield build
    for each in sites:
        each.close()


def remember(session):
    session.permanent = True
    session["user"] = "Mira"
    return "remembered"


def clear(session):
    session.clear()
    return "cleared"


def test_data_stay_from_one_request_to_the_next(site):
    """What a view puts into the session is there at the same browser's next request only."""
    pages = site({"/": count})
    mine, yours = pages.browser(), pages.browser()
    assert ["1", "2", "3"] == [mine("/").text for _ in range(3)]
    assert "1" == yours("/").text
    assert 2 == pages.rows.length()


def test_a_change_deep_in_the_data_is_saved_without_modified(site):
    """A list in the session can be appended to, and `modified` says so by itself."""

    def add(session):
        before = session.modified
        session["basket"]["things"].append("tea")
        return [before, session.modified]

    def start(session):
        session["basket"] = {"things": []}
        return "started"

    visit = site({"/start": start, "/add": add, "/": show}).browser()
    visit("/start")
    assert [False, True] == visit("/add").json
    assert {"basket": {"things": ["tea"]}} == visit("/").json


def test_who_does_nothing_stays_unknown(site):
    """A visitor whose session is only looked at costs no read and no row, and gets no cookie."""
    pages = site({"/look": show, "/": nothing})
    answer = pages.browser()("/look")
    assert ([], ["Cookie"]) == (answer.all("Set-Cookie"), answer.vary)
    assert 0 == pages.store.calls.total()
    assert 0 == pages.rows.length()


def test_a_page_that_does_not_look_says_nothing_of_it(site):
    """A known visitor's page that leaves the session alone has no cookie and no `Vary`, and writes
    nothing (case 14)."""
    pages = site({"/": count, "/plain": nothing})
    visit = pages.browser()
    visit("/")
    pages.store.calls.clear()
    answer = visit("/plain")
    assert ([], [], []) == (answer.all("Set-Cookie"), answer.vary, answer.all("Cache-Control"))
    assert {"get": 1} == pages.store.calls


def test_a_page_that_looks_says_so_in_one_header(site):
    """`Vary` is one header, also where the view has one; a personal page is kept out of caches."""

    def page(session):
        return f"for {session.get('visits')}", {"Vary": "Accept-Language"}

    visit = site({"/": count, "/page": page}).browser()
    visit("/")
    answer = visit("/page")
    assert ["Accept-Language, Cookie"] == answer.vary
    assert ["no-store"] == answer.all("Cache-Control")


def test_clearing_ends_the_session_with_its_own_path_and_domain(site):
    """After `session.clear()` the row is gone, and the cookie is deleted with the path and domain
    that it was set with (case 16)."""
    config = {"SESSION_COOKIE_PATH": "/app", "SESSION_COOKIE_DOMAIN": "example.com"}
    pages = site({"/app": count, "/app/clear": clear, "/app/show": show}, config=config)
    # The test clients have another host, to which that cookie does not go.
    visit = pages.browser(use_cookies=False)
    value, attributes = visit("/app").cookie()
    answer = visit("/app/clear", headers={"Cookie": f"session={value}"})
    ended, ending = answer.cookie()
    assert 0 == pages.rows.length()
    assert ("", "0") == (ended, ending["Max-Age"])
    for name in ("Path", "Domain", "HttpOnly"):
        assert attributes[name] == ending[name]
    assert {"Path": "/app", "Domain": "example.com", "HttpOnly": ""} == attributes


def test_the_cookie_ends_with_the_browser_unless_it_is_permanent(site):
    """Without `permanent` the cookie has no end and the row lives for the store's `ttl`; with it
    both end after `PERMANENT_SESSION_LIFETIME` (case 17)."""
    config = {"PERMANENT_SESSION_LIFETIME": timedelta(days=31)}
    pages = site({"/": count, "/remember": remember}, config=config, store={"ttl": DAY})
    visit = pages.browser()
    _, attributes = visit("/").cookie()
    assert {"Path": "/", "HttpOnly": ""} == attributes
    assert DAY == pages.row().expires.timestamp() - pages.clock.now
    _, attributes = visit("/remember").cookie()
    assert str(MONTH) == attributes["Max-Age"]
    assert "Mon, 15 Feb 2027 08:00:00 GMT" == attributes["Expires"]
    assert MONTH == pages.row().expires.timestamp() - pages.clock.now


def test_a_permanent_session_can_become_another_again(site):
    """With `permanent` set back to false the cookie ends with the browser, the row after `ttl`."""

    def forget(session):
        session.permanent = False
        return "forgotten"

    pages = site({"/": remember, "/forget": forget}, store={"ttl": DAY})
    visit = pages.browser()
    visit("/")
    _, attributes = visit("/forget").cookie()
    assert "Max-Age" not in attributes
    assert DAY == pages.row().expires.timestamp() - pages.clock.now


@pytest.mark.parametrize("refreshes", [True, False])
def test_a_permanent_session_is_sent_again_by_pages_that_do_not_touch_it(site, refreshes):
    """So that its cookie lives on, unless `SESSION_REFRESH_EACH_REQUEST` is off."""
    config = {"SESSION_REFRESH_EACH_REQUEST": refreshes}
    pages = site({"/": remember, "/plain": nothing}, config=config)
    visit = pages.browser()
    first = visit("/").cookie()
    answer = visit("/plain")
    assert refreshes == bool(answer.all("Set-Cookie"))
    assert (["Cookie"] if refreshes else []) == answer.vary
    if refreshes:
        assert first == answer.cookie()


def test_a_permanent_session_that_is_read_lives_on(site):
    """Its row moves with use, once a tenth of its lifetime has passed, and not at each request."""
    pages = site({"/": remember, "/plain": nothing})
    visit = pages.browser()
    visit("/")
    first = pages.row().expires
    pages.clock.advance(DAY)
    visit("/plain")
    assert first == pages.row().expires
    pages.clock.advance(3 * DAY)
    visit("/plain")
    assert MONTH == pages.row().expires.timestamp() - pages.clock.now


def test_permanent_alone_makes_no_session(site):
    """Set for every visitor before anything is known of them, it costs no row and no cookie."""

    def prepare(app):
        @app.before_request
        def permanent():
            pages.module.session.permanent = True

    pages = site({"/": nothing, "/count": count, "/clear": clear}, prepare=prepare)
    visit = pages.browser()
    assert [] == visit("/").all("Set-Cookie")
    assert 0 == pages.rows.length()
    assert str(MONTH) == visit("/count").cookie()[1]["Max-Age"]
    assert "0" == visit("/clear").cookie()[1]["Max-Age"]
    assert 0 == pages.rows.length()


def test_a_lifetime_that_another_application_gave_stays(site):
    """What is not permanent here keeps the lifetime that `session.cookie.max_age` gave it."""

    def long(session):
        session.cookie.max_age = 7 * DAY
        return count(session)

    pages = site({"/long": long, "/": count})
    visit = pages.browser()
    assert str(7 * DAY) == visit("/long").cookie()[1]["Max-Age"]
    assert str(7 * DAY) == visit("/").cookie()[1]["Max-Age"]
    assert 7 * DAY == pages.row().expires.timestamp() - pages.clock.now


VALUES = {
    "at": datetime(2026, 11, 25, 12, 30, tzinfo=UTC),
    "id": uuid.UUID(int=7),
    "raw": b"\xff\x00",
    "pair": (1, (2, [3])),
    "html": Markup("<b>bold</b>"),
    "deep": [{"at": datetime(2026, 1, 1, tzinfo=UTC), "pairs": [(1, 2)]}],
    "not a tuple": {" t": "not-a-tuple"},
    "not a tag": {" t__": "not-a-tuple"},
    "not a dict": {" di": "not-a-dict"},
    "plain": {"a": [1, 2.5, None, True, "text"]},
}


def test_flasks_values_stay_what_they_are(site):
    """Times, UUIDs, bytes, tuples and Markup come back as they were, also from deep inside, and
    what only looks like them in JSON too."""

    def put(session):
        session.update(VALUES)
        return "put"

    def compare(session):
        seen = dict(session)
        return [VALUES == seen, *(type(seen[name]) is type(VALUES[name]) for name in VALUES)]

    pages = site({"/": put, "/compare": compare})
    visit = pages.browser()
    visit("/")
    pages.store.calls.clear()
    assert [True] * (len(VALUES) + 1) == visit("/compare").json
    assert {"get": 1} == pages.store.calls
    assert {" t": [1, {" t": [2, [3]]}]} == pages.row()["pair"]


def test_a_list_that_becomes_a_tuple_is_a_change(site):
    """A value that is another one only in its kind is saved."""

    def begin(session):
        session["pair"] = [1, 2]
        return "begun"

    def turn(session):
        session["pair"] = tuple(session["pair"])
        return "turned"

    pages = site({"/": begin, "/turn": turn})
    visit = pages.browser()
    visit("/")
    visit("/turn")
    assert {" t": [1, 2]} == pages.row()["pair"]


def test_a_tag_that_others_wrote_is_left_as_it_is(site):
    """What another program wrote that only looks like a tag does not keep the session from use,
    and its value is not lost."""
    pages = site({"/": count, "/show": show})
    visit = pages.browser()
    visit("/")
    odd = {"odd": {" u": 7}, "when": [{" d": "tomorrow"}]}
    pages.rows.merge(pages.row().id, odd, (), None)
    assert {"visits": 1, **odd} == visit("/show").json
    visit("/")
    assert {"visits": 2, **odd} == visit("/show").json


LOOKALIKES = [{" u": 7}, {" t": {"a": 1}}, {" di": {"x": 1}}, {" m": 5}]


@pytest.mark.parametrize("odd", LOOKALIKES, ids=str)
def test_what_others_wrote_stays_in_the_file_as_it_is(site, odd):
    """A request that reads, or changes another key, writes nothing over what looks like a tag."""
    pages = site({"/": count, "/show": show, "/turn": lambda session: session.rotate()})
    visit = pages.browser()
    visit("/")
    pages.rows.merge(pages.row().id, {"odd": odd}, (), None)
    for path in ("/show", "/", "/turn", "/show"):
        visit(path)
        assert odd == pages.row()["odd"]
    assert 2 == pages.row()["visits"]


def test_messages_are_flashed_once(site):
    """`flash()` shows its message at the next page, once."""

    def flash(session):
        return pages.flash("Saved.", "info")

    def flashed(session):
        return [list(each) for each in pages.module.get_flashed_messages(with_categories=True)]

    pages = site({"/flash": flash, "/": flashed})
    visit = pages.browser()
    visit("/flash")
    assert [["info", "Saved."]] == visit("/").json
    assert [] == visit("/").json


def test_modified_set_to_false_leaves_aside_what_was_changed(site):
    """What was changed before `modified = False` is not saved, in a new session and a known one."""

    def change(session):
        session["left"] = "aside"
        session.modified = False
        return [session.modified]

    pages = site({"/": count, "/change": change, "/show": show})
    visit = pages.browser()
    assert [False] == visit("/change").json
    assert 0 == pages.rows.length()
    visit("/")
    visit("/change")
    assert {"visits": 1} == visit("/show").json


def test_modified_set_to_false_leaves_later_changes_alone(site):
    """Something changed after `modified = False` saves all that was changed."""

    def change(session):
        session["first"] = 1
        session.modified = False
        session["second"] = 2
        return [session.modified]

    visit = site({"/": count, "/change": change, "/show": show}).browser()
    visit("/")
    assert [True] == visit("/change").json
    assert {"visits": 1, "first": 1, "second": 2} == visit("/show").json


def test_modified_set_to_true_moves_the_end(site):
    """The cookie is sent and the row's end moved, though nothing was changed."""

    def renew(session):
        session.modified = True
        return "renewed"

    pages = site({"/": count, "/renew": renew}, store={"ttl": DAY})
    visit = pages.browser()
    first = visit("/").cookie()
    pages.clock.advance(60)
    assert first == visit("/renew").cookie()
    assert DAY == pages.row().expires.timestamp() - pages.clock.now


def test_new_says_whether_the_store_knows_it(site):
    """`session.new` is true until the session was saved."""

    def new(session):
        session["a"] = 1
        return [session.new, session.is_new]

    visit = site({"/": new}).browser()
    assert [True, True] == visit("/").json
    assert [False, False] == visit("/").json
