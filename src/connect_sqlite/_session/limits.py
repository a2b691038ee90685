"""How many sessions one owner may have.  No I/O: it yields steps and is sent their answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

from ..contract import StoredSession
from ..errors import SessionLimitReached
from ..handles import handle_of
from .carry import Steps
from .events import Hooks, SessionEvent
from .plan import DestroyMany, Find, Kept, Notify, Plan
from .policy import Policy
from .timeouts import MARKS, Marks, Timeouts

__all__ = ["OwnerLimit"]


@dataclass(frozen=True, slots=True)
class OwnerLimit:
    """Asked when a session becomes somebody's: a plan with an owner."""

    path: str
    most: int
    refuses: bool
    """Whether a sign-in too many is refused, rather than the oldest session ended."""
    hooks: Hooks
    timeouts: Timeouts
    is_over: Callable[[StoredSession], bool]

    @classmethod
    def of(
        cls,
        policy: Policy,
        hooks: Hooks,
        timeouts: Timeouts,
        is_over: Callable[[StoredSession], bool],
    ) -> Optional["OwnerLimit"]:
        """None: there is no limit."""
        if policy.owner is None or policy.sessions_per_owner is None:
            return None
        refuses = policy.at_limit == "refuse"
        return cls(policy.owner, policy.sessions_per_owner, refuses, hooks, timeouts, is_over)

    def before(self, plan: Plan, kept: Kept | None) -> Steps[None]:
        """Refuse the sign-in, if that is what is to happen."""
        if not self.refuses:
            return
        others = yield from self._of_owner(plan)
        # A store that hides ids tells handles.
        own = None if kept is None else handle_of(kept.sid)
        if sum(handle_of(row.id) != own for row in others) >= self.most:
            raise SessionLimitReached(
                f"there are {self.most} sessions of this owner already: end one of them first"
            )

    def after(self, plan: Plan, sid: str) -> Steps[bool]:
        """Whether there is room for this session, for it is not among those that were too many."""
        if self.refuses:
            return True
        rows, now = (yield from self._of_owner(plan)), self.timeouts.now()

        def youth(row: StoredSession) -> tuple[int, int, str]:
            # The same for all that sign in at this moment, lest they end each other.  A session
            # from the future is one from before the clock was set back.
            marks = Marks.of(row.get(MARKS))
            began = marks.began or 0
            return (began if began <= now else 0), marks.turn or 0, row.id

        rows.sort(key=youth, reverse=True)
        stay, ended = rows[: self.most], rows[self.most :]
        if ended:
            yield DestroyMany(tuple(row.id for row in ended))
        if self.hooks.destroyed:
            for row in ended:
                event = SessionEvent(handle_of(row.id), plan.owner)
                yield Notify(self.hooks.destroyed, event)
        return len(stay) < self.most or handle_of(sid) in [handle_of(row.id) for row in stay]

    def _of_owner(self, plan: Plan) -> Steps[list[StoredSession]]:
        assert plan.owner is not None
        found: list[StoredSession] = yield Find(self.path, plan.owner)
        return [row for row in found if not self.is_over(row)]
