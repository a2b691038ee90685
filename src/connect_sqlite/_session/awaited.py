"""What `blocking` has, for doors of frameworks whose store is awaited."""

from ..contract import AsyncStore, StoredSession
from .carry import carry_async, load_async
from .plan import NOTHING_TO_DO
from .refusal import Refusal
from .responses import ResponseManager, ResponseSession, TextHeaders
from .rules import Moment
from .session import Session

__all__ = ["AwaitedManager", "AwaitedSession"]


class AwaitedSession(ResponseSession):
    """A session whose store is awaited."""

    __slots__ = ()

    _home: "AwaitedManager"

    async def save(self) -> None:
        """Save now, not only as the response starts.

        Raises `InvalidSession` for a value that JSON has not, `SessionLimitReached` if its owner
        may have no more, and what else the store raises.
        """
        await self._home._act(self, self._saving_moment)

    async def reload(self) -> None:
        """Take the session from the store again; changes that are not saved yet are dropped.

        Raises `SessionGone` if there is none.
        """
        await carry_async(self._home.store, self._home.reloading(self))

    async def _save_late(self) -> None:
        """Save what changed after the headers were made."""
        if self._saves_late:
            await self._home._act(self, Moment.LATE)

    async def _save_after_exception(self) -> None:
        """Save what was changed before an exception that the server answers."""
        self._failed = True
        if self._home.saves_after_exception(self):
            await self._home._act(self, Moment.LATE)


class AwaitedManager(ResponseManager[AsyncStore]):
    """The sessions of an application whose store is awaited."""

    face = AsyncStore
    other_face = (
        "which blocks: this application needs the async store of the same kind, such as "
        "AsyncSQLiteStore"
    )
    awaits = True

    async def read(self, cookies: str | bytes | None) -> StoredSession | None:
        """The session that a `Cookie` header alone names: that of a handshake elsewhere, say.

        It is the row, with `cookie` and `_session` among its data.  Not counted as activity.
        """
        return await carry_async(self.store, self.reading(cookies))

    async def close(self) -> None:
        """Close the store, if it was opened here."""
        if self._location is not None:
            await self.store.close()

    async def _load_one(self, session: AwaitedSession, ids: list[str]) -> None:
        """Fill the session from the first of these that lives."""
        if self._limited:
            await carry_async(self.store, self.loading(session, ids))
        elif (row := await load_async(self.store, ids)) is not None:
            session._fill(row)

    async def _begin(
        self, session: AwaitedSession, *, failed: bool, host: str, headers: TextHeaders
    ) -> tuple[TextHeaders, Refusal | None]:
        """Save the session as the response starts, which has `failed` with status 500.

        Returns the response's headers, with its cookie; or what to answer in its place.
        """
        known = not session.is_new
        plan = self._planned(session, failed=failed)
        answer = None
        if plan is not NOTHING_TO_DO:
            answer = await carry_async(self.store, self._answering(session, plan, host))
        return self._answered(session, headers, answer, known=known)

    async def _act(self, session: Session, moment: Moment) -> None:
        plan = self._lifecycle.plan(session, moment)
        if plan is not NOTHING_TO_DO:
            await carry_async(self.store, self.carrying(session, plan))
