"""The site under this package's two middlewares, on real servers of the loopback interface."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import uvicorn

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, asgi, wsgi

from .pages import Request

AS_NODE_SAYS_IT = {"create": ("set",), "merge": ("set",), "rotate": ("destroy", "set")}
"""Node's store has one call to write; a new id there is a destroy and a set."""

WATCHED = ("get", "create", "set", "merge", "rotate", "touch", "destroy")
PATIENCE = 20


class Watch:
    """Notes the calls on a store; one fails or waits if the test said so."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.calls: list[str] = []
        self.failures: dict[str, Exception] = {}
        self.holds = False
        self.entered, self.opened = threading.Event(), threading.Event()

    def note(self, name: str) -> bool:
        """Whether the call has to wait for `opened`."""
        said = AS_NODE_SAYS_IT.get(name, (name,))
        self.calls += said
        for each in said:
            if each in self.failures:
                raise self.failures[each]
        waits = self.holds and name != "get"
        if waits:
            self.holds = False
            self.entered.set()
        return waits


class WatchedStore(SQLiteStore):
    watch: Watch


class WatchedAsyncStore(AsyncSQLiteStore):
    watch: Watch


def _watched(name: str) -> Callable[..., Any]:
    call = getattr(SQLiteStore, name)

    def watched(self: WatchedStore, *args: Any, **kwargs: Any) -> Any:
        if self.watch.note(name):
            assert self.watch.opened.wait(PATIENCE)
        return call(self, *args, **kwargs)

    return watched


def _watched_async(name: str) -> Callable[..., Any]:
    call = getattr(AsyncSQLiteStore, name)

    async def watched(self: WatchedAsyncStore, *args: Any, **kwargs: Any) -> Any:
        if self.watch.note(name):
            assert await asyncio.to_thread(self.watch.opened.wait, PATIENCE)
        return await call(self, *args, **kwargs)

    return watched


for _name in WATCHED:
    setattr(WatchedStore, _name, _watched(_name))
    setattr(WatchedAsyncStore, _name, _watched_async(_name))


class Gateway:
    """One server for all sites of its kind; a request's field `X-Site` says which it is for."""

    port: int

    def __init__(self, file: str, clock: Callable[[], float]) -> None:
        self.watch = Watch()
        self.apps: dict[str, Any] = {}
        self.at_work = 0
        self.rests = threading.Condition()
        self.stores = {
            touchless: self._store(file, clock=clock, disable_touch=touchless)
            for touchless in (False, True)
        }
        for store in self.stores.values():
            store.watch = self.watch

    def add(self, number: str, options: dict[str, Any], harness: dict[str, Any]) -> None:
        """Build a site; its error, if it has one, is the middleware's."""
        options = {**options, "store": self.stores[harness.get("touchless", False)]}
        app = self._pages
        if harness.get("twice"):
            app = self._middleware(app, **{**options, "name": "second.sid"})
        if harness.get("another"):
            self._middleware(app, **{**options, "cookie": {"max_age": 60}})
        self.apps[number] = self._mounted(self._middleware(app, **options), harness.get("mount"))

    def works(self, more: int) -> None:
        with self.rests:
            self.at_work += more
            self.rests.notify_all()

    def rest(self) -> None:
        """Wait until no request is at work, also after its response has gone out."""
        with self.rests:
            assert self.rests.wait_for(lambda: self.at_work == 0, PATIENCE)


class AsgiGateway(Gateway):
    """uvicorn, in a thread with an event loop of its own."""

    _store = WatchedAsyncStore
    _middleware = asgi.SessionMiddleware

    def __init__(self, file: str, clock: Callable[[], float]) -> None:
        super().__init__(file, clock)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        plain = {"lifespan": "off", "ws": "none", "proxy_headers": False, "log_level": "critical"}
        self._server = uvicorn.Server(uvicorn.Config(self._serve, interface="asgi3", **plain))
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(),))
        self._thread.start()

    async def _run(self) -> None:
        await self._server.serve(sockets=[self._listener])
        for store in self.stores.values():
            await store.close()

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        self.works(1)
        try:
            await self.apps[dict(scope["headers"])[b"x-site"].decode()](scope, receive, send)
        finally:
            self.works(-1)

    @staticmethod
    def _mounted(app: Any, mount: str | None) -> Any:
        if not mount:
            return app

        async def outer(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "root_path": mount}, receive, send)

        return outer

    @staticmethod
    async def _pages(scope: Any, receive: Any, send: Any) -> None:
        query = dict(parse_qsl(scope["query_string"].decode()))
        reply = await Request(scope, "session", scope["path"], query).answer()
        headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        for number, part in enumerate(reply.parts()):
            more = number + 1 < len(reply.body)
            await send({"type": "http.response.body", "body": part, "more_body": more})

    def end(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        self._listener.close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False
    request_queue_size = 16


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass

    def get_stderr(self) -> Any:
        return _Silence()


class _Silence:
    """Where the server's traceback of an error goes that a test brought about."""

    def write(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass


class WsgiGateway(Gateway):
    """The standard library's server, a thread for each request."""

    _store = WatchedStore
    _middleware = wsgi.SessionMiddleware

    def __init__(self, file: str, clock: Callable[[], float]) -> None:
        super().__init__(file, clock)
        self._server = make_server("127.0.0.1", 0, self._serve, _Server, _Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def _serve(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        self.works(1)
        try:
            body = self.apps[environ["HTTP_X_SITE"]](environ, start_response)
            try:
                yield from body
            finally:
                getattr(body, "close", lambda: None)()
        finally:
            self.works(-1)

    @staticmethod
    def _mounted(app: Any, mount: str | None) -> Any:
        if not mount:
            return app

        def outer(environ: Any, start_response: Any) -> Any:
            environ["SCRIPT_NAME"] = mount
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(mount)
            return app(environ, start_response)

        return outer

    @staticmethod
    def _pages(environ: Any, start_response: Any) -> Any:
        query = dict(parse_qsl(environ["QUERY_STRING"]))
        reply = _at_once(Request(environ, wsgi.KEY, environ["PATH_INFO"], query).answer())
        start_response(f"{reply.status} Said", list(reply.headers))
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return reply.parts() if len(reply.body) > 1 else list(reply.body)

    def end(self) -> None:
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()
        for store in self.stores.values():
            store.close()


def _at_once(coroutine: Any) -> Any:
    """Run what in WSGI never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a page waited, in WSGI")
