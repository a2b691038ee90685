"""The judge of the storms sees what cannot be true."""

import pytest

from .history import NEVER, Done, Log, judged, read


def done(what, *about, at, result=None, lasting=1):
    return Done(what, list(about), at, at + lasting, result)


def cut_off(what, *about, at):
    return Done(what, list(about), at, NEVER, None)


MADE = done("create", "a", at=1)
ENDED = done("destroy", "a", at=3, result=1)
ROTATED = cut_off("rotate", "a", "b", at=5)

TRUE = {
    "made": ([MADE], {"a": {}}),
    "made and ended": ([MADE, ENDED], {}),
    "perhaps made": ([cut_off("create", "a", at=1)], {}),
    "perhaps ended": ([MADE, cut_off("destroy", "a", at=3)], {}),
    "met one that lived": ([MADE, done("create", "a", at=3, result="exists")], {"a": {}}),
    "found nothing": ([MADE, ENDED, done("destroy", "a", at=5, result=0)], {}),
    "rotated": ([MADE, done("rotate", "a", "b", at=3, result=True)], {"b": {}}),
    "rotated perhaps": ([MADE, ROTATED], {"a": {}}),
    "rotated perhaps, it was": ([MADE, ROTATED], {"b": {}}),
    "seen while it ended": ([MADE, ENDED, done("get", "a", at=2, lasting=9, result=True)], {}),
    "changed": ([MADE, done("merge", "a", "me", 3, at=3, result=True)], {"a": {"me": 4}}),
}

UNTRUE = {
    "is lost": ([MADE], {}),
    "destroyed, and lives": ([MADE, ENDED], {"a": {}}),
    "made 2 times": ([MADE, done("create", "a", at=3)], {"a": {}}),
    "ended 2 times": ([MADE, ENDED, done("destroy", "a", at=5, result=1)], {}),
    "nobody made it": ([], {"a": {}}),
    "both live": ([MADE, ROTATED], {"a": {}, "b": {}}),
    "neither lives": ([MADE, ROTATED], {}),
    "seen after its end": ([MADE, ENDED, done("get", "a", at=5, result=True)], {}),
    "not seen though it lived": ([MADE, done("get", "a", at=3)], {"a": {}}),
    "lost me's change 3": ([MADE, done("merge", "a", "me", 3, at=3, result=True)], {"a": {}}),
}


@pytest.mark.parametrize("case", TRUE)
def test_what_can_be_true_is_let_pass(case):
    """Whatever may come of a call that had no answer is no loss."""
    assert [] == judged(*TRUE[case])


@pytest.mark.parametrize("case", UNTRUE)
def test_what_cannot_be_true_is_named(case):
    """A session that is lost, revived, doubled or seen at the wrong time does not go unnoticed."""
    assert any(case in each for each in judged(*UNTRUE[case])), case


def test_a_log_keeps_what_was_begun(tmp_path):
    """A call without an answer is read back as one, and answers find their calls."""
    log = Log(tmp_path / "x.log")
    first, second = log.begins("get", "a"), log.begins("destroy", "a")
    log.ends(second, 1)
    calls = {call.what: (call.answered, call.result) for call in read([tmp_path / "x.log"])}
    assert {"get": (False, None), "destroy": (True, 1)} == calls
    assert first != second
