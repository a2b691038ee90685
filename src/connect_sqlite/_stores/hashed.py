"""The calls of a store that keeps no ids: `hash_ids=True`.

A session's row lies under its handle, which is half of a SHA-256 of its id.  That many bits, 128,
can no more be guessed than an id can, and a handle leads to the row with no search.
"""

import re
from collections.abc import Iterable

from ..contract import StoredSession
from ..errors import InvalidSessionId
from ..handles import Handle, handle_of
from .calls import Calls, Key, KeyedRow
from .checks import checked_id, plain

__all__ = ["HashedCalls", "checked_handle"]

_HANDLE = re.compile(r"[A-Za-z0-9_-]{22}")


def checked_handle(handle: Handle) -> str:
    """The handle's text, or `InvalidSessionId` if no session can have it."""
    text = plain(handle)
    if not _HANDLE.fullmatch(text):
        raise InvalidSessionId("a handle is 22 letters, digits, - and _, as handle_of makes it")
    return text


class HashedCalls(Calls):
    """As all calls, but that rows lie under handles, and lists name sessions by them."""

    def key(self, sid: str) -> str:
        return self.prefix + handle_of(checked_id(sid))

    def named(self, sid: str) -> str:
        if isinstance(sid, Handle):
            return self.prefix + checked_handle(sid)
        return self.key(sid)

    def _ids(self, keys: list[Key]) -> list[str]:
        return [Handle(sid) for sid in super()._ids([key for key in keys if self._is_own(key)])]

    def _many(self, rows: Iterable[KeyedRow]) -> list[StoredSession]:
        found = super()._many(row for row in rows if self._is_own(row[0]))
        for session in found:
            session.id = Handle(session.id)
        return found

    def _is_own(self, key: Key) -> bool:
        """Whether a store like this one wrote it: a program that keeps ids must not show one."""
        if isinstance(key, str) and _HANDLE.fullmatch(key, len(self.prefix)):
            return True
        self._codec.report_unreadable()
        return False
