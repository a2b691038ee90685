"""The table: from the facts of a request to what happens to its session."""

from enum import Enum
from itertools import product
from typing import Any, NamedTuple

from .plan import Tell
from .policy import Policy

__all__ = ["LATE", "RULES", "Action", "Facts", "Intent", "Moment", "Rule", "decisions"]


class Intent(Enum):
    """What the handler asked for beside changes."""

    NONE = "none"
    ROTATE = "rotate"
    REGENERATE = "regenerate"
    DESTROY = "destroy"


class Moment(Enum):
    """When it is decided."""

    RESPONSE = "the response is about to start"
    FAILURE = "a response of status 500 is about to start"
    HANDSHAKE = "a WebSocket is about to be accepted"
    LATE = "the first byte is out"


class Action(Enum):
    NOTHING = "nothing"
    CREATE = "create"
    MERGE = "merge"
    TOUCH = "touch, when due"
    ROTATE = "rotate"
    REPLACE = "rotate, without the old data"
    DESTROY = "destroy"


class Rule(NamedTuple):
    """One line of the table: the facts (None: either), and what follows from them."""

    known: bool
    intent: Intent | None
    changed: bool | None
    empty: bool | None
    action: Action
    tell: Tell
    why: str
    option: str = ""
    """The line counts only with this option."""


Facts = tuple[bool, Intent, bool, bool]
"""Known, intent, changed, empty."""

_ANY = None

RULES = (
    Rule(False, Intent.DESTROY, _ANY, True, Action.NOTHING, Tell.GOODBYE, "a sign-out is answered"),
    Rule(False, Intent.REGENERATE, _ANY, _ANY, Action.CREATE, Tell.ID, "as express-session"),
    Rule(
        False, _ANY, _ANY, True, Action.CREATE, Tell.ID, "as express-session", "save_uninitialized"
    ),
    Rule(False, _ANY, _ANY, True, Action.NOTHING, Tell.NOTHING, "who did nothing stays unknown"),
    Rule(False, _ANY, _ANY, False, Action.CREATE, Tell.ID, "the first data make the session"),
    Rule(True, Intent.DESTROY, _ANY, True, Action.DESTROY, Tell.GOODBYE, "sign-out"),
    Rule(True, Intent.DESTROY, _ANY, False, Action.REPLACE, Tell.ID, "a new session after it"),
    Rule(True, Intent.REGENERATE, _ANY, _ANY, Action.REPLACE, Tell.ID, "as express-session"),
    Rule(True, _ANY, True, True, Action.DESTROY, Tell.GOODBYE, "clear() is how many sign out"),
    Rule(True, Intent.ROTATE, _ANY, _ANY, Action.ROTATE, Tell.ID, "sign-in"),
    Rule(
        True, Intent.NONE, True, False, Action.MERGE, Tell.NOTHING, "changes meet others' changes"
    ),
    Rule(
        True, Intent.NONE, False, _ANY, Action.MERGE, Tell.NOTHING, "as express-session", "resave"
    ),
    Rule(True, Intent.NONE, False, _ANY, Action.TOUCH, Tell.NOTHING, "reading is activity"),
)
"""The first that fits decides."""

LATE = {
    Action.CREATE: Action.NOTHING,
    Action.ROTATE: Action.NOTHING,
    Action.REPLACE: Action.DESTROY,
}
"""What becomes of an action that would have to tell the browser an id, once it cannot be told."""


def decisions(policy: Policy) -> dict[Facts, Rule]:
    """The table's answer to every possible set of facts, under these options."""
    chosen = {
        "": True,
        "save_uninitialized": policy.save_uninitialized,
        "resave": policy.resave,
    }
    rules = [rule for rule in RULES if chosen[rule.option]]

    def fits(rule: Rule, facts: tuple[Any, ...]) -> bool:
        return all(said is _ANY or said is fact for said, fact in zip(rule, facts, strict=False))

    every = product((False, True), Intent, (False, True), (False, True))
    return {facts: next(rule for rule in rules if fits(rule, facts)) for facts in every}
