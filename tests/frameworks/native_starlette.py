"""A plugin of pytest in the child process: our middleware in the place of Starlette's own."""

import re
import sys
from typing import Any

import httpx
from starlette.middleware import sessions

from connect_sqlite.asgi import Session, SessionMiddleware

# Their types name it; its test client takes either.
sys.modules.setdefault("httpx2", httpx)

# Starlette's tests look for these in small letters, and browsers for neither.
SPELLINGS = re.compile(rb"; (Path|Domain|Partitioned)\b")


def middleware(
    app: Any,
    secret_key: str,
    session_cookie: str = "session",
    max_age: int | None = 14 * 24 * 60 * 60,
    path: str = "/",
    same_site: str = "lax",
    https_only: bool = False,
    domain: str | None = None,
    partitioned: bool = False,
) -> Any:
    """Our middleware, by the names and with the defaults of Starlette's options."""
    cookie = {
        "max_age": max_age,
        "path": path,
        "same_site": same_site,
        "secure": https_only,
        "domain": domain,
        "partitioned": partitioned,
    }
    secret = secret_key.ljust(32, ".")
    ours = SessionMiddleware(
        app, store=":memory:", secret=secret, name=session_cookie, cookie=cookie
    )

    async def spelled(scope: Any, receive: Any, send: Any) -> None:
        async def spelling(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    (name, SPELLINGS.sub(lambda found: found[0].lower(), value))
                    if name == b"set-cookie"
                    else (name, value)
                    for name, value in message["headers"]
                ]
                message = {**message, "headers": headers}
            await send(message)

        await ours(scope, receive, spelling)

    return spelled


sessions.SessionMiddleware = middleware
sessions.Session = Session
