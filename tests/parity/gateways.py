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

from .pages import Reply, Request

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


class AsgiSite:
    """The site under uvicorn, in a thread with an event loop of its own."""

    def __init__(self, file: str, options: dict[str, Any], harness: dict[str, Any]) -> None:
        self.watch = Watch()
        self.loop = asyncio.new_event_loop()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        try:
            app = self._build(file, options, harness)
        except Exception:
            self.listener.close()
            self.loop.close()
            raise
        self.server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", proxy_headers=False)
        )
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _build(self, file: str, options: dict[str, Any], harness: dict[str, Any]) -> Any:
        store = dict(harness["store"])
        self.store = WatchedAsyncStore(file, **store)
        self.store.watch = self.watch
        try:
            app = asgi.SessionMiddleware(asgi_pages, store=self.store, **options)
            if harness["twice"]:
                app = asgi.SessionMiddleware(
                    app, store=self.store, **{**options, "name": "second.sid"}
                )
        except Exception:
            self.loop.run_until_complete(self.store.close())
            raise
        return mounted_asgi(app, harness["mount"])

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.server.serve(sockets=[self.listener]))
        self.loop.run_until_complete(self.store.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def end(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        self.listener.close()


def mounted_asgi(app: Any, mount: str | None) -> Any:
    if not mount:
        return app

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": mount}, receive, send)

    return outer


async def asgi_pages(scope: Any, receive: Any, send: Any) -> None:
    query = dict(parse_qsl(scope["query_string"].decode()))
    reply = await Request(scope, "session", scope["path"], query).answer()
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    for number, part in enumerate(reply.body):
        if number == 1 and reply.late is not None:
            reply.late()
        more = number + 1 < len(reply.body)
        await send({"type": "http.response.body", "body": part, "more_body": more})


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False


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


class WsgiSite:
    """The site under the standard library's server, a thread for each request."""

    def __init__(self, file: str, options: dict[str, Any], harness: dict[str, Any]) -> None:
        self.watch = Watch()
        self.store = WatchedStore(file, **harness["store"])
        self.store.watch = self.watch
        try:
            app: Any = wsgi.SessionMiddleware(wsgi_pages, store=self.store, **options)
            if harness["twice"]:
                app = wsgi.SessionMiddleware(
                    app, store=self.store, **{**options, "name": "second.sid"}
                )
        except Exception:
            self.store.close()
            raise
        app = mounted_wsgi(app, harness["mount"])
        self.server = make_server("127.0.0.1", 0, app, _Server, _Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def end(self) -> None:
        self.server.shutdown()
        self.thread.join(PATIENCE)
        self.server.server_close()
        self.store.close()


def mounted_wsgi(app: Any, mount: str | None) -> Any:
    if not mount:
        return app

    def outer(environ: Any, start_response: Any) -> Any:
        environ["SCRIPT_NAME"] = mount
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(mount)
        return app(environ, start_response)

    return outer


def wsgi_pages(environ: Any, start_response: Any) -> Iterator[bytes] | list[bytes]:
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    reply = _at_once(Request(environ, wsgi.KEY, environ["PATH_INFO"], query).answer())
    start_response(f"{reply.status} Said", list(reply.headers))
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return _body(reply) if len(reply.body) > 1 else list(reply.body)


def _body(reply: Reply) -> Iterator[bytes]:
    for number, part in enumerate(reply.body):
        if number == 1 and reply.late is not None:
            reply.late()
        yield part


def _at_once(coroutine: Any) -> Any:
    """Run what in WSGI never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a page waited, in WSGI")
