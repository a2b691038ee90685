"""What is in a plan: the step's arguments, and what follows from its outcome."""

from datetime import UTC, datetime

import pytest

from connect_sqlite import InvalidSession
from connect_sqlite._session.plan import (
    NONE_LIVES,
    NOTHING_TO_DO,
    Create,
    Destroy,
    Outcome,
    Read,
    Tell,
    Touch,
)
from connect_sqlite._session.rules import Moment
from connect_sqlite._session.session import Session

from .conftest import START
from .visit import (
    DATA,
    DAY,
    NOW,
    OLD,
    Visit,
    change,
    remember,
    then,
)


@pytest.fixture
def visit(clock):
    return Visit(clock)


def test_a_new_session_is_created_with_its_cookie_first(visit):
    """What is stored has Express's `cookie` object in front of the data."""
    session = visit.new()
    session.update(DATA)
    step = visit.plan(session).step
    assert session.id == step.sid
    assert ["cookie", "_session", "a", "user"] == list(step.session)
    assert {
        "originalMaxAge": None,
        "expires": None,
        "secure": False,
        "httpOnly": True,
        "path": "/",
        "sameSite": "lax",
    } == step.session["cookie"]


@pytest.mark.parametrize("act", [change, remember, Session.rotate])
def test_deciding_is_no_access(visit, act):
    """Only the handler's own looks count: working out what to save is no access."""
    for session in (visit.loaded(), visit.new()):
        act(session)
        session.accessed = False
        visit.plan(session)
        assert not session.accessed


def test_threat_23_only_what_changed_is_written(visit):
    """Threat 23: a save names the keys that changed and no others, so that others' changes stay."""
    session = visit.loaded()
    session["user"]["id"] = 8
    session["b"] = 1
    del session["a"]
    step = visit.plan(session).step
    assert (OLD, {"user": {"id": 8}, "b": 1}, ("a",)) == (step.sid, step.changed, step.removed)


def test_a_saved_session_with_a_lifetime_ends_that_much_later(clock):
    """Saving moves the row's end and the browser's together, to a whole lifetime from now."""
    visit = Visit(clock, max_age=3600)
    session = visit.loaded(lifetime=3_600_000)
    session["a"] = 2
    clock.advance(1)
    plan = visit.plan(session)
    assert {"a": 2} == plan.step.changed
    assert datetime.fromtimestamp(START + 3601, UTC) == plan.step.expires
    assert Tell.ID is plan.tell
    header = visit.set_cookie(plan, Outcome(OLD, 3_600_000))
    assert b"Max-Age=3600;" in header


def test_a_saved_session_without_a_lifetime_lives_for_the_ttl_again(visit):
    """A session whose cookie ends with the browser lives for the store's `ttl` after each save."""
    session = visit.loaded(left=DAY // 2)
    session["a"] = 2
    plan = visit.plan(session)
    assert datetime.fromtimestamp(START + DAY // 1000, UTC) == plan.step.expires
    assert Tell.NOTHING is plan.tell


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
    assert datetime.fromtimestamp(START + DAY // 1000, UTC) == plan.step.expires
    assert Tell.ID is plan.tell
    assert plan.step.changed["cookie"]["originalMaxAge"] is None


def test_the_same_lifetime_again_is_a_touch(visit):
    """Setting the lifetime that the session has already changes nothing but moves its end."""
    session = visit.loaded(lifetime=60_000, left=60_000)
    session.cookie.max_age = 60
    assert Touch(OLD, {"cookie": {"expires": NOW + 60_000}}) == visit.plan(session).step


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_lifetime_that_has_passed_ends_the_session(visit, seconds):
    """A lifetime of nothing left ends the session, here and in the browser, and it stays ended."""
    session = visit.loaded()
    session.cookie.max_age = seconds
    plan = visit.plan(session)
    assert (Destroy(OLD), Tell.GOODBYE) == (plan.step, plan.tell)
    session._settle(plan, NONE_LIVES)
    assert NOTHING_TO_DO == visit.plan(session, Moment.LATE)


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
        (None, DAY * 0.89, Touch(OLD, {"cookie": {"expires": NOW + DAY}})),
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
    assert {"cookie", "_session", "user"} == set(step.session)
    assert step.changes is None
    assert step.creates


@pytest.mark.parametrize("act", [change, then(change, Session.rotate)])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("key", ["cookie", "_session"])
def test_reserved_keys_are_kept_for_the_session(visit, known, act, key):
    """Data under `cookie` would break the row for Express: it is an error that names the key."""
    session = visit.loaded() if known else visit.new()
    session[key] = {"path": "/"}
    act(session)
    with pytest.raises(InvalidSession, match=f"key {key}"):
        visit.plan(session)


def test_an_id_is_told_only_if_it_lives(visit):
    """Threat 24: of a session that others ended nothing is said: there may be a newer one."""
    session = visit.loaded()
    session.cookie.max_age = 60
    plan = visit.plan(session)
    assert visit.set_cookie(plan, Outcome(None)) is None
    assert visit.set_cookie(plan, Outcome(OLD, 60_000)) is not None


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
    assert {"cookie", "_session", "user"} == set(step.session)
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


@pytest.mark.parametrize("act", [change, remember, Session.rotate, Session.destroy, Session.touch])
@pytest.mark.parametrize("known", [True, False])
def test_neither_id_nor_data_are_in_a_plan_that_is_printed(visit, known, act):
    """A plan in a traceback or an error report shows neither the id nor the data."""
    session = visit.loaded() if known else visit.new()
    session["secret"] = "hunter2"
    act(session)
    plan = visit.plan(session)
    for thing in (
        plan,
        *plan,
        Outcome(session.id),
        session._kept,
        getattr(plan.step, "changes", 0),
    ):
        assert session.id not in repr(thing)
        assert OLD not in repr(thing)
        assert "hunter2" not in repr(thing)
