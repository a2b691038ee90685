"""Decides what is to happen to a session, from what came in and what the handler left.  Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from itertools import product
from typing import Any, NamedTuple

from ..errors import InvalidSession
from ..expiry import to_datetime
from .changes import Changes, changes_since, print_of
from .cookie import CookieWriter, signed_ids
from .options import CookieOptions, checked_name, cookie_options
from .plan import (
    NOTHING_TO_DO,
    Create,
    Destroy,
    Kept,
    Merge,
    Outcome,
    Plan,
    Read,
    Rotate,
    Tell,
    Touch,
)
from .session import Intent, Session
from .signing import Secret, Signer
from .timeouts import Timeouts

__all__ = ["RULES", "Action", "Lifecycle", "Moment", "Rule"]


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


_ANY = None

RULES = (
    Rule(False, Intent.DESTROY, _ANY, True, Action.NOTHING, Tell.GOODBYE, "a sign-out is answered"),
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
    Rule(True, Intent.NONE, False, _ANY, Action.TOUCH, Tell.NOTHING, "reading is activity"),
)
"""The first that fits decides."""

LATE = {
    Action.CREATE: Action.NOTHING,
    Action.ROTATE: Action.NOTHING,
    Action.REPLACE: Action.DESTROY,
}
"""What becomes of an action that would have to tell the browser an id, once it cannot be told."""


def _resolved(rules: tuple[Rule, ...]) -> dict[tuple[bool, Intent, bool, bool], Rule]:
    def fits(rule: Rule, facts: tuple[Any, ...]) -> bool:
        return all(said is _ANY or said is fact for said, fact in zip(rule, facts, strict=False))

    every = product((False, True), Intent, (False, True), (False, True))
    return {facts: next(rule for rule in rules if fits(rule, facts)) for facts in every}


_DECISIONS = _resolved(RULES)
_UNCHANGED = Changes({}, (), b"")
# Reading a member from its enum costs ten times as much as reading a name.
_RESPONSE, _FAILURE = Moment.RESPONSE, Moment.FAILURE
_NO_INTENT = Intent.NONE
_TELL_NOTHING = Tell.NOTHING
_LOOPBACK_IPV4 = re.compile(rb"127(\.\d{1,3}){3}")


class Lifecycle:
    """The life of the sessions under one configuration."""

    def __init__(
        self,
        *,
        secret: Secret | Sequence[Secret] | None,
        name: str,
        cookie: CookieOptions | Mapping[str, Any] | None,
        touch_interval: timedelta | float | None,
        ttl: float | None,
        clock: Callable[[], float],
    ) -> None:
        """Check the settings, whose errors name the option.  `ttl` is the store's, in seconds."""
        signer = Signer(secret)
        options = checked_name(name, cookie_options(cookie))
        self.timeouts = Timeouts.of(options.max_age, ttl, touch_interval, clock)
        self._name = name.encode()
        self._signer = signer
        self._path = options.path.rstrip("/")
        self._secure_only = options.secure is True
        self._writers = tuple(
            CookieWriter(name, options, signer, https=https) for https in (False, True)
        )

    def covers(self, path: str, root: str) -> bool:
        """Whether a request for this path has a session (RFC 6265, 5.1.4).

        `root` is where the application is mounted, as the browser sees it.  Some servers leave it
        out of the path.
        """
        own = self._path
        if not own:
            return True
        if path != root and not path.startswith(root + "/"):
            path = root + path
        return path == own or path.startswith(own + "/")

    def offered(self, cookies: bytes) -> list[str]:
        """The ids to try, in order, from the request's `Cookie` fields joined by `; `."""
        return signed_ids(cookies, self._name, self._signer)

    def plan(self, session: Session, moment: Moment, *, https: bool) -> Plan:
        """What is to happen to the session as the handler left it."""
        kept, intent = session._kept, session._intent
        empty = not dict.__len__(session)
        if kept is None and empty and intent is _NO_INTENT and session._tell is _TELL_NOTHING:
            return NOTHING_TO_DO
        if moment is _FAILURE or session._is_lost:
            return self._telling(session, moment)
        changes = changes_since(kept.print, session) if kept else None
        changed = changes is not None or (kept is not None and kept.lifetime != session._lifetime)
        if kept and intent is _NO_INTENT and not changed:
            # The table's last line, without the look into the table: most requests only read.
            return self._touching(session, kept, moment)
        now = self.timeouts.now()
        rule = _DECISIONS[kept is not None, intent, changed, empty]
        action = rule.action
        too_late = moment is Moment.LATE and action in LATE
        if too_late:
            action = LATE[action]
        match action:
            case Action.DESTROY if kept:
                return Plan(Destroy(kept.sid), rule.tell, now=now, too_late=too_late)
            case Action.NOTHING:
                tell = session._tell if rule.tell is Tell.NOTHING else rule.tell
                return Plan(tell=tell, too_late=too_late)
        _refuse_reserved_key(session)
        writer = self._writers[https]
        if kept and action is Action.MERGE:
            return self._merging(session, kept, changes or _UNCHANGED, writer, now)
        return self._writing(session, action, changes, writer, now)

    def _touching(self, session: Session, kept: Kept, moment: Moment) -> Plan:
        if moment is not _RESPONSE and not session._touched:
            return self._telling(session, moment)
        now = self.timeouts.now()
        if not (session._touched or self.timeouts.is_due(kept.lifetime, kept.ends, now)):
            return self._telling(session, moment)
        step = Touch.until(kept.sid, kept.lifetime, now)
        kept = kept._replace(ends=self.timeouts.end(kept.lifetime, now))
        return Plan(step, session._tell, kept, now)

    def _telling(self, session: Session, moment: Moment) -> Plan:
        """Nothing to do but to tell what `save()` has left: an id if it still lives."""
        if session._tell is _TELL_NOTHING or moment is Moment.LATE:
            return NOTHING_TO_DO
        step = Read(session._kept.sid) if session._kept else None
        return Plan(step, session._tell, session._kept, self.timeouts.now())

    def _merging(
        self, session: Session, old: Kept, changes: Changes, writer: CookieWriter, now: int
    ) -> Plan:
        lifetime, cookie, changed = session._lifetime, old.cookie, changes.changed
        relived = lifetime != old.lifetime
        # The lifetime is written only by the request that changed it, as any other key is.
        if relived or not writer.is_kept_in(cookie):
            cookie = writer.to_json(lifetime, now)
            changed = {**changed, "cookie": cookie}
        ends = self.timeouts.end(lifetime, now)
        step = Merge(old.sid, changed, changes.removed, to_datetime(ends))
        # A cookie that ends with the browser says nothing new.
        tell = session._tell if lifetime is None and not relived else Tell.ID
        kept = Kept(old.sid, changes.print or old.print, lifetime, ends, cookie)
        return Plan(step, tell, kept, now)

    def _writing(
        self,
        session: Session,
        action: Action,
        changes: Changes | None,
        writer: CookieWriter,
        now: int,
    ) -> Plan:
        old, lifetime = session._kept, session._lifetime
        cookie = writer.to_json(lifetime, now)
        row = {"cookie": cookie, **session._data()}
        kept = Kept(
            session.id, print_of(session), lifetime, self.timeouts.end(lifetime, now), cookie
        )
        if old is None:
            return Plan(Create(session.id, row), Tell.ID, kept, now)
        if action is Action.REPLACE:
            # Nothing of the old session is in it, so it may live though others ended that one.
            step = Rotate(old.sid, session.id, row, creates=len(row) > 1)
        else:
            step = Rotate(old.sid, session.id, row, changes or _UNCHANGED)
        return Plan(step, Tell.ID, kept, now)

    def withholds(self, plan: Plan, *, https: bool, host: bytes) -> bool:
        """Whether the cookie is not sent, for it is `Secure` and the request came in the clear."""
        if https or not self._secure_only or plan.tell is not Tell.ID:
            return False
        return not _is_loopback(host)

    def set_cookie(self, plan: Plan, outcome: Outcome, *, https: bool) -> bytes | None:
        """The `Set-Cookie` that goes out with the response, if any.

        An id is sent only if the store has just said that it lives.  Nothing is sent when others
        ended the session meanwhile: the browser may have a newer one, which must stay.
        """
        writer = self._writers[https]
        if plan.tell is Tell.GOODBYE:
            return writer.deletion
        if plan.tell is Tell.ID and outcome.sid is not None:
            return writer.header(outcome.sid, outcome.lifetime, plan.now)
        return None


def _refuse_reserved_key(session: Session) -> None:
    if dict.__contains__(session, "cookie"):
        raise InvalidSession(
            "the key cookie is kept for the cookie's settings: use session.cookie, or another key"
        )


def _is_loopback(host: bytes) -> bool:
    """The hosts to which browsers send `Secure` cookies in the clear."""
    name = host[: host.find(b"]") + 1] if host[:1] == b"[" else host.partition(b":")[0]
    name = name.lower()
    return (
        name in (b"localhost", b"[::1]")
        or name.endswith(b".localhost")
        or bool(_LOOPBACK_IPV4.fullmatch(name))
    )
