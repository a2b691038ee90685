"""Browsers that ask a server on the loopback address for one page again and again."""

import asyncio
import http.client
from functools import partial

from .measure import nanoseconds, settle

HOST = "127.0.0.1"


def sign_in(port: int, path: str) -> bytes | None:
    """The cookie that this page sets, as a browser sends it back."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise AssertionError(f"{path} was answered with {answer.status}")
        cookie = answer.getheader("set-cookie")
    finally:
        connection.close()
    return cookie.partition(";")[0].encode() if cookie else None


def answers_per_second(port: int, pages: list[tuple[bytes, bytes]], seconds: float) -> float:
    """One connection for each pair of a request and the body that must come."""
    settle()
    return asyncio.run(_load(port, pages, seconds))


def get(path: str, cookie: bytes | None) -> bytes:
    """A request that keeps its connection."""
    lines = [b"GET %b HTTP/1.1" % path.encode(), b"Host: 127.0.0.1", b"Accept: */*"]
    if cookie is not None:
        lines.append(b"Cookie: " + cookie)
    return b"\r\n".join([*lines, b"", b""])


async def _load(port: int, pages: list[tuple[bytes, bytes]], seconds: float) -> float:
    loop = asyncio.get_running_loop()
    began = nanoseconds()
    end = began + int(seconds * 1e9)
    browsers = []
    for request, body in pages:
        browser = partial(_Browser, request, body, end, loop.create_future())
        browsers.append((await loop.create_connection(browser, HOST, port))[1])
    # A server that stops answering must not stop the run.
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*(browser.over for browser in browsers))
    return sum(browser.answers for browser in browsers) * 1e9 / (nanoseconds() - began)


class _Browser(asyncio.Protocol):
    """Asks again as soon as it has its answer."""

    def __init__(self, request: bytes, body: bytes, end: int, over: asyncio.Future[None]) -> None:
        self.over = over
        self.answers = 0
        self._request = request
        self._tail = b"\r\n\r\n" + body
        self._end = end
        self._received = b""
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0 or len(self._received) < head + len(self._tail):
            return
        if not self._received.startswith(b"HTTP/1.1 200 ") or self._received[head:] != self._tail:
            self._fail(f"an unexpected answer: {self._received[:80]!r}")
            return
        self._received = b""
        self.answers += 1
        if nanoseconds() < self._end:
            self._transport.write(self._request)
        else:
            self.over.set_result(None)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("the server closed the connection")

    def _fail(self, reason: str) -> None:
        if not self.over.done():
            self.over.set_exception(AssertionError(reason))
        self._transport.close()
