"""A visitor: HTTP by hand, with the cookie kept or set by hand, and a look into the store."""

import base64
import hashlib
import hmac
import json
import re
import select
import socket
from collections.abc import Iterable
from http.client import HTTPResponse
from typing import Any
from urllib.parse import quote, unquote

SECRET = "a secret for tests that is long enough"
START = 1_795_000_000_000
"""A day in November 2026, on a whole second, in milliseconds."""

PATIENCE = 20
A_MOMENT = 0.25
"""Seconds after which a response that has not begun is taken for withheld."""

NODES_COOKIE = {"originalMaxAge": None, "expires": None, "httpOnly": True, "path": "/"}
_KEEP: Any = object()


def signed(sid: str, secret: str = SECRET) -> str:
    """An id as the cookie has it, before it is escaped."""
    mac = hmac.new(secret.encode(), sid.encode(), hashlib.sha256).digest()
    return f"s:{sid}.{base64.b64encode(mac).decode().rstrip('=')}"


class Answer:
    """One response."""

    def __init__(self, connection: socket.socket, method: str, name: str) -> None:
        response = HTTPResponse(connection, method=method)
        response.begin()
        self.status = response.status
        self.headers = response.getheaders()
        self.body = response.read().decode()
        response.close()
        self.set_cookies = [v for k, v in self.headers if k.lower() == "set-cookie"]
        self.session_cookies = [c for c in self.set_cookies if c.startswith(f"{name}=")]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def told(self) -> str:
        """What the browser is told of its session."""
        if not self.session_cookies:
            return "nothing"
        return "that it is over" if self.value == "" else "an id"

    @property
    def value(self) -> str:
        return self.session_cookies[-1].partition("=")[2].partition(";")[0]

    @property
    def attributes(self) -> list[str]:
        """The attributes of the session's cookie, in their order."""
        return self.session_cookies[-1].split("; ")[1:]

    @property
    def shared_attributes(self) -> list[str]:
        """Those that express-session sends too."""
        return [each for each in self.attributes if not each.startswith("Max-Age=")]


class Pending:
    """A request whose response is not read yet."""

    def __init__(self, visitor: "Visitor", connection: socket.socket, method: str) -> None:
        self._visitor, self._connection, self._method = visitor, connection, method

    def has_begun(self, *, leave: bool = False) -> bool:
        """Whether something of the response is there, or comes in a moment; then hang up."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        begun = bool(poll.poll(A_MOMENT * 1000))
        if leave:
            self._connection.close()
        return begun

    def answer(self) -> Answer:
        with self._connection:
            return self._visitor._take(Answer(self._connection, self._method, self._visitor.name))


class Visitor:
    """A browser on one site, before which the site forgot everything."""

    def __init__(self, site: Any, clock: Any, name: str = "connect.sid") -> None:
        self.site, self.clock, self.name = site, clock, name
        self.refused: str | None = site.refused
        """The error with which the options were refused, if they were."""
        self.cookie: str | None = None
        """The cookie's value as it is sent."""
        if not self.refused:
            site.forget()

    def get(self, path: str, **request: Any) -> Answer:
        """Visit a page.  `cookie`: another value for this once; `headers`: more fields."""
        return self.begin(path, **request).answer()

    def begin(
        self,
        path: str,
        *,
        method: str = "GET",
        cookie: str | None = _KEEP,
        headers: Iterable[tuple[str, str]] = (),
        host: str = "shop.example",
        **query: str,
    ) -> Pending:
        """Send a request, and go on."""
        sent = self.cookie if cookie is _KEEP else cookie
        fields = [("Host", host), ("Connection", "close"), *self.site.fields, *headers]
        if sent is not None:
            fields.append(("Cookie", f"{self.name}={sent}"))
        words = "&".join(f"{key}={quote(value)}" for key, value in query.items())
        target = f"/{path}?{words}" if words else f"/{path}"
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in fields)]
        connection = socket.create_connection(("127.0.0.1", self.site.port), PATIENCE)
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return Pending(self, connection, method)

    def _take(self, answer: Answer) -> Answer:
        if answer.told == "an id":
            self.cookie = answer.value
        elif answer.told == "that it is over":
            self.cookie = None
        return answer

    @property
    def sid(self) -> str:
        """The id in the cookie."""
        return unquote(self.cookie or "").removeprefix("s:").rpartition(".")[0]

    def seed(
        self,
        data: dict[str, Any] | None = None,
        *,
        sid: str = "seeded",
        text: str | None = None,
        cookie: dict[str, Any] | None = NODES_COOKIE,
        secret: str = SECRET,
        **lifetime: Any,
    ) -> str:
        """Put a row into the store, and its cookie into the browser; returns the id."""
        row = {"cookie": {**cookie, **lifetime}} if cookie is not None else {}
        self.site.rows.set(sid, {**row, "text": text or json.dumps({**row, **(data or {})})})
        self.cookie = quote(signed(sid, secret), safe="!~*'()")
        return sid

    @property
    def calls(self) -> str:
        """The calls on the store since the last look, in Node's words."""
        return ",".join(self.site.calls())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The live rows' data, without what the middleware keeps beside it."""
        every = [json.loads(row["text"]) for row in self.site.rows.all()]
        return [{k: v for k, v in row.items() if k not in ("cookie", "_session")} for row in every]

    @property
    def texts(self) -> list[str]:
        """The live rows as they are stored, without `_session`, which is this package's own."""
        every = [row["text"] for row in self.site.rows.all()]
        return [re.sub(r'"_session":\{[^}]*\},?', "", text).replace(",}", "}") for text in every]

    @property
    def ids(self) -> list[str]:
        return self.site.rows.ids()

    @property
    def stored_cookie(self) -> dict[str, Any]:
        """The `cookie` object of the only row."""
        (row,) = self.site.rows.all()
        return json.loads(row["text"])["cookie"]

    @property
    def lives(self) -> int:
        """For how many milliseconds the only row lives if it is not used."""
        (row,) = self.site.rows.all()
        return row.expires_ms - self.clock.milliseconds
