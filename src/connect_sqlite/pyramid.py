"""Sessions for Pyramid: `config.set_session_factory(SessionFactory(store, secret=…))`.

Or `config.include("connect_sqlite.pyramid")`, with settings such as `connect_sqlite.location`.
Needs the extra: `pip install connect-sqlite[pyramid]`.
"""

import os
import secrets
import sys
from collections.abc import Sequence
from typing import Any

from ._extras import extra
from ._session.blocking import BlockingManager, BlockingSession, Stream, is_whole, refusal_headers
from ._session.events import SessionEvent
from ._session.options import CookieOptions
from ._session.refusal import Refusal, refused
from ._session.session_cookie import SessionCookie
from ._session.settings import Settings
from ._session.signing import Secret
from ._session.timeouts import AAL1, AAL2, AAL3
from ._stores.opening import open_store
from .contract import Store
from .errors import StoreError

with extra("pyramid"):
    from pyramid.exceptions import ConfigurationError
    from pyramid.httpexceptions import HTTPServiceUnavailable
    from pyramid.interfaces import ISession
    from pyramid.response import FileIter
    from zope.interface import implementer

__all__ = ["AAL1", "AAL2", "AAL3", "CookieOptions", "Session", "SessionCookie", "SessionEvent"]
__all__ += ["SessionFactory", "includeme"]

_FLASH, _CSRF = "_f_", "_csrft_"


@implementer(ISession)
class Session(BlockingSession):
    """One visitor's session, at `request.session`: Pyramid's `ISession`, and what ours has more."""

    __slots__ = ("_old_token", "_waited")

    _waited: bool
    """Whether it let the other response callbacks go first."""
    _old_token: Any
    """The CSRF token from before this request."""

    @property
    def new(self) -> bool:
        """Whether the store does not know it."""
        return self.is_new

    @property
    def created(self) -> int:  # type: ignore[override]
        """When it began, in whole seconds since 1970.  Now, for one that is new, or Node's."""
        return (self._marks.created or self._timeouts.now()) // 1000

    def changed(self) -> None:
        """Need not be called: what changed is found by comparing, however deep it lies."""

    def invalidate(self) -> None:
        """End the session, here and in the browser; what is put in afterwards makes a new one."""
        self.destroy()

    def rotate(self, keep: bool = True) -> None:
        """As every session's.  A CSRF token from before this request goes with the old id."""
        if dict.get(self, _CSRF) == self._old_token:
            self.pop(_CSRF, None)
        super().rotate(keep)

    def flash(self, msg: Any, queue: str = "", allow_duplicate: bool = True) -> None:
        """Keep a message in a queue for the next page that asks for it."""
        messages = self.setdefault(_FLASH + queue, [])
        if allow_duplicate or msg not in messages:
            messages.append(msg)

    def pop_flash(self, queue: str = "") -> list[Any]:
        """The queue's messages, oldest first; each is given once."""
        return list(self.pop(_FLASH + queue, ()))

    def peek_flash(self, queue: str = "") -> list[Any]:
        """The queue's messages, which stay."""
        return list(self.get(_FLASH + queue, ()))

    def new_csrf_token(self) -> str:
        """Another token for this session."""
        self[_CSRF] = token = secrets.token_hex(20)
        return token

    def get_csrf_token(self) -> str:
        """The session's token, made if it has none."""
        if self._home.has_changed_hands(self):
            self.rotate()  # as it will when it is saved, and then this token would be dead
        token = self.get(_CSRF)
        return token if isinstance(token, str) else self.new_csrf_token()

    def _respond(self, request: Any, response: Any) -> None:
        """Pyramid's response callback."""
        others = request.response_callbacks
        if not self._waited and len(others) > others.count(self._respond):
            self._waited = True
            others.append(self._respond)  # what they change is saved too
            return
        if request.__dict__.get("session", self) is None:
            self._home.unset(self)
        _answer(self, request.environ, response)

    def _finish(self, _: Any) -> None:
        """Pyramid's finished callback, after its `NewResponse`, or after an exception."""
        self._started |= sys.exc_info()[0] is None  # or nobody asked for it before `NewResponse`
        if self._started:
            self._save_late()
        elif not self._failed:
            self._save_after_exception()


class SessionFactory(BlockingManager):
    """Makes `request.session` for Pyramid: a session that is kept in a store.

    It is loaded when a request first asks for it, and saved when the response is made, after its
    other callbacks.  Status 500 saves nothing; if the store fails, the answer is 503.
    """

    opens = staticmethod(open_store)

    def __init__(
        self,
        store: Store | str | os.PathLike[str],
        *,
        secret: Secret | Sequence[Secret] | None = None,
        **options: Any,
    ) -> None:
        """As every session middleware's; functions of the request are given Pyramid's."""
        super().__init__(None, store=store, secret=secret, **options)

    def __call__(self, request: Any) -> Session:
        """The session of a request.  Raises `HTTPServiceUnavailable` if the store fails."""
        environ = request.environ
        forwarded = environ.get("HTTP_X_FORWARDED_PROTO", "").encode("latin-1")
        https = self.is_https(environ.get("wsgi.url_scheme", ""), forwarded)
        session = Session(self, self._jar.of(request), https, self.remembered(request))
        session._waited, session._old_token = False, None
        root = environ.get("SCRIPT_NAME", "")
        if not self.applies(request, root + environ.get("PATH_INFO", ""), root):
            session._started = session._failed = False
            session._discard()  # it can be used, and is kept nowhere
            return session
        try:
            self._load(session, environ.get("HTTP_COOKIE", ""))
        except StoreError as error:
            if self.raises(error):
                raise
            unavailable = HTTPServiceUnavailable()
            _refuse(unavailable, refused(error))
            raise unavailable from error
        session._old_token = dict.get(session, _CSRF)
        session.accessed = True
        request.add_response_callback(session._respond)
        request.add_finished_callback(session._finish)
        return session


def includeme(config: Any) -> None:
    """For `config.include`: with `connect_sqlite.location` and `connect_sqlite.secret`.

    Other options have their own names, as in `connect_sqlite.idle_timeout`, the cookie's and the
    store's as in `connect_sqlite.cookie.max_age` and `connect_sqlite.store.ttl`.
    """
    read = Settings.under("connect_sqlite.", config.registry.settings, config.maybe_dotted)
    if not read.location:
        raise ConfigurationError("connect_sqlite.location is missing: the path of the file")
    store = open_store(read.location, **read.store)
    config.set_session_factory(SessionFactory(store, **read.options))


def _answer(session: Session, environ: Any, response: Any) -> None:
    """Save the session; the response gets its cookie, or becomes a refusal."""
    failed, host = response.status_int == 500, environ.get("HTTP_HOST", "")
    headers = response.headerlist
    headers, refusal = session._home._begin(session, failed=failed, host=host, headers=headers)
    if refusal is not None:
        _refuse(response, refusal)
        return
    body = response.app_iter
    if not is_whole(body, environ) and not isinstance(body, FileIter):
        response.app_iter = Stream(body, session)
    response.headerlist = headers  # after the body, which forgets its length


def _refuse(response: Any, refusal: Refusal) -> None:
    """Answer with an error: somebody who is signed in is never served as a stranger."""
    getattr(response.app_iter, "close", bool)()
    response.status = f"{refusal.status} {refusal.reason}"
    response.headerlist = refusal_headers(refusal)
    response.body = refusal.text
