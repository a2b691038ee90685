"""What is decided about a session, without any store."""

import copy
from datetime import UTC, datetime

import pytest

from connect_sqlite import InvalidSession, StoredSession
from connect_sqlite._session.lifecycle import RULES, Action, Lifecycle, Moment
from connect_sqlite._session.options import cookie_options
from connect_sqlite._session.plan import (
    Create,
    Destroy,
    Merge,
    Outcome,
    Read,
    Rotate,
    Tell,
    Touch,
)
from connect_sqlite._session.session import Intent, Session
from connect_sqlite._session.signing import Signer
from connect_sqlite._session.timeouts import Timeouts

from .conftest import SECRET, START

NOW = int(START * 1000)
DAY = 86_400_000
OLD = "the-old-id"
DATA = {"a": 1, "user": {"id": 7}}


class Visit:
    """One request: the session as it is loaded, and what is decided about it."""

    def __init__(self, clock, *, ttl=DAY, touch_interval=None, name="connect.sid", **cookie):
        options = cookie_options(cookie)
        self.clock = clock
        self.lifecycle = Lifecycle(
            name=name,
            signer=Signer(SECRET),
            cookie=options,
            timeouts=Timeouts(options.lifetime, ttl, touch_interval, clock),
        )

    def new(self):
        return Session(self.lifecycle.timeouts)

    def loaded(self, data=None, *, lifetime=None, left=DAY, https=False, cookie=...):
        row = StoredSession(copy.deepcopy(DATA if data is None else data))
        if cookie is ...:
            cookie = self.lifecycle._writers[https].to_json(lifetime, NOW)
        if cookie is not None:
            row["cookie"] = cookie
        row.id, row.expires_ms = OLD, NOW + left
        session = self.new()
        session._fill(row)
        return session

    def plan(self, session, moment=Moment.RESPONSE, *, https=False):
        return self.lifecycle.plan(session, moment, https=https)


@pytest.fixture
def visit(clock):
    return Visit(clock)


def nothing(s):
    pass


def look(s):
    s.get("a")


def change(s):
    s["a"] = 2


def nested(s):
    s["user"]["id"] = 8


def set_and_unset(s):
    s["b"] = 1
    del s["b"]


def remember(s):
    s.cookie.max_age = 60


def then(*acts):
    def do(s):
        for act in acts:
            act(s)

    return do


CASES = [
    # known, what the handler does, the step, what the browser is told
    (False, nothing, None, Tell.NOTHING),
    (False, look, None, Tell.NOTHING),
    (False, set_and_unset, None, Tell.NOTHING),
    (False, Session.rotate, None, Tell.NOTHING),
    (False, Session.regenerate, None, Tell.NOTHING),
    (False, Session.touch, None, Tell.NOTHING),
    (False, remember, None, Tell.NOTHING),
    (False, Session.clear, None, Tell.NOTHING),
    (False, Session.destroy, None, Tell.GOODBYE),
    (False, change, Create, Tell.ID),
    (False, then(change, Session.rotate), Create, Tell.ID),
    (False, then(Session.regenerate, change), Create, Tell.ID),
    (False, then(Session.destroy, change), Create, Tell.ID),
    (False, then(change, Session.destroy), None, Tell.GOODBYE),
    (True, nothing, None, Tell.NOTHING),
    (True, look, None, Tell.NOTHING),
    (True, set_and_unset, None, Tell.NOTHING),
    (True, lambda s: s.update(a=1), None, Tell.NOTHING),
    (True, Session.touch, Touch, Tell.NOTHING),
    (True, change, Merge, Tell.NOTHING),
    (True, nested, Merge, Tell.NOTHING),
    (True, remember, Merge, Tell.ID),
    (True, Session.clear, Destroy, Tell.GOODBYE),
    (True, lambda s: [s.pop("a"), s.pop("user")], Destroy, Tell.GOODBYE),
    (True, then(Session.clear, change), Merge, Tell.NOTHING),
    (True, Session.destroy, Destroy, Tell.GOODBYE),
    (True, then(change, Session.destroy), Destroy, Tell.GOODBYE),
    (True, then(Session.destroy, change), Rotate, Tell.ID),
    (True, then(Session.destroy, Session.rotate), Destroy, Tell.GOODBYE),
    (True, Session.rotate, Rotate, Tell.ID),
    (True, then(Session.rotate, change), Rotate, Tell.ID),
    (True, then(Session.rotate, Session.clear), Destroy, Tell.GOODBYE),
    (True, Session.regenerate, Rotate, Tell.ID),
    (True, then(Session.regenerate, change), Rotate, Tell.ID),
    (True, then(Session.regenerate, Session.rotate), Rotate, Tell.ID),
    (True, then(Session.regenerate, Session.destroy), Destroy, Tell.GOODBYE),
]


@pytest.mark.parametrize(("known", "act", "step", "tell"), CASES)
def test_what_a_handler_did_decides(visit, known, act, step, tell):
    """Threats 5, 22: what the handler did is one step in the store and one word to the browser."""
    session = visit.loaded() if known else visit.new()
    act(session)
    plan = visit.plan(session)
    assert step is (None if plan.step is None else type(plan.step))
    assert tell is plan.tell
    assert not plan.too_late


LATE_CASES = [
    (False, nothing, None, False),
    (False, change, None, True),
    (True, nothing, None, False),
    (True, Session.touch, Touch, False),
    (True, change, Merge, False),
    (True, remember, Merge, False),
    (True, Session.clear, Destroy, False),
    (True, Session.destroy, Destroy, False),
    (True, Session.rotate, None, True),
    (True, Session.regenerate, Destroy, True),
    (True, then(Session.destroy, change), Destroy, True),
]


@pytest.mark.parametrize(("known", "act", "step", "too_late"), LATE_CASES)
def test_after_the_first_byte_no_id_can_be_told(visit, known, act, step, too_late):
    """After the first byte a known session is still saved; what needs a cookie is too late."""
    session = visit.loaded() if known else visit.new()
    act(session)
    plan = visit.plan(session, Moment.LATE)
    assert step is (None if plan.step is None else type(plan.step))
    assert too_late == plan.too_late


@pytest.mark.parametrize("act", [change, remember, Session.rotate, Session.destroy, Session.clear])
@pytest.mark.parametrize("known", [True, False])
def test_a_failure_saves_nothing(visit, known, act):
    """Case 13: a response of status 500 leaves the session as it was, whatever was done."""
    session = visit.loaded() if known else visit.new()
    act(session)
    plan = visit.plan(session, Moment.FAILURE)
    assert (None, Tell.NOTHING) == (plan.step, plan.tell)


def test_every_fact_has_a_rule():
    """The table leaves no question open, and every line of it decides something."""
    combinations = {
        (known, intent, changed, empty)
        for known in (True, False)
        for intent in Intent
        for changed in (True, False)
        for empty in (True, False)
    }
    used = set()
    for facts in combinations:
        used.add(
            next(r for r in RULES if all(w in (None, f) for w, f in zip(r, facts, strict=False)))
        )
    assert set(RULES) == used
    assert set(Action) == {rule.action for rule in RULES}


def test_a_new_session_is_created_with_its_cookie_first(visit):
    """What is stored has Express's `cookie` object in front of the data."""
    session = visit.new()
    session.update(DATA)
    step = visit.plan(session).step
    assert session.id == step.sid
    assert ["cookie", "a", "user"] == list(step.session)
    assert {
        "originalMaxAge": None,
        "expires": None,
        "secure": False,
        "httpOnly": True,
        "path": "/",
        "sameSite": "lax",
    } == step.session["cookie"]


def test_threat_23_only_what_changed_is_written(visit):
    """Threat 23: a save names the keys that changed and no others, so that others' changes stay."""
    session = visit.loaded()
    session["user"]["id"] = 8
    session["b"] = 1
    del session["a"]
    assert Merge(OLD, {"user": {"id": 8}, "b": 1}, ("a",), None) == visit.plan(session).step


def test_a_saved_session_with_a_lifetime_ends_that_much_later(clock):
    """Saving moves the row's end and the browser's together, to a whole lifetime from now."""
    visit = Visit(clock, max_age=3600)
    session = visit.loaded(lifetime=3_600_000)
    session["a"] = 2
    clock.advance(1)
    plan = visit.plan(session)
    assert {"a": 2} == plan.step.changed
    assert datetime.fromtimestamp(START + 3601, UTC) == plan.step.expires
    assert not plan.step.touches
    assert Tell.ID is plan.tell
    header = visit.lifecycle.set_cookie(plan, Outcome(OLD, 3_600_000), https=False)
    assert b"Max-Age=3600;" in header


def test_a_saved_session_without_a_lifetime_leaves_its_end_to_the_store(clock):
    """Only the store knows its `ttl`: a save moves such an end by a touch, when one is due."""
    visit = Visit(clock)
    session = visit.loaded(left=DAY)
    session["a"] = 2
    plan = visit.plan(session)
    assert (None, False, Tell.NOTHING) == (plan.step.expires, plan.step.touches, plan.tell)
    session = visit.loaded(left=DAY // 2)
    session["a"] = 2
    plan = visit.plan(session)
    assert (None, True, Tell.NOTHING) == (plan.step.expires, plan.step.touches, plan.tell)


def test_remember_me_is_written_and_told(visit):
    """A changed `cookie.max_age` is saved with the row and sends the cookie, data or not (D2)."""
    session = visit.loaded()
    session.cookie.max_age = 60
    plan = visit.plan(session)
    assert ["cookie"] == list(plan.step.changed)
    assert 60_000 == plan.step.changed["cookie"]["originalMaxAge"]
    assert datetime.fromtimestamp(START + 60, UTC) == plan.step.expires
    assert Tell.ID is plan.tell


def test_forget_me_is_written_and_told(clock):
    """Without a lifetime the cookie ends with the browser, and the row after the `ttl`."""
    visit = Visit(clock)
    session = visit.loaded(lifetime=60_000, left=60_000)
    session.cookie.max_age = None
    plan = visit.plan(session)
    assert (None, True, Tell.ID) == (plan.step.expires, plan.step.touches, plan.tell)
    assert plan.step.changed["cookie"]["originalMaxAge"] is None


def test_the_same_lifetime_again_is_a_touch(visit):
    """Setting the lifetime that the session has already changes nothing but moves its end."""
    session = visit.loaded(lifetime=60_000, left=60_000)
    session.cookie.max_age = 60
    assert Touch(OLD, {"cookie": {"expires": NOW + 60_000}}) == visit.plan(session).step


@pytest.mark.parametrize(
    "cookie", [None, "text", {"originalMaxAge": None, "expires": None, "path": "/x"}]
)
def test_a_hardened_setting_is_stored_at_the_next_save(visit, cookie):
    """L11 of Ours: what the configuration says now is stored at the session's next save."""
    session = visit.loaded(cookie=cookie)
    assert visit.plan(session).step is None
    session["a"] = 2
    assert "lax" == visit.plan(session).step.changed["cookie"]["sameSite"]


@pytest.mark.parametrize(
    ("lifetime", "left", "step"),
    [
        (None, DAY, None),
        (None, DAY * 0.95, None),
        (None, DAY * 0.89, Touch(OLD, {})),
        (60_000, 60_000, None),
        (60_000, 53_000, Touch(OLD, {"cookie": {"expires": NOW + 60_000}})),
    ],
)
def test_reading_touches_seldom(visit, lifetime, left, step):
    """Reading pages becomes one write in a tenth of the session's lifetime, and sends no cookie."""
    plan = visit.plan(visit.loaded(lifetime=lifetime, left=int(left)))
    assert (step, Tell.NOTHING) == (plan.step, plan.tell)


@pytest.mark.parametrize("moment", [Moment.HANDSHAKE, Moment.LATE, Moment.FAILURE])
def test_only_answered_requests_are_activity(visit, moment):
    """A socket's handshake, the end of a stream and a failure move no end by themselves."""
    assert visit.plan(visit.loaded(left=1000), moment).step is None


def test_threat_24_rotation_takes_others_changes_along(visit):
    """Threats 23, 24: a rotation knows what this request changed; the rest is read afresh."""
    session = visit.loaded()
    session["b"] = 1
    del session["a"]
    session.rotate()
    step = visit.plan(session).step
    assert (OLD, session.id) == (step.old, step.new)
    assert ({"b": 1}, ("a",)) == (step.changes.changed, step.changes.removed)
    assert not step.creates


def test_case_12_regenerate_and_sign_in(visit):
    """Case 12: `regenerate()` keeps new data only, and a logout elsewhere does not lose them."""
    session = visit.loaded()
    session.regenerate()
    session["user"] = {"id": 9}
    step = visit.plan(session).step
    assert {"cookie", "user"} == set(step.session)
    assert step.changes is None
    assert step.creates


@pytest.mark.parametrize("act", [change, then(change, Session.rotate)])
@pytest.mark.parametrize("known", [True, False])
def test_the_key_cookie_is_kept_for_the_cookie(visit, known, act):
    """Data under `cookie` would break the row for Express: it is an error that names the key."""
    session = visit.loaded() if known else visit.new()
    session["cookie"] = {"path": "/"}
    act(session)
    with pytest.raises(InvalidSession, match="key cookie"):
        visit.plan(session)


def test_an_id_is_told_only_if_it_lives(visit):
    """Threat 24: of a session that others ended nothing is said: there may be a newer one."""
    session = visit.loaded()
    session.cookie.max_age = 60
    plan = visit.plan(session)
    assert visit.lifecycle.set_cookie(plan, Outcome(None), https=False) is None
    assert visit.lifecycle.set_cookie(plan, Outcome(OLD, 60_000), https=False) is not None


def test_threat_4_a_session_that_was_ended_stays_ended(visit):
    """Threat 4: after a save met a dead session, nothing that follows brings it back."""
    session = visit.loaded()
    session["a"] = 2
    session._settle(visit.plan(session), Outcome(None))
    session["a"] = 3
    for moment in Moment:
        assert visit.plan(session, moment).step is None
    session.rotate()
    assert visit.plan(session).step is None


def test_a_sign_in_after_a_lost_session_is_a_new_one(visit):
    """A session that others ended may be followed by a new one, if the handler starts it."""
    session = visit.loaded()
    session["a"] = 2
    session._settle(visit.plan(session), Outcome(None))
    session.regenerate()
    session["user"] = 7
    step = visit.plan(session).step
    assert {"user": 7} == {key: step.session[key] for key in step.session if key != "cookie"}
    assert OLD != step.sid


@pytest.mark.parametrize("act", [change, remember, Session.rotate, Session.regenerate])
def test_what_was_saved_is_not_saved_again(visit, act):
    """After a save only later changes are saved, and the browser still hears of the id (D4)."""
    session = visit.loaded()
    act(session)
    plan = visit.plan(session)
    session._settle(plan, Outcome(session.id, session._lifetime))
    again = visit.plan(session)
    expected = (Read(session.id), Tell.ID) if plan.tell is Tell.ID else (None, Tell.NOTHING)
    assert expected == (again.step, again.tell)
    session["later"] = 1
    assert {"later": 1} == visit.plan(session).step.changed


def test_a_session_destroyed_by_save_is_over(visit):
    """After a saved `destroy()` the browser is told, and what is put in makes a new session."""
    session = visit.loaded()
    session.clear()
    session._settle(visit.plan(session), Outcome(None))
    assert (None, Tell.GOODBYE) == (visit.plan(session).step, visit.plan(session).tell)
    session["a"] = 1
    plan = visit.plan(session)
    assert (Create, Tell.ID) == (type(plan.step), plan.tell)
    assert OLD != plan.step.sid


@pytest.mark.parametrize(
    ("secure", "https", "host", "withheld"),
    [
        (True, True, b"example.com", False),
        (True, False, b"example.com", True),
        (True, False, b"", True),
        (True, False, b"localhost", False),
        (True, False, b"LOCALHOST:8000", False),
        (True, False, b"app.localhost:8000", False),
        (True, False, b"127.0.0.1:8000", False),
        (True, False, b"127.1.2.3", False),
        (True, False, b"[::1]:8000", False),
        (True, False, b"127.0.0.1.example.com", True),
        (True, False, b"localhost.example.com", True),
        (True, False, b"[::2]", True),
        (True, False, b"[", True),
        ("auto", False, b"example.com", False),
        (False, False, b"example.com", False),
    ],
)
def test_case_11_a_secure_cookie_does_not_go_out_in_the_clear(clock, secure, https, host, withheld):
    """Case 11: a `Secure` cookie is not sent over plain HTTP, but to one's own machine (O11)."""
    visit = Visit(clock, secure=secure)
    session = visit.new()
    session["a"] = 1
    plan = visit.plan(session, https=https)
    assert withheld == visit.lifecycle.withholds(plan, https=https, host=host)


def test_a_goodbye_is_never_withheld(clock):
    """Deleting the cookie gives nothing away, so it is always sent."""
    visit = Visit(clock, secure=True)
    session = visit.loaded()
    session.destroy()
    plan = visit.plan(session)
    assert not visit.lifecycle.withholds(plan, https=False, host=b"example.com")


@pytest.mark.parametrize(
    ("path", "request_path", "covered"),
    [
        ("/", "/", True),
        ("/", "/anything", True),
        ("/foo", "/foo", True),
        ("/foo", "/foo/", True),
        ("/foo", "/foo/x", True),
        ("/foo", "/foobar", False),
        ("/foo", "/", False),
        ("/foo", "/FOO", False),
        ("/foo/", "/foo/x", True),
        ("/foo/", "/foobar", False),
    ],
)
def test_the_path_covers_whole_segments(clock, path, request_path, covered):
    """O15 of Ours: a cookie for /foo makes sessions at /foo and below, not at /foobar."""
    assert covered == Visit(clock, path=path).lifecycle.covers(request_path)


def test_a_name_that_does_not_fit_is_refused(clock):
    """Threat 15: the name's prefix is checked with the options when the middleware is built."""
    with pytest.raises(ValueError, match="__Host-"):
        Visit(clock, name="__Host-sid", path="/x")
