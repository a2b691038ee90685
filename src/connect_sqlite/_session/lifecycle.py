"""Decides what is to happen to a session, from what came in and what the handler left.  Pure."""

from typing import Any

from orjson import loads

from ..errors import InvalidSession
from ..expiry import NEVER, to_datetime
from .changes import Changes, changes_since, print_of
from .plan import (
    NOTHING_TO_DO,
    Create,
    Destroy,
    Kept,
    Merge,
    Plan,
    Read,
    Rotate,
    Set,
    Tell,
    Touch,
)
from .policy import Policy, owner_in
from .rules import LATE, Action, Intent, Moment, decisions
from .session import Session
from .timeouts import MARKS, RESERVED, Marks, Timeouts

__all__ = ["Lifecycle"]

_UNCHANGED = Changes({}, (), b"")
# Reading a member from its enum costs ten times as much as reading a name.
_RESPONSE, _FAILURE, _LATE = Moment.RESPONSE, Moment.FAILURE, Moment.LATE
_NO_INTENT = Intent.NONE
_TELL_NOTHING = Tell.NOTHING


class Lifecycle:
    """The life of the sessions under one configuration."""

    def __init__(self, policy: Policy, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self._policy = policy
        self._decisions = decisions(policy)
        self._owner = policy.owner
        self._owner_key = (policy.owner or "").partition(".")[0]

    def plan(self, session: Session, moment: Moment) -> Plan:
        """What is to happen to the session as the handler left it."""
        kept, policy = session._kept, self._policy
        empty = not dict.__len__(session)
        if moment is _FAILURE and policy.save_on_error:
            moment = _RESPONSE
        untouched = kept is None and empty and session._intent is _NO_INTENT
        may_stay = moment is _LATE or not policy.save_uninitialized
        if untouched and may_stay and session._tell is _TELL_NOTHING:
            return NOTHING_TO_DO
        if session._is_lost or moment is _FAILURE:
            return self._telling(session, moment)
        changes = changes_since(kept.print, session) if kept else None
        owner = None
        if self._owner_key:
            owner, changes = self._new_owner(session, changes)
        relived = kept is not None and kept.lifetime != session._lifetime
        changed = changes is not None or relived
        intent = session._intent
        resaves = policy.resave and moment is _RESPONSE
        if kept and intent is _NO_INTENT and not changed and not resaves:
            # The table's last line, without the look into the table: most requests only read.
            return self._touching(session, kept, moment)
        now = self.timeouts.now()
        rule = self._decisions[kept is not None, intent, changed, empty]
        action = rule.action
        too_late = moment is _LATE and action in LATE
        if too_late:
            action = LATE[action]
        match action:
            case Action.DESTROY if kept:
                return Plan(Destroy(kept.sid), rule.tell, now=now, too_late=too_late)
            case Action.NOTHING:
                tell = session._tell if rule.tell is Tell.NOTHING else rule.tell
                return Plan(tell=tell, too_late=too_late)
        _refuse_reserved_keys(session)
        if kept and action is Action.MERGE:
            return self._saving(session, kept, changes or _UNCHANGED, moment, now)
        return self._writing(session, action, changes, owner, now)

    def owner_of(self, kept: Kept | None) -> str | int | None:
        """Whose session the store has."""
        if kept is None or self._owner is None:
            return None
        return owner_in(self._owner, _loaded(kept))

    def _new_owner(
        self, session: Session, changes: Changes | None
    ) -> tuple[str | int | None, Changes | None]:
        """Whose session it becomes, if it changes hands: then it gets a new id too."""
        kept = session._kept
        begins = kept is None or session._intent in (Intent.REGENERATE, Intent.DESTROY)
        if not begins and (changes is None or not changes.touch(self._owner_key)):
            return None, changes
        owner = owner_in(self._owner, session)
        if owner is None and begins:
            return None, changes
        if not begins and kept is not None:
            if owner == self.owner_of(kept):
                return None, changes
            if dict.__len__(session):
                session.rotate()
        if owner is None:
            session._marks = Marks()  # whoever it is now has proved nothing, and begins anew
        else:
            session._authenticate(self.timeouts.now())
        return owner, changes_since(kept.print, session) if kept else None

    def _touching(self, session: Session, kept: Kept, moment: Moment) -> Plan:
        if session._is_passive or (moment is not _RESPONSE and not session._touched):
            return self._telling(session, moment)
        now, timeouts = self.timeouts.now(), self.timeouts
        began = kept.marks.began
        if began is None and timeouts.absolute is not None:
            return self._saving(session, kept, _UNCHANGED, moment, now)
        rolls = self._policy.rolling and moment is _RESPONSE
        due = session._touched or rolls or timeouts.is_due(kept.lifetime, began, kept.ends, now)
        if not due:
            return self._telling(session, moment)
        ends = timeouts.end(kept.lifetime, began, now)
        tell = Tell.ID if rolls else session._tell
        return Plan(Touch.until(kept.sid, ends), tell, kept._replace(ends=ends), now)

    def _telling(self, session: Session, moment: Moment) -> Plan:
        """Nothing to do but to tell what `save()` has left: an id if it still lives."""
        if session._tell is _TELL_NOTHING or moment is _LATE:
            return NOTHING_TO_DO
        step = Read(session._kept.sid) if session._kept else None
        return Plan(step, session._tell, session._kept, self.timeouts.now())

    def _saving(
        self, session: Session, old: Kept, changes: Changes, moment: Moment, now: int
    ) -> Plan:
        lifetime, marks = session._lifetime, session._marks
        relived = lifetime != old.lifetime
        timeouts, changed = self.timeouts, changes.changed
        if marks.began is None and timeouts.absolute is not None:
            marks = marks._replace(created=now)  # of a row that Node made: it counts from here
        ends = timeouts.end(lifetime, marks.began, now)
        stays = session._is_passive and not relived
        if stays:
            ends = min(ends, old.ends)
        if relived and ends <= now:
            return Plan(Destroy(old.sid), Tell.GOODBYE, old, now)
        cookie = old.cookie
        replaces = self._policy.on_conflict == "replace"
        # The lifetime is written only by the request that changed it, as any other key is.
        if replaces or relived or not session._writer.is_kept_in(cookie):
            cookie = self._cookie(session, ends, now)
            changed = {**changed, "cookie": cookie}
        if marks != old.marks:
            changed = {**changed, MARKS: marks.to_json()}
        step: Set | Merge
        if replaces:
            step = Set(old.sid, self._row(session, marks, cookie))
        else:
            step = Merge(old.sid, changed, changes.removed, None if stays else to_datetime(ends))
        # A cookie that ends with the browser says nothing new.
        says = relived or (lifetime is not None and changes is not _UNCHANGED)
        rolls = self._policy.rolling and moment is _RESPONSE
        tell = Tell.ID if says or rolls else session._tell
        kept = Kept(old.sid, changes.print or old.print, lifetime, ends, marks, cookie)
        return Plan(step, tell, kept, now)

    def _writing(
        self,
        session: Session,
        action: Action,
        changes: Changes | None,
        owner: str | int | None,
        now: int,
    ) -> Plan:
        old, lifetime, marks = session._kept, session._lifetime, session._marks
        if marks.created is None:
            marks = marks._replace(created=now)
        ends = self.timeouts.end(lifetime, marks.began, now)
        cookie = self._cookie(session, ends, now)
        row = self._row(session, marks, cookie)
        kept = Kept(session.id, print_of(session), lifetime, ends, marks, cookie)
        step: Create | Rotate
        if old is None:
            step = Create(session.id, row)
        elif action is Action.REPLACE:
            # Nothing of the old session is in it, so it may live though others ended that one.
            creates = bool(dict.__len__(session))
            step = Rotate(old.sid, session.id, row, creates=creates)
        else:
            # A sign-in too: it owes the old session nothing.
            step = Rotate(old.sid, session.id, row, changes or _UNCHANGED, owner is not None)
        return Plan(step, Tell.ID, kept, now, owner)

    def _cookie(self, session: Session, ends: int, now: int) -> dict[str, Any]:
        lifetime, ttl = session._lifetime, self.timeouts.ttl
        plain = NEVER if ttl is None else now + ttl
        return session._writer.to_json(lifetime, ends, None if ends == plain else ends - now)

    @staticmethod
    def _row(session: Session, marks: Any, cookie: Any) -> dict[str, Any]:
        return {"cookie": cookie, MARKS: marks.to_json(), **session._data()}


def _loaded(kept: Kept) -> Any:
    """The data as they were loaded, from their print."""
    print_ = kept.print
    if isinstance(print_, bytes):
        return loads(print_)
    data = {}
    for key, text in print_.items():
        try:
            data[key] = loads(text)
        except ValueError:  # another serializer's, of no use as an owner
            continue
    return data


def _refuse_reserved_keys(session: Session) -> None:
    for key in RESERVED:
        if dict.__contains__(session, key):
            raise InvalidSession(
                f"the key {key} is kept for the session's own settings: use another key"
                + (", or session.cookie" if key == "cookie" else "")
            )
