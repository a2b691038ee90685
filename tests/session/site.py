"""A Starlette site with sessions, and browsers to visit it."""

import asyncio
import inspect
import re

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connect_sqlite.asgi import SessionMiddleware


class Site:
    """An application whose handlers take the request and return data or a response."""

    def __init__(self, runner, handlers, *, wrap=lambda app: app, **options):
        self.run = runner.run
        if isinstance(handlers, dict):
            methods = ["GET", "POST", "HEAD"]
            routes = [Route(path, _endpoint(h), methods=methods) for path, h in handlers.items()]
            handlers = Starlette(routes=routes)
        self.app = wrap(SessionMiddleware(handlers, **options))

    def browser(self, url="http://shop.example"):
        return Browser(self, url)

    def client(self, url):
        # What a server does with an exception: the client sees 500.
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=url)


class Browser:
    """Keeps its cookies from one request to the next."""

    def __init__(self, site, url):
        self.run = site.run
        self.host = httpx.URL(url).host
        self.client = site.client(url)

    def get(self, path, **options):
        return self.run(self.client.get(path, **options))

    def request(self, method, path, **options):
        return self.run(self.client.request(method, path, **options))

    def all(self, *paths):
        """Get these at the same time."""

        async def together():
            return await asyncio.gather(*(self.client.get(path) for path in paths))

        return self.run(together())

    @property
    def cookie(self):
        return self.client.cookies.get("connect.sid", domain=self.host)

    @cookie.setter
    def cookie(self, value):
        self.client.cookies.clear()
        self.client.cookies.set("connect.sid", value, domain=self.host)

    @property
    def sid(self):
        """The id in the cookie."""
        found = re.match(r"s%3A([\w-]+)\.", self.cookie or "")
        return found and found.group(1)


DAY = 86_400


def show(request):
    return dict(request.session)


def idle(request):
    return {}


def count(request):
    request.session["n"] = request.session.get("n", 0) + 1
    return dict(request.session)


def sign_in(request):
    request.session.rotate()
    request.session["user"] = {"id": 7}
    return {}


def sign_out(request):
    request.session.destroy()
    return {}


BASIC = {"/": show, "/idle": idle, "/count": count, "/in": sign_in, "/out": sign_out}
"""The pages that most tests visit."""


def during(browser, path):
    """An act that visits `path` while another request is being answered."""

    async def visit():
        response = await finish(browser.client.get(path))
        assert 200 == response.status_code

    return visit


async def finish(answer):
    """The answer of a call that is awaited behind one gateway, and blocks behind the other."""
    return await answer if inspect.isawaitable(answer) else answer


async def answer_of(handler, request):
    """The response of a handler that gives data or a response."""
    result = await finish(handler(request))
    return result if isinstance(result, Response) else JSONResponse(result)


def _endpoint(handler):
    async def endpoint(request):
        return await answer_of(handler, request)

    return endpoint


def set_cookies(response):
    return response.headers.get_list("set-cookie")
