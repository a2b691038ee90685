"""What every gateway's middleware shares: the options, and what is done for a request.  No I/O."""

import inspect
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from logging import getLogger
from typing import Any, ClassVar, Generic, TypeVar

from ..contract import AsyncStore, Store, StoredSession
from ..errors import SessionGone, StoreError
from ..handles import handle_of
from .carry import Steps, carrying
from .events import Hook, Hooks, SessionEvent
from .jar import CookieChoice, Jar
from .lifecycle import Lifecycle
from .limits import OwnerLimit
from .plan import (
    NONE_LIVES,
    Create,
    Destroy,
    Notify,
    Outcome,
    Plan,
    Read,
    Rotate,
    Tell,
)
from .policy import AtLimit, OnConflict, OnStoreError, Policy, Unset, owner_in
from .session import Session
from .signing import Secret, Signer, new_id
from .skip import Skip, skipping
from .timeouts import MARKS, Marks, Timeouts, stored_lifetime
from .typed import Migrate, Model, TypedLifecycle

__all__ = ["SessionManager"]

S = TypeVar("S", bound=AsyncStore | Store)

_log = getLogger("connect_sqlite")

_DEFAULT_TTL = 86_400
_LONGEST_ID = 255
_NO_ID = re.compile("[\0\ud800-\udfff]")
"""What the store would refuse, with less to say of who is to blame."""


class SessionManager(Generic[S]):
    """The sessions of one application, under one configuration."""

    face: ClassVar[Any]
    """The protocol that a store must have here."""
    other_face: ClassVar[str]
    """What to say to one who brings the other kind."""
    awaits: ClassVar[bool]
    opens: ClassVar[Callable[..., Any]]
    """Opens the store at a location: `open_store` or `open_async_store`, which a door may know."""
    life: ClassVar[type[Lifecycle]] = Lifecycle
    cookie_is_ours: ClassVar[bool] = True
    """Whether the options say what the cookie is, not the framework's own settings."""

    def __init__(
        self,
        app: Any,
        *,
        store: S | str | os.PathLike[str],
        secret: Secret | Sequence[Secret] | None = None,
        name: str = "connect.sid",
        cookie: CookieChoice = None,
        rolling: bool = False,
        resave: bool = False,
        save_uninitialized: bool = False,
        save_on_error: bool = False,
        unset: Unset = "keep",
        genid: Callable[[Any], str] | None = None,
        proxy: bool = False,
        skip: Skip = (),
        owner: str | None = None,
        sessions_per_owner: int | None = None,
        at_limit: AtLimit = "end_oldest",
        idle_timeout: timedelta | float | None = None,
        absolute_timeout: timedelta | float | None = None,
        touch_interval: timedelta | float | None = None,
        model: Any = None,
        migrate: Migrate | None = None,
        on_conflict: OnConflict = "merge",
        on_store_error: OnStoreError = "unavailable",
        on_created: Hook | None = None,
        on_rotated: Hook | None = None,
        on_destroyed: Hook | None = None,
        on_expired: Hook | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Make the middleware.  Every option is checked here; times are seconds or `timedelta`s.

        `store`: a store, or what `open_store` takes; that one is closed by who opened it.
        `secret`: signs the cookie; of several the first signs and all are accepted.
        `name`, `cookie`: the cookie's name and options, or a function of the request for these.
        `rolling`: send the cookie with each response.  `resave`, `save_uninitialized`: save what
        did not change, and what is new and empty.  `save_on_error`: save with status 500 too.
        `unset`: whether a session set to None is ended or left alone.
        `genid`: makes new ids, from the request.  `proxy`: believe `X-Forwarded-Proto`.
        `skip`: paths, or a function of the request, that have no session.
        `owner`: where the data say whose session it is; when that changes the id rotates.
        `sessions_per_owner`, `at_limit`: how many one owner may have, and what happens then.
        `idle_timeout`, `absolute_timeout`: the server's own, whatever the cookie says.
        `touch_interval`: how long reading writes no new end; a tenth of the lifetime, at most.
        `model`, `migrate`: what the data have to fit, and what makes those fit that do not.
        `on_conflict`: merge parallel changes by key, or let the last one replace all.
        `on_store_error`: answer 503, or raise.  `on_…`: told of each session's life.
        """
        self.app = app
        if self.cookie_is_ours:
            signer = Signer(secret)
            self._jar = Jar(name, cookie, signer)
        self._policy = Policy(
            resave=resave,
            rolling=rolling,
            save_uninitialized=save_uninitialized,
            save_on_error=save_on_error,
            unset=unset,
            on_conflict=on_conflict,
            on_store_error=on_store_error,
            owner=owner,
            sessions_per_owner=sessions_per_owner,
            at_limit=at_limit,
            genid=genid,
        )
        self._hooks = Hooks(on_created, on_rotated, on_destroyed, on_expired)
        self._refuse_awaited_hooks()
        self._proxy = _checked_proxy(proxy)
        self._skips = skipping(skip)
        covers_everything = not self.cookie_is_ours or self._jar.covers_everything
        self._everywhere = self._skips is None and covers_everything
        self._location: str | os.PathLike[str] | None = None
        if not isinstance(store, self.face):
            self._location = self._checked_location(store)
        self.timeouts = Timeouts.of(
            ttl=_DEFAULT_TTL if self._location is not None else store.ttl,  # type: ignore[union-attr]
            idle_timeout=idle_timeout,
            absolute_timeout=absolute_timeout,
            touch_interval=touch_interval,
            clock=clock or _now,
        )
        self.model = Model.of(model, migrate)
        self._lifecycle = self.life(self._policy, self.timeouts)
        if self.model is not None:
            self._lifecycle = TypedLifecycle(self._lifecycle, self.model)
        self._timed = self.timeouts.idle is not None or self.timeouts.absolute is not None
        # Whether a row that was found is looked at, before it is the session.
        self._limited = self._timed or self.model is not None
        self._limit = OwnerLimit.of(self._policy, self._hooks, self.timeouts, self._is_over)
        self._told = any((on_created, on_rotated, on_destroyed))
        self._said_withheld = False
        self.store: S = store if self._location is None else self._opened()  # type: ignore[assignment]
        self._check_index()

    # ------------------------------------------------------------------ before the handler

    def applies(self, request: Any, path: str, root: str) -> bool:
        """Whether a request for this path has a session; with `_everywhere` every one has."""
        if self._skips is not None and self._skips(request, path):
            return False
        return self._jar.of(request).covers(path, root)

    def is_https(self, scheme: str, forwarded: bytes) -> bool:
        """`forwarded` is the request's `X-Forwarded-Proto`, which counts with `proxy` only."""
        if scheme in ("https", "wss"):
            return True
        return self._proxy and forwarded.partition(b",")[0].strip().lower() == b"https"

    def loading(self, session: Session, ids: Iterable[str]) -> Steps[None]:
        """The steps that fill the session, under timeouts of the server's own, and with a model."""
        for sid in ids:
            row: StoredSession | None = yield Read(sid)
            if row is None:
                continue
            if self._is_over(row):
                yield Destroy(sid)
                if self._hooks.expired:
                    owner = owner_in(self._policy.owner, row)
                    yield Notify(self._hooks.expired, SessionEvent(handle_of(sid), owner))
                continue
            fitting = row if self.model is None else (yield from self.model.admitting(row))
            if fitting is None:
                yield Destroy(sid)
                if self._hooks.destroyed:
                    owner = owner_in(self._policy.owner, row)
                    yield Notify(self._hooks.destroyed, SessionEvent(handle_of(sid), owner))
                continue
            session._fill(fitting)
            return

    def reading(self, cookies: str | bytes | None) -> Steps[StoredSession | None]:
        """The steps that find the session of a `Cookie` header, and change nothing."""
        if isinstance(cookies, str):
            # What is not Latin-1 came from no HTTP server, and is in no cookie of ours.
            cookies = cookies.encode("latin-1", "replace")
        for sid in self._offered(cookies or b""):
            row: StoredSession | None = yield Read(sid)
            if row is not None and not self._is_over(row):
                return row
        return None

    def _offered(self, cookies: bytes) -> list[str]:
        return self._jar.offered(cookies)

    def remembered(self, request: Any) -> Any:
        """The request, for the one who asks for it, which is genid.

        It holds the session, and so would be a circle that is left to the garbage collector.
        """
        return request if self._policy.genid else None

    def new_id(self, request: Any) -> str:
        """An id for a new session of this request."""
        if self._policy.genid is None:
            return new_id()
        sid = self._policy.genid(request)
        if not isinstance(sid, str):
            raise TypeError(f"genid returned a {type(sid).__name__}: a session id is a str")
        size = len(sid.encode(errors="replace"))
        if not 0 < size <= _LONGEST_ID or _NO_ID.search(sid):
            raise ValueError(
                "genid returned an id that has not 1 to 255 bytes of UTF-8 without NUL"
            )
        return sid

    def has_changed_hands(self, session: Session) -> bool:
        """Whether the session is another owner's than the one that was loaded."""
        path, kept = self._policy.owner, session._kept
        if path is None or kept is None:
            return False
        return owner_in(path, session) != self._lifecycle.owner_of(kept)

    def as_kept(self, session: Session) -> dict[str, Any]:
        """The data as they go to the store."""
        return session._data()

    # ------------------------------------------------------------------ after the handler

    def unset(self, session: Session) -> None:
        """The handler took the session away from the request."""
        if self._policy.unset == "destroy":
            session.destroy()
        else:
            session._discard()

    def saves_after_exception(self, session: Session) -> bool:
        """Whether a session is saved whose handler raised what the server will answer.

        A new one is not: its cookie could not go out, for the answer is not made here.
        """
        return self._policy.save_on_error and not session.is_new

    def raises(self, error: Exception) -> bool:
        """Whether the application gets this error, rather than the browser an answer to it."""
        return isinstance(error, StoreError) and self._policy.on_store_error == "raise"

    def carrying(self, session: Session, plan: Plan) -> Steps[Outcome]:
        """The steps of a plan, those of its limits and hooks too; the session takes them over."""
        if plan.too_late:
            _log.warning(
                "A session was changed or rotated after the response had started, when its browser "
                "could no longer be told the id: the change is lost. Make it earlier."
            )
        if plan.step is None:
            return NONE_LIVES
        kept, limit = session._kept, self._limit if plan.owner is not None else None
        if limit is not None:
            yield from limit.before(plan, kept)
        outcome = yield from carrying(plan, self.timeouts, lambda: self.new_id(session._request))
        if self._told:
            yield from self._telling(session, plan, outcome)
        if limit is not None and outcome.sid is not None:
            has_room = yield from limit.after(plan, outcome.sid)
            outcome = outcome if has_room else NONE_LIVES
        session._settle(plan, outcome)
        return outcome

    def reloading(self, session: Session) -> Steps[None]:
        """The steps that fetch the session again."""
        kept = session._kept
        row: StoredSession | None = (yield Read(kept.sid)) if kept else None
        if row is None or self._is_over(row):
            raise SessionGone("there is no session to reload: it is new, or has ended meanwhile")
        if self.model is not None and (row := (yield from self.model.admitting(row))) is None:
            raise SessionGone("the session does not fit its model any more")
        session._refill(row)

    def set_cookie(
        self, session: Session, plan: Plan, outcome: Outcome, host: bytes
    ) -> bytes | None:
        """The `Set-Cookie` of the response, if it has one to send."""
        if plan.tell is Tell.NOTHING:
            return None
        cookies, https = session._cookies, session._https
        if not cookies.withholds(plan, https=https, host=host):
            return cookies.set_cookie(plan, outcome, self.timeouts, https=https)
        if not self._said_withheld:
            self._said_withheld = True
            _log.warning(
                "The session cookie is not sent: it is Secure, and the request came over plain "
                "HTTP. Use HTTPS, or let the server trust its proxy's X-Forwarded-Proto, or set "
                'cookie={"secure": "auto"}. This is said once.'
            )
        return None

    # ------------------------------------------------------------------ limits and hooks

    def _telling(self, session: Session, plan: Plan, outcome: Outcome) -> Steps[None]:
        hooks, step, sid = self._hooks, plan.step, outcome.sid
        owner = owner_in(self._policy.owner, session)
        if isinstance(step, Create) and sid is not None and hooks.created:
            yield Notify(hooks.created, SessionEvent(handle_of(sid), owner))
        elif isinstance(step, Destroy) and hooks.destroyed:
            yield Notify(hooks.destroyed, self._gone(session))
        elif isinstance(step, Rotate) and sid is not None:
            previous = self._gone(session)
            if step.changes is not None:
                if hooks.rotated:
                    event = SessionEvent(handle_of(sid), owner, previous.handle)
                    yield Notify(hooks.rotated, event)
                return
            if hooks.destroyed:
                yield Notify(hooks.destroyed, previous)
            if hooks.created:
                yield Notify(hooks.created, SessionEvent(handle_of(sid), owner))

    def _gone(self, session: Session) -> SessionEvent:
        kept = session._kept
        assert kept is not None
        return SessionEvent(handle_of(kept.sid), self._lifecycle.owner_of(kept))

    def lives_until(self, row: StoredSession | None) -> int | None:
        """When the session ends if nobody uses it any more.  None: it has ended."""
        if row is None:
            return None
        if not self._timed:
            return row.expires_ms
        began = Marks.of(row.get(MARKS)).began
        lifetime = stored_lifetime(row.get("cookie"), None)
        now = self.timeouts.now()
        until = self.timeouts.lives_until(lifetime, began, row.expires_ms, now)
        # The row's own end is the store's to judge, by its clock.
        return min(until, row.expires_ms) if now < until else None

    def _is_over(self, row: StoredSession) -> bool:
        return self._timed and self.lives_until(row) is None

    # ------------------------------------------------------------------ the options

    def _opened(self) -> S:
        """The store at the location.  An owner's sessions are found there without a scan."""
        options = {"indexes": (self._policy.owner,)} if self._policy.owner else {}
        store: S = self.opens(self._location, **options)
        return store

    def _check_index(self) -> None:
        owner = self._policy.owner
        if self._policy.sessions_per_owner is None or self._location is not None:
            return
        if owner not in self.store.indexes:
            raise ValueError(
                f"sessions_per_owner finds them by {owner}: open the store with "
                f"indexes=({owner!r},)"
            )

    def _checked_location(self, store: object) -> str | os.PathLike[str]:
        if isinstance(store, str | os.PathLike):
            return store
        if isinstance(store, AsyncStore | Store):
            raise TypeError(f"store is a {type(store).__name__}, {self.other_face}")
        kind = "an async store (with all of AsyncStore)" if self.awaits else "a store"
        raise TypeError(f"store is {kind}, a path or a URL")

    def _refuse_awaited_hooks(self) -> None:
        if self.awaits:
            return
        for name in Hooks.__slots__:
            if inspect.iscoroutinefunction(getattr(self._hooks, name)):
                raise TypeError(f"on_{name} is awaited, which WSGI cannot: give a plain function")


def _checked_proxy(proxy: Any) -> bool:
    if not isinstance(proxy, bool):
        raise TypeError("proxy is True or False")
    return proxy


def _now() -> float:
    return time.time()  # looked up at each call, so that tests may freeze it
