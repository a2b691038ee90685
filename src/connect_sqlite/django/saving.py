"""What saving a session means, said once for code that blocks and for code that awaits."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeGuard

from .._extras import extra
from .._session.carry import Steps
from .._session.changes import Changes, Print
from .._session.plan import Create, Destroy, Merge, Read, Rotate, Step, Touch
from ..contract import StoredSession, TouchResult
from ..errors import InvalidSession, SessionExists
from ..expiry import to_iso

with extra("django"):
    from django.contrib.sessions.backends.base import (
        VALID_KEY_CHARS,
        CreateError,
        SessionBase,
        UpdateError,
    )
    from django.contrib.sessions.exceptions import SessionInterrupted
    from django.utils.crypto import get_random_string

from .options import OWNER, usual
from .values import values

__all__ = ["SavingSession", "is_key"]

_Fit = Callable[[dict[str, Any]], dict[str, Any]]


class SavingSession(SessionBase):
    """A session that knows what the store has of it; each method yields steps for `carry`."""

    _session_cache: dict[str, Any]
    _modified = False
    _known: Print | None = None
    """Of what the store has."""
    _left: Print | None = None
    """What `modified` compares with: as loaded, or as it was when that was set to False."""
    _has_cookie = False
    """Whether the row says itself when it ends."""

    @property
    def modified(self) -> bool:
        """Whether there is something to save, however deep in a value it changed."""
        if self._modified or self._left is None:
            return self._modified
        return values().changes_since(self._left, self._session_cache) is not None

    @modified.setter
    def modified(self, value: bool) -> None:
        self._modified = value
        if not value:
            data = self.__dict__.get("_session_cache")
            self._left = None if data is None else values().print_of(data)

    def _creating(self) -> Steps[None]:
        while True:
            self._session_key = self._get_new_session_key()
            try:
                yield from self._saving(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def _saving(self, must_create: bool) -> Steps[None]:
        key, data = self.session_key, self._session_cache
        if key is None:
            raise UpdateError
        now, ends, cookie = self._end()
        if must_create:
            try:
                yield from _fitting(lambda fit: Create(key, fit({**data, **cookie})))
            except SessionExists:
                raise CreateError from None
            self._known = values().print_of(data)
        elif ends <= now:
            if not (yield Destroy(key)):
                raise UpdateError
        else:
            changes = yield from self._changes(key)
            if not (changes.changed or changes.removed or cookie or self._has_cookie):
                answer = yield Touch(key, {"cookie": {"expires": ends}})
                lives = answer is not TouchResult.EXPIRED
            else:
                changed, removed = self._with_cookie(changes, cookie)
                try:  # as _fitting, which would cost each save a generator more
                    lives = (yield Merge(key, changed, removed, ends)) is not None
                except InvalidSession:
                    plain = values().plain(changed)
                    lives = (yield Merge(key, plain, removed, ends)) is not None
            if not lives:
                raise UpdateError
            self._known = changes.print
        self._has_cookie = bool(cookie)

    def _cycling(self) -> Steps[None]:
        key, data = self.session_key, self._session_cache
        if key is None:
            return (yield from self._creating())
        changes = yield from self._changes(key)
        _, _, cookie = self._end()
        changed, removed = self._with_cookie(changes, cookie)
        new = self._get_new_session_key()

        def rotate(fit: _Fit) -> Step:
            own = Changes(fit(changed), removed, changes.print)
            return Rotate(key, new, fit({**data, **cookie}), own)

        if not (yield from _fitting(rotate)):
            if OWNER in data:  # a sign-out wins
                raise SessionInterrupted("The session has ended: its user signed out elsewhere.")
            for name in data.keys() - changes.changed.keys():
                del data[name]  # it may say who had signed in, and ended with its session
            yield from _fitting(lambda fit: Create(new, fit({**data, **cookie})))
        self._session_key = new
        self._known = values().print_of(data)
        self._has_cookie, self.modified = bool(cookie), True

    def _changes(self, key: str) -> Steps[Changes]:
        """What is to be done to the row."""
        if self._known is None:  # cleared, say, without having been looked at
            row: StoredSession | None = yield Read(key)
            self._has_cookie = row is not None and row.pop("cookie", None) is not None
            self._known = values().print_of(row or {})
        none = Changes({}, (), self._known)
        return values().changes_since(self._known, self._session_cache) or none

    def _with_cookie(
        self, changes: Changes, cookie: dict[str, Any]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        if not cookie and not self._has_cookie:
            return changes.changed, changes.removed
        stale = () if cookie else ("cookie",)
        return {**changes.changed, **cookie}, (*changes.removed, *stale)

    def _end(self) -> tuple[datetime, datetime, dict[str, Any]]:
        """The time, when a session that is saved now ends, and what its row has to say of that."""
        data = self._session_cache
        if "cookie" in data:
            raise InvalidSession("'cookie' is kept for the row's own end: choose another key")
        clock, age = usual()
        now = datetime.fromtimestamp(clock(), UTC)
        expiry = data.get("_session_expiry")
        ends = self.get_expiry_date(modification=now, expiry=expiry)
        if ends.utcoffset() is None:  # USE_TZ is off, and this is the local time
            ends = ends.astimezone(UTC)
        if not expiry and age and ends - now == age:
            return now, ends, {}
        return now, ends, {"cookie": {"expires": to_iso(ends)}}

    def _get_new_session_key(self) -> str:
        return get_random_string(32, VALID_KEY_CHARS)  # the store refuses one that lives

    def _validate_session_key(self, key: str | None) -> bool:
        return is_key(key) and len(key) >= 8


def is_key(key: str | None) -> TypeGuard[str]:
    """Whether a session may have this key; a cookie may bring anything."""
    return key is not None and 0 < len(key) < 256 and key.isascii() and "\0" not in key


def _fitting(step: Callable[[_Fit], Step]) -> Steps[Any]:
    """A step; once more with plain values, if the store refuses what Django's JSON takes."""
    try:
        return (yield step(lambda data: data))
    except InvalidSession:
        return (yield step(values().plain))
