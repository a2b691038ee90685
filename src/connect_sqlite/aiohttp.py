"""Sessions for aiohttp: `aiohttp_session.setup(app, SessionStorage(store, secret=…))`."""

import os
from collections.abc import Sequence
from typing import Any, Literal

from ._extras import extra
from ._session.awaited import AwaitedManager, AwaitedSession
from ._session.options import joined_options
from ._session.refusal import Refusal, refused
from ._session.rules import Intent, Moment
from ._session.signing import Secret
from ._session.timeouts import AAL1, AAL2, AAL3
from ._stores.opening import open_async_store
from .contract import AsyncStore
from .errors import StoreError

with extra("aiohttp"):
    import aiohttp_session
    from aiohttp import web

__all__ = ["AAL1", "AAL2", "AAL3", "Session", "SessionStorage"]

_ENDINGS = (Intent.DESTROY, Intent.REGENERATE)
_FOR_CACHES = ("Vary", "Cache-Control")


class Session(AwaitedSession, aiohttp_session.Session):
    """One visitor's session, as `get_session(request)` gives it: a `dict` of its data."""

    __slots__ = ("_is_placed",)

    _home: "SessionStorage"
    _is_placed: bool
    """Whether it is known whose place it takes; `new_session` is not told the request."""

    @property
    def _mapping(self) -> dict[str, Any]:  # type: ignore[override]
        self.mark_accessed()
        return self

    @property
    def _changed(self) -> bool:  # type: ignore[override]
        # What changed is found by comparing: whoever looked may have changed something.
        return self.accessed or self._touched

    @property
    def new(self) -> bool:
        """Whether the store does not know it, or it was begun anew in this request."""
        return self.is_new or self._intent in _ENDINGS

    @property
    def identity(self) -> str | None:
        """The id; None of a new session that was given none."""
        return self._id if self.new else self.id

    @property
    def created(self) -> int:  # type: ignore[override]
        """When it began, in whole seconds since 1970; a new one, now."""
        return (self._marks.created or self._timeouts.now()) // 1000

    @property
    def max_age(self) -> int | None:
        """The lifetime of this session and its cookie in seconds; None: with the browser."""
        seconds = self.cookie.original_max_age
        return None if seconds is None else int(seconds)

    @max_age.setter
    def max_age(self, value: int | None) -> None:
        self.cookie.max_age = value

    def changed(self) -> None:
        """Say that it changed, which need not be said."""
        self.mark_accessed()

    def invalidate(self) -> None:
        """End the session, here and in the browser."""
        self.destroy()

    def set_new_identity(self, identity: str | None) -> None:
        """Give a new session this id.  `RuntimeError` if it is not new."""
        if not self.new:
            raise RuntimeError("only a session that is new can be given an identity; see rotate()")
        self._id = identity


class SessionStorage(AwaitedManager, aiohttp_session.AbstractStorage):
    """The sessions of an application, for `aiohttp_session.setup`."""

    opens = staticmethod(open_async_store)

    def __init__(
        self,
        store: AsyncStore | str | os.PathLike[str],
        *,
        secret: Secret | Sequence[Secret] | None = None,
        cookie_name: str = "connect.sid",
        domain: str | None = None,
        max_age: int | None = None,
        path: str = "/",
        secure: bool | Literal["auto"] | None = "auto",
        httponly: bool = True,
        samesite: str | None = "Lax",
        **options: Any,
    ) -> None:
        """Check everything, and open the store if this is a path or a URL; `close` closes that.

        The names that aiohttp-session has mean what they mean there.  `options`: all others of
        `connect_sqlite.asgi.SessionMiddleware`, with those of its `cookie` that it has no name for.
        """
        if "name" in options:
            raise TypeError("the cookie's name is called cookie_name in aiohttp-session")
        own = {
            "domain": domain,
            "max_age": max_age,
            "path": path,
            "secure": secure or False,
            "http_only": httponly,
            "same_site": samesite,
        }
        cookie = joined_options(own, options.pop("cookie", None))
        AwaitedManager.__init__(
            self, None, store=store, secret=secret, name=cookie_name, cookie=cookie, **options
        )
        same: Any = {"domain": domain, "max_age": max_age, "path": path, "samesite": samesite}
        aiohttp_session.AbstractStorage.__init__(
            self, cookie_name=cookie_name, secure=bool(secure), httponly=httponly, **same
        )

    async def load_session(self, request: web.Request) -> Session:
        """The session that the request's cookie names, or a new one."""
        if not self.applies(request, request.path, ""):
            raise RuntimeError(f"requests for {request.path} have no session, as it was configured")
        forwarded = request.headers.get("X-Forwarded-Proto", "").encode(errors="replace")
        https = self.is_https(request.scheme, forwarded)
        known = self.remembered(request)
        session = Session(self, self._jar.of(request), https=https, request=known)
        session._started = session._failed = False
        session._is_placed = True
        cookies = "; ".join(request.headers.getall("Cookie", ()))
        if ids := self._jar.offered(cookies.encode(errors="replace")):
            try:
                await self._load_one(session, ids)
            except StoreError as error:
                if self.raises(error):
                    raise
                raise _answer(refused(error)) from error
        return session

    async def new_session(self) -> Session:
        """A new session, which takes the place of the request's own as it is saved."""
        session = Session(self, self._jar.of(None), https=False)
        session._started = session._failed = session._is_placed = False
        return session

    async def save_session(
        self, request: web.Request, response: web.StreamResponse, session: aiohttp_session.Session
    ) -> None:
        """Save the session, and give the response its cookie.

        The middleware calls it, but for streams: call it before their `prepare`.
        """
        assert isinstance(session, Session)
        if not session._is_placed:
            await self._place(session, await self.load_session(request))
        said = [(name, each) for name in _FOR_CACHES for each in response.headers.getall(name, ())]
        host = request.headers.get("Host", "")
        failed = response.status == 500
        told, refusal = await self._begin(session, failed=failed, host=host, headers=said)
        if refusal is not None:
            raise _answer(refusal)
        for name in _FOR_CACHES:
            response.headers.popall(name, None)
        response.headers.extend(told)

    async def close(self, app: web.Application | None = None) -> None:
        """Close the store, if it was opened here: `app.on_cleanup.append(storage.close)`."""
        await super().close()

    async def _place(self, session: Session, old: Session) -> None:
        """Have a session that was made without a request end the one that this came with."""
        session._is_placed = True
        session._https, session._writer, session._request = old._https, old._writer, old._request
        if not session.is_new:  # it was saved already
            old.destroy()
            await self._act(old, Moment.LATE)
        elif session:
            session._kept, session._intent = old._kept, Intent.REGENERATE
        elif session._intent is Intent.DESTROY:
            session._kept = old._kept


def _answer(refusal: Refusal) -> web.HTTPException:
    kind = web.HTTPForbidden if refusal.status == 403 else web.HTTPServiceUnavailable
    return kind(text=refusal.text.decode(), headers={"Cache-Control": "no-store"})
