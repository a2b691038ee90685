"""What the doors of frameworks that block share: the session, and what is done for a response."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..contract import Store, StoredSession
from .carry import carry, load
from .plan import NOTHING_TO_DO
from .refusal import Refusal
from .responses import ResponseManager, ResponseSession, TextHeaders, refusal_headers
from .rules import Moment
from .session import Session

__all__ = ["BlockingManager", "BlockingSession", "Stream", "TextHeaders"]
__all__ += ["is_whole", "refusal_headers"]


class BlockingSession(ResponseSession):
    """A session whose store is called, not awaited."""

    __slots__ = ()

    _home: "BlockingManager"

    def save(self) -> None:
        """Save now, not only as the response starts.

        Raises `InvalidSession` for a value that JSON has not, `SessionLimitReached` if its owner
        may have no more, and what else the store raises.
        """
        self._home._act(self, self._saving_moment)

    def reload(self) -> None:
        """Take the session from the store again; changes that are not saved yet are dropped.

        Raises `SessionGone` if there is none.
        """
        carry(self._home.store, self._home.reloading(self))

    def _save_late(self) -> None:
        """Save what changed after the headers were made."""
        if self._saves_late:
            self._home._act(self, Moment.LATE)

    def _save_after_exception(self) -> None:
        """Save what was changed before an exception that the server answers."""
        self._failed = True
        if self._home.saves_after_exception(self):
            self._home._act(self, Moment.LATE)


class BlockingManager(ResponseManager[Store]):
    """The sessions of an application whose store is called, not awaited."""

    face = Store
    other_face = (
        "which is awaited: a WSGI application needs the store of the same kind that blocks, such "
        "as SQLiteStore"
    )
    awaits = False

    def read(self, cookies: str | bytes | None) -> StoredSession | None:
        """The session that a `Cookie` header alone names: that of a handshake elsewhere, say.

        It is the row, with `cookie` and `_session` among its data.  Not counted as activity.
        """
        return carry(self.store, self.reading(cookies))

    def close(self) -> None:
        """Close the store, if it was opened here: WSGI tells nobody when an application ends."""
        if self._location is not None:
            self.store.close()

    def _load(self, session: BlockingSession, cookies: str) -> None:
        """Fill the session that the `Cookie` header names, if it names one."""
        session._started = session._failed = False
        if cookies and (ids := self._jar.offered(cookies.encode("latin-1", "replace"))):
            self._load_one(session, ids)

    def _load_one(self, session: BlockingSession, ids: list[str]) -> None:
        """Fill the session from the first of these that lives."""
        if self._limited:
            carry(self.store, self.loading(session, ids))
        elif (row := load(self.store, ids)) is not None:
            session._fill(row)

    def _begin(
        self, session: BlockingSession, *, failed: bool, host: str, headers: TextHeaders
    ) -> tuple[TextHeaders, Refusal | None]:
        """Save the session as the response starts, which has `failed` with status 500.

        Returns the response's headers, with its cookie; or what to answer in its place.
        """
        known = not session.is_new
        plan = self._planned(session, failed=failed)
        answer = None
        if plan is not NOTHING_TO_DO:
            answer = carry(self.store, self._answering(session, plan, host))
        return self._answered(session, headers, answer, known=known)

    def _act(self, session: Session, moment: Moment) -> None:
        plan = self._lifecycle.plan(session, moment)
        if plan is not NOTHING_TO_DO:
            carry(self.store, self.carrying(session, plan))


class Stream:
    """A body that may go on changing the session: it is saved when the server is done with it."""

    def __init__(self, body: Iterable[bytes], session: BlockingSession) -> None:
        self._body = body
        self._session = session

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except Exception:
            self._session._save_after_exception()
            raise

    def close(self) -> None:
        try:
            close: Callable[[], None] | None = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._session._save_late()


def is_whole(body: object, environ: Mapping[str, Any]) -> bool:
    """Whether nothing can follow once the body is made, so that it is best left as it is.

    The server may know a quick way to send it.
    """
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(body, (list, tuple, wrapper) if isinstance(wrapper, type) else (list, tuple))
