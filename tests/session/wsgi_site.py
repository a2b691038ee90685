"""The same site as in `site`, as a WSGI application on the standard library's server."""

import io
import sys
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote
from wsgiref.handlers import SimpleHandler
from wsgiref.validate import validator

import httpx
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from connect_sqlite.wsgi import KEY, SessionMiddleware

from .site import Browser, answer_of


class WsgiSite:
    """An application whose handlers take the request and return data or a response."""

    def __init__(self, runner, handlers, *, wrap=lambda app: app, **options):
        self.run = runner.run
        app = _application(handlers) if isinstance(handlers, dict) else handlers
        self.app = wrap(SessionMiddleware(app, **options))

    def browser(self, url="http://shop.example"):
        return Browser(self, url)

    def client(self, url):
        return httpx.Client(transport=Server(self.app), base_url=url)


class Immediate:
    """Runs what is awaited in tests that know no gateway, and behind this one never waits."""

    def run(self, answer):
        return drive(answer) if hasattr(answer, "send") else answer


def drive(steps):
    """The result of a coroutine that waits for nothing."""
    try:
        steps.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waited for something")


class Request:
    """What handlers use of Starlette's."""

    def __init__(self, environ):
        self.scope = _Scope(environ)
        self.query_params = dict(parse_qsl(environ["QUERY_STRING"]))

    @property
    def session(self):
        session = self.scope["session"]
        session.mark_accessed()  # as Starlette's
        return session


class _Scope:
    """The environ, with the session under the name that it has in ASGI."""

    def __init__(self, environ):
        self.environ = environ

    def __getitem__(self, name):
        return self.environ[KEY if name == "session" else name]

    def __setitem__(self, name, value):
        self.environ[KEY if name == "session" else name] = value

    def __delitem__(self, name):
        del self.environ[KEY if name == "session" else name]

    def __contains__(self, name):
        return (KEY if name == "session" else name) in self.environ


def _application(handlers):
    def app(environ, start_response):
        try:
            handler = handlers[environ["PATH_INFO"]]
            response = drive(answer_of(handler, Request(environ)))
        except KeyError:
            response = Response(status_code=404)
        except HTTPException as error:
            response = Response(status_code=error.status_code, headers=error.headers)
        status = f"{response.status_code} {HTTPStatus(response.status_code).phrase}"
        headers = [(k.decode(), v.decode()) for k, v in response.raw_headers]
        if "content-type" not in response.headers and response.status_code not in (204, 304):
            headers.append(("content-type", "text/plain"))  # PEP 3333 wants one
        start_response(status, headers)
        if isinstance(response, StreamingResponse):
            return _chunks(response.body_iterator)
        return [response.body]

    return app


def _chunks(body):
    """An async generator that waits for nothing, chunk by chunk."""
    while True:
        try:
            chunk = drive(anext(body))
        except StopAsyncIteration:
            return
        yield chunk.encode() if isinstance(chunk, str) else chunk


class Server(httpx.BaseTransport):
    """The standard library's server, which holds the application to PEP 3333.

    `errors` has the tracebacks that it wrote.
    """

    def __init__(self, app, **environ):
        self.app = validator(app)
        self.environ = environ
        self.errors = io.StringIO()

    def handle_request(self, request):
        out = io.BytesIO()
        handler = _Handler(io.BytesIO(request.read()), out, self.errors, self._environ(request))
        handler.run(self.app)
        sys.stderr.write(self.errors.getvalue())  # shown by pytest where a test fails
        head, _, body = out.getvalue().partition(b"\r\n\r\n")
        status, *lines = head.split(b"\r\n")
        headers = [tuple(line.split(b": ", 1)) for line in lines]
        return httpx.Response(int(status.split()[1]), headers=headers, content=body)

    def _environ(self, request):
        url = request.url
        environ = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(url.path, "latin-1"),
            "QUERY_STRING": url.query.decode(),
            "SERVER_NAME": url.host,
            "SERVER_PORT": str(url.port or 80),
            "SERVER_PROTOCOL": "HTTP/1.1",
        }
        if url.scheme == "https":
            environ["HTTPS"] = "on"
        for name, value in request.headers.raw:
            key = "HTTP_" + name.decode().upper().replace("-", "_")
            if key in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
                key = key[5:]
            glue = "; " if key == "HTTP_COOKIE" else ", "
            before = f"{environ[key]}{glue}" if key in environ else ""
            environ[key] = before + value.decode("latin-1")
        return environ | self.environ


class _Handler(SimpleHandler):
    os_environ = {}  # noqa: RUF012 - it is the library's own
