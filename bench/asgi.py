"""An ASGI application with sessions, and requests to it without a server or a network."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from .measure import nanoseconds
from .workload import Session, make_session

Scope = dict[str, Any]
Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]

SECRET = "only for this benchmark, on a loopback address"
_COMMON = (
    (b"host", b"shop.example"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en-GB,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
)


def content(seed: int, number: int) -> Session:
    """What a visitor's session holds: the data alone, for each layer adds its own."""
    session = make_session(seed, number, "")
    del session["cookie"]
    return session


def shop(seed: int) -> App:
    """A Starlette application that signs visitors in and reads or changes their sessions."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    async def sign_in(request: Request) -> Response:
        request.session.update(content(seed, request.path_params["number"]))
        return PlainTextResponse(getattr(request.session, "id", ""))

    async def read(request: Request) -> Response:
        return PlainTextResponse(request.session["user"]["name"])

    async def change(request: Request) -> Response:
        request.session["views"] += 1
        return PlainTextResponse("changed")

    async def look(request: Request) -> Response:
        return PlainTextResponse("known" if request.session else "unknown")

    async def plain(request: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route("/sign-in/{number:int}", sign_in),
            Route("/read", read),
            Route("/change", change),
            Route("/look", look),
            Route("/plain", plain),
        ]
    )


def request(path: str, cookie: bytes | None = None) -> Scope:
    """A request as a server hands it over; each is used once, for applications write into it."""
    headers = [*_COMMON]
    if cookie is not None:
        headers.append((b"cookie", cookie))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
    }


async def time_each(app: App, requests: Sequence[Scope]) -> float:
    """Microseconds of a request, one after the other."""
    waiting = list(reversed(requests))
    count = len(waiting)
    del requests
    began = nanoseconds()
    while waiting:
        # As by a server, nothing of a request is kept once it is answered.
        await app(waiting.pop(), receive, discard)
    return (nanoseconds() - began) / count / 1000


async def ask(app: App, asked: Scope) -> tuple[bytes, bytes | None]:
    """The body of the answer, and the cookie that it sets, as a browser sends it back."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await app(asked, receive, send)
    if messages[0]["status"] != 200:
        raise AssertionError(f"{asked['path']} was answered with {messages[0]['status']}")
    cookies = [value for name, value in messages[0]["headers"] if name == b"set-cookie"]
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return body, cookies[0].partition(b";")[0] if cookies else None


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def discard(message: Message) -> None:
    """Take an answer's message and forget it."""
