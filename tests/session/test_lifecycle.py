"""What is decided about a session, without any store."""

from itertools import product

import pytest

from connect_sqlite._session.plan import Create, Destroy, Merge, Rotate, Tell, Touch
from connect_sqlite._session.rules import RULES, Action, Intent, Moment
from connect_sqlite._session.session import Session

from .visit import (
    Visit,
    change,
    look,
    nested,
    nothing,
    remember,
    set_and_unset,
    then,
)


@pytest.fixture
def visit(clock):
    return Visit(clock)


CASES = [
    # known, what the handler does, the step, what the browser is told
    (False, nothing, None, Tell.NOTHING),
    (False, look, None, Tell.NOTHING),
    (False, set_and_unset, None, Tell.NOTHING),
    (False, Session.rotate, None, Tell.NOTHING),
    (False, Session.regenerate, Create, Tell.ID),
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
    options = {rule.option for rule in RULES}
    for facts, option in product(combinations, options):
        rules = [rule for rule in RULES if rule.option in ("", option)]
        used.add(
            next(r for r in rules if all(w in (None, f) for w, f in zip(r, facts, strict=False)))
        )
    assert set(RULES) == used
    assert set(Action) == {rule.action for rule in RULES}
