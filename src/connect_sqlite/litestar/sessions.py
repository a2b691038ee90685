"""Litestar is ASGI: its sessions are those of `connect_sqlite.asgi`, under Litestar's names."""

import os
from collections.abc import Awaitable, Sequence
from typing import Any, Literal, cast

from .. import asgi
from .._extras import extra
from .._session.options import joined_options
from .._session.session import session_data
from .._session.signing import Secret
from ..contract import AsyncStore
from .store import Store, as_json

with extra("litestar"):
    from litestar import Litestar
    from litestar.connection import ASGIConnection
    from litestar.middleware import DefineMiddleware
    from litestar.middleware.session import SessionMiddleware
    from litestar.middleware.session.server_side import (
        ServerSideSessionBackend,
        ServerSideSessionConfig,
    )
    from litestar.serialization import decode_json, encode_json
    from litestar.types import Empty, Message, Receive, Scope, Scopes, ScopeSession, Send
    from litestar.utils import get_serializer_from_scope
    from litestar.utils.scope.state import ScopeState

__all__ = ["SessionBackend", "SessionConfig"]

_NEXT = "connect_sqlite.next"

Connection = ASGIConnection[Any, Any, Any, Any]


class _Middleware(SessionMiddleware["SessionBackend"]):
    """Litestar makes one for each route; the sessions behind them all are the config's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_NEXT] = self.app  # type: ignore[literal-required]
        await cast("Any", self.backend.config.sessions)(scope, receive, send)


async def _serve(scope: Any, receive: Any, send: Any) -> None:
    """What is behind the sessions: the rest of Litestar, which may put others in their place."""
    app = scope.pop(_NEXT)
    session = scope.get("session")
    if not isinstance(session, asgi.Session):  # this path has none
        await app(scope, receive, send)
        return
    ScopeState.from_scope(scope).session_id = session.id
    # `request.session` tells nobody that it was asked for, nor does the encoder of a handler that
    # returns it: so each answer counts as one that depends on the cookie.
    session.mark_accessed()

    def sending(message: Any) -> Awaitable[None]:
        _take_over(scope, session)
        return send(message)  # type: ignore[no-any-return]

    await app(scope, receive, sending)
    _take_over(scope, session)


def _take_over(scope: Any, session: asgi.Session) -> None:
    """What `set_session` and `clear_session` left becomes of the session."""
    value = scope.get("session")
    if value is session or value is None:
        return
    if value is Empty or ScopeState.from_scope(scope).session_id is Empty:
        session.destroy()
    else:
        session.clear()
    if value is not Empty:
        if not isinstance(value, dict):  # a Struct, a dataclass, a model
            value = decode_json(encode_json(value, get_serializer_from_scope(scope)))
        session.update(value)
    scope["session"] = session


class SessionBackend(ServerSideSessionBackend):
    """What Litestar's test client and its command line know the sessions by."""

    config: "SessionConfig"

    def get_session_id(self, connection: Connection) -> str:
        """The id of this connection's session."""
        session = connection.scope.get("session")
        known = session.id if isinstance(session, asgi.Session) else connection.get_session_id()
        return known or self.generate_session_id()

    async def load_from_connection(self, connection: Connection) -> dict[str, Any]:
        """The data of this connection's session.  Not counted as activity."""
        row = await self.config.sessions.read(self._cookie(connection))
        return {} if row is None else session_data(row)

    async def store_in_message(
        self, scope_session: ScopeSession, message: Message, connection: Connection
    ) -> None:
        """Save this as the connection's session; a cookie that it needs goes into the message."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["session"] = scope_session
            await send(message)

        async def take(told: Any) -> None:
            if told["type"] == message["type"] and told is not message:
                answer["headers"][:] = told["headers"]

        answer, sessions = cast("Any", message), cast("Any", self.config.sessions)
        cookie = (b"cookie", self._cookie(connection).encode())
        scope = {**connection.scope, "headers": [cookie], "session": None, _NEXT: app}
        await sessions(scope, connection.receive, take)

    def _cookie(self, connection: Connection) -> str:
        # Of Litestar's test client, which makes connections without headers, it has the cookies.
        return f"{self.config.key}={connection.cookies.get(self.config.key, '')}"


class SessionConfig(ServerSideSessionConfig):
    """The configuration; its `.middleware` goes into the application's list."""

    _backend_class = SessionBackend
    max_age: Any
    secure: Any
    store: Any

    def __init__(
        self,
        store: AsyncStore | str | os.PathLike[str],
        *,
        secret: Secret | Sequence[Secret] | None = None,
        key: str = "connect.sid",
        max_age: int | None = ServerSideSessionConfig.max_age,
        path: str = "/",
        domain: str | None = None,
        secure: bool | Literal["auto"] = "auto",
        httponly: bool = True,
        samesite: Literal["lax", "strict", "none"] = "lax",
        exclude: str | list[str] | None = None,
        exclude_opt_key: str = "skip_session",
        scopes: "Scopes | None" = None,
        **options: Any,
    ) -> None:
        """Check everything, and open the store if this is a path or a URL.

        Litestar's names mean what they mean there; `max_age=None`: the cookie ends with the
        browser.  `options`: all others of `connect_sqlite.asgi.SessionMiddleware`, with those of
        its `cookie` that Litestar has no name for.
        """
        super().__init__(key=key, max_age=1 if max_age is None else max_age, path=path)
        self.domain, self.httponly, self.samesite = domain, httponly, samesite
        self.exclude, self.exclude_opt_key = exclude, exclude_opt_key
        self.max_age, self.secure, self.store = max_age, secure, store
        if scopes is not None:
            self.scopes = scopes
        if "name" in options:
            raise TypeError("the cookie's name is called key in Litestar")
        self._options = {**options, "secret": secret}
        self._cookie = self._options.pop("cookie", None)
        self._made: asgi.SessionMiddleware | None = None
        self._made_of: Any = None
        _ = self.sessions  # says now what cannot be

    @property
    def middleware(self) -> DefineMiddleware:
        """What goes into a `middleware` list of Litestar's."""
        return DefineMiddleware(_Middleware, backend=self._backend_class(self))

    @property
    def sessions(self) -> asgi.SessionMiddleware:
        """The sessions as they are configured now: Litestar's fields may be set at any time."""
        own = {
            "max_age": self.max_age,
            "path": self.path,
            "domain": self.domain,
            "secure": self.secure,
            "http_only": self.httponly,
            "same_site": self.samesite,
        }
        if self._made is None or self._made_of != (self.key, own):
            store = self.store if self._made is None else self._made.store
            cookie = joined_options(own, self._cookie)
            self._made = asgi.SessionMiddleware(
                _serve, store=store, name=self.key, cookie=cookie, **self._options
            )
            self._made_of = self.key, own
        return self._made

    async def close(self) -> None:
        """Close the store, if it was opened here: `on_shutdown=[config.close]`."""
        made, self._made = self._made, None
        if made is not None and made.store is not self.store:
            await made.store.close()

    def get_store_from_app(self, app: Litestar) -> Store:
        """The sessions by their ids: what `litestar sessions` deletes and clears."""
        return as_json(self.sessions.store)
