"""What the doors share that make a whole response's headers at once.  No I/O."""

from typing import TypeVar

from ..contract import AsyncStore, Store
from ..errors import InvalidSession, SessionLimitReached, StoreError
from .caching import protected
from .carry import Steps
from .manager import SessionManager
from .plan import Plan
from .refusal import Refusal, refused
from .rules import Moment
from .session import Session

__all__ = ["ResponseManager", "ResponseSession", "TextHeaders", "refusal_headers"]

S = TypeVar("S", bound=AsyncStore | Store)

TextHeaders = list[tuple[str, str]]


class ResponseSession(Session):
    """A session that is saved as the headers are made."""

    __slots__ = ("_failed", "_started")

    _started: bool
    """Whether the headers are made, and the browser can be told no other id."""
    _failed: bool
    """Whether nothing more is saved."""

    @property
    def _saving_moment(self) -> Moment:
        """The moment at which a handler asks for its session to be saved."""
        return Moment.LATE if self._started else Moment.RESPONSE

    @property
    def _saves_late(self) -> bool:
        """Whether what changed after the headers were made is saved."""
        return (self.accessed or self._touched) and self._started and not self._failed


class ResponseManager(SessionManager[S]):
    """Saves a session as the headers are made."""

    def _planned(self, session: ResponseSession, *, failed: bool) -> Plan:
        """What is to happen as the response starts, which has `failed` with status 500."""
        if failed:
            session._failed = not self._policy.save_on_error
        return self._lifecycle.plan(session, Moment.FAILURE if failed else Moment.RESPONSE)

    def _answering(
        self, session: ResponseSession, plan: Plan, host: str
    ) -> Steps[bytes | Refusal | None]:
        """The steps that save it: what is answered in the response's place, or its `Set-Cookie`."""
        try:
            outcome = yield from self.carrying(session, plan)
        except InvalidSession:
            raise  # the application's mistake, and its traceback shows where
        except (StoreError, SessionLimitReached) as error:
            if self.raises(error):
                raise
            session._started = session._failed = True
            return refused(error)
        return self.set_cookie(session, plan, outcome, host.encode("latin-1"))

    def _answered(
        self,
        session: ResponseSession,
        headers: TextHeaders,
        answer: bytes | Refusal | None,
        *,
        known: bool,
    ) -> tuple[TextHeaders, Refusal | None]:
        """The headers with what they have to say of the session, which was `known` before."""
        if isinstance(answer, Refusal):
            return refusal_headers(answer), answer
        session._started = True
        if not session.accessed and answer is None:
            return headers, None
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        is_personal = known and session.accessed
        raw = protected(raw, is_personal=is_personal, sets_cookie=answer is not None)
        told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
        if answer is not None:
            told.append(("Set-Cookie", answer.decode("latin-1")))
        return told, None


def refusal_headers(refusal: Refusal) -> TextHeaders:
    """As text."""
    return [(name.decode(), value.decode()) for name, value in refusal.headers]
