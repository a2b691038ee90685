"""How a plan's steps are carried out, and what follows from the store's answers."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from connect_sqlite import SessionExists, StoreBusy, StoredSession
from connect_sqlite._session.carry import carry, carry_async, carrying, load, load_async
from connect_sqlite._session.changes import Changes
from connect_sqlite._session.plan import (
    Create,
    Destroy,
    DestroyMany,
    Find,
    Kept,
    Merge,
    Notify,
    Outcome,
    Plan,
    Read,
    Rotate,
    Set,
    Step,
    Touch,
)
from connect_sqlite._session.signing import new_id
from connect_sqlite._session.timeouts import Marks, Timeouts

COOKIE = {"originalMaxAge": None, "expires": None}
NOW = 1_795_000_000_000
ENDS = datetime(2026, 11, 19, tzinfo=UTC)


class Script:
    """A store that gives the answers that it was given, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __getattr__(self, call):
        def answer(*arguments):
            self.asked.append((call, *arguments))
            value = self.answers.pop(0)
            if isinstance(value, Exception):
                raise value
            return value

        return answer


class AsyncScript(Script):
    """The same, awaited."""

    def __getattr__(self, call):
        answer = super().__getattr__(call)

        async def later(*arguments):
            return answer(*arguments)

        return later


def carried(steps, *answers):
    script = Script(*answers)
    return carry(script, steps), script.asked


def kept(lifetime=None):
    return Kept("id", b"{}", lifetime, NOW + 1000, Marks(), COOKIE)


def steps_of(plan, made=new_id):
    return carrying(plan, Timeouts(86_400_000, None, None, None, time.time), made)


def plan(step, lifetime=None, made=new_id):
    return steps_of(Plan(step, kept=kept(lifetime), now=NOW), made)


def row(**data):
    return StoredSession(data)


@pytest.mark.parametrize(
    ("ids", "answers", "found", "asked"),
    [
        ([], [], None, []),
        (["a"], [None], None, ["a"]),
        (["a", "b"], [row(n=1)], {"n": 1}, ["a"]),
        (["a", "b", "c"], [None, row(n=2)], {"n": 2}, ["a", "b"]),
    ],
)
def test_the_first_id_that_lives_is_loaded(ids, answers, found, asked):
    """Ids are tried in order until one lives; a dead one in front locks nobody out."""
    blocking, awaited = Script(*answers), AsyncScript(*answers)
    assert found == load(blocking, ids) == asyncio.run(load_async(awaited, ids))
    assert [("get", sid) for sid in asked] == blocking.asked == awaited.asked


def test_a_session_is_created():
    """A new session is created under its id and lives."""
    assert (Outcome("id", 5), [("create", "id", {"a": 1})]) == carried(
        plan(Create("id", {"a": 1}), 5), None
    )


def test_threat_3_a_taken_id_is_replaced_once():
    """Threat 3: an id that is live already is not taken over: another one is made, once."""
    outcome, asked = carried(plan(Create("id", {})), SessionExists(), None)
    assert [("create", "id"), ("create", outcome.sid)] == [call[:2] for call in asked]
    assert "id" != outcome.sid
    with pytest.raises(SessionExists):
        carried(plan(Create("id", {})), SessionExists(), SessionExists())


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, Outcome(None)),
        (row(a=1, cookie={"originalMaxAge": 5}), Outcome("id", 5)),
        (row(a=1), Outcome("id", 5)),
    ],
)
def test_threat_4_a_merge_says_whether_the_session_lives(answer, outcome):
    """Threat 4: a merge into a session that is gone ends there."""
    step = Merge("id", {"a": 1}, ("b",), ENDS)
    assert (outcome, [("merge", "id", {"a": 1}, ("b",), ENDS)]) == carried(plan(step, 5), answer)


def test_a_merge_keeps_the_lifetime_that_another_request_gave():
    """Remember-me set by a parallel request holds, though this one knew another lifetime."""
    step = Merge("id", {"a": 1}, (), ENDS)
    outcome, asked = carried(plan(step, 5), row(cookie={"originalMaxAge": 90_000}), "OK")
    assert Outcome("id", 90_000) == outcome
    assert ("touch", "id", {"cookie": {"expires": NOW + 90_000}}) == asked[-1]


@pytest.mark.parametrize(
    ("step", "answer", "lives"),
    [
        (Touch("id", {}), "OK", True),
        (Touch("id", {}), None, True),
        (Touch("id", {}), "EXPIRED", False),
        (Read("id"), row(), True),
        (Read("id"), None, False),
        (Destroy("id"), 1, False),
        (Destroy("id"), 0, False),
    ],
)
def test_one_step_one_answer(step, answer, lives):
    """After a touch, a read or a destroy it is known whether the session lives."""
    outcome, asked = carried(plan(step), answer)
    assert (Outcome("id" if lives else None), 1) == (outcome, len(asked))


CHANGES = Changes({"mine": 1}, ("dropped",), b"")


def test_threat_23_rotation_keeps_what_others_saved_meanwhile():
    """Threat 23: the store is told what changed, so that what a parallel request saved stays."""
    own = {"cookie": COOKIE, "_session": {"authenticated": NOW}}
    step = Rotate("old", "new", {**own, "seen": 1, "mine": 1}, CHANGES)
    outcome, asked = carried(plan(step), True)
    assert Outcome("new") == outcome
    assert [("rotate", "old", "new", step.session, {"mine": 1, **own}, ("dropped",))] == asked


def test_threat_24_rotation_of_a_session_that_is_gone_loses():
    """Threat 24: a logout that came first wins over a rotation."""
    step = Rotate("old", "new", {"cookie": COOKIE}, CHANGES)
    assert Outcome(None) == carried(plan(step), False)[0]


def test_regenerating_a_session_that_is_gone_creates_the_new_one():
    """What is in a regenerated session was put there by this request, so it is created."""
    step = Rotate("old", "new", {"cookie": COOKIE, "user": 7}, creates=True)
    outcome, asked = carried(plan(step), False, None)
    assert Outcome("new") == outcome
    assert ("create", "new", {"cookie": COOKIE, "user": 7}) == asked[-1]


def test_rotation_makes_another_id_when_the_new_one_is_taken():
    """Threat 3: nor does a rotation take over an id that is live."""
    step = Rotate("old", "new", {"cookie": COOKIE})
    outcome, asked = carried(plan(step), SessionExists(), True)
    assert "new" != outcome.sid == asked[-1][2]


STEPS = [
    (Create("id", {}), [SessionExists(), None]),
    (Merge("id", {}, (), ENDS), [row()]),
    (None, []),
]


@pytest.mark.parametrize(("step", "answers"), STEPS)
def test_both_ways_of_carrying_ask_the_same(step, answers):
    """A store that blocks and one that is awaited are asked the same and come to the same."""
    blocking, awaited = Script(*answers), AsyncScript(*answers)
    one, other = plan(step, made=lambda: "another"), plan(step, made=lambda: "another")
    assert carry(blocking, one) == asyncio.run(carry_async(awaited, other))
    assert blocking.asked == awaited.asked


@pytest.mark.parametrize("step", [Read("id"), Create("id", {}), Merge("id", {}, (), ENDS)])
def test_what_a_store_raises_comes_through(step):
    """A store that fails is heard, and nothing is tried behind its back."""
    with pytest.raises(StoreBusy):
        carried(plan(step), StoreBusy("busy"))
    with pytest.raises(StoreBusy):
        asyncio.run(carry_async(AsyncScript(StoreBusy("busy")), plan(step)))


def test_every_step_is_a_call_of_the_contract():
    """Each step names the store's call that it is."""
    calls = [
        Read("i"),
        Create("i", {}),
        Set("i", {}),
        Merge("i", {}, (), ENDS),
        Touch("i", {}),
        Rotate("i", "j", {}),
        Destroy("i"),
        Find("user.id", 7),
        DestroyMany(("i",)),
    ]
    assert Step.__args__ == (*(type(step) for step in calls), Notify)
    names = ["get", "create", "set", "merge", "touch", "rotate", "destroy", "find", "destroy_many"]
    script = Script(*names)
    for step in calls:
        step.on(script)
    assert names == [call for call, *_ in script.asked]
