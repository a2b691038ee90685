"""The table of the examples: one line for each app under each server that it is tested on."""

from typing import NamedTuple

import pytest


class App(NamedTuple):
    """An example under a server."""

    framework: str
    """As the app's own answers name it."""
    file: str
    """In `examples/frameworks`, without `.py`; it serves its `app`, or what comes after a `:`."""
    server: str
    """One of `SERVERS` in `examples/frameworks/servers.py`."""
    cookie: str = "connect.sid"
    shares: bool = True
    """Whether that cookie is ours, so that all examples know each other's visitors."""

    @property
    def label(self) -> str:
        return f"{self.file.partition(':')[0].removesuffix('_app')}-{self.server}"


APPS = [
    App("aiohttp", "aiohttp_app", "itself"),
    App("aiohttp", "aiohttp_app", "gunicorn-aiohttp"),
    App("ASGI", "asgi_app", "uvicorn"),
    App("ASGI", "asgi_app", "hypercorn"),
    App("ASGI", "asgi_app", "daphne"),
    App("ASGI", "asgi_app", "gunicorn-asgi"),
    App("ASGI", "asgi_app", "gunicorn-uvicorn"),
    App("Bottle", "bottle_app", "waitress"),
    App("Bottle", "bottle_app", "gunicorn"),
    App("Django", "django_app", "daphne", cookie="sessionid", shares=False),
    App("Django", "django_app", "itself", cookie="sessionid", shares=False),
    App("Django", "django_app:wsgi", "gunicorn", cookie="sessionid", shares=False),
    App("Falcon", "falcon_app", "waitress"),
    App("Falcon", "falcon_app", "gunicorn"),
    App("FastAPI", "fastapi_app", "uvicorn"),
    App("FastAPI", "fastapi_app", "hypercorn"),
    App("FastAPI", "fastapi_app", "daphne"),
    App("FastAPI", "fastapi_app", "gunicorn-asgi"),
    App("FastAPI", "fastapi_app", "gunicorn-uvicorn"),
    App("Flask", "flask_app", "gunicorn"),
    App("Flask", "flask_app", "waitress"),
    App("Litestar", "litestar_app", "uvicorn"),
    App("Litestar", "litestar_app", "hypercorn"),
    App("Litestar", "litestar_app", "gunicorn-uvicorn"),
    App("Pyramid", "pyramid_app", "waitress"),
    App("Pyramid", "pyramid_app", "gunicorn"),
    App("Quart", "quart_app", "hypercorn"),
    App("Quart", "quart_app", "uvicorn"),
    App("Starlette", "starlette_app", "uvicorn"),
    App("Starlette", "starlette_app", "hypercorn"),
    App("Starlette", "starlette_app", "daphne"),
    App("Starlette", "starlette_app", "gunicorn-asgi"),
    App("Starlette", "starlette_app", "gunicorn-uvicorn"),
    App("WSGI", "wsgi_app", "waitress"),
    App("WSGI", "wsgi_app", "gunicorn"),
]

# Those that share come first, so that a line has the same place in both lists and its server is
# started once for the tests of both.
SHARING = [app for app in APPS if app.shares]
EVERYONE = [*SHARING, *(app for app in APPS if not app.shares)]

# Each framework once, under the first of its servers.
NEIGHBOURS = [*{app.framework: app for app in reversed(SHARING)}.values()][::-1]


def on(apps: list[App]) -> pytest.MarkDecorator:
    """Run the test on each of these, as `server`."""
    params = [
        # One process of the test run for one server, which is then started once.
        pytest.param(app, id=app.label, marks=pytest.mark.xdist_group(app.label))
        for app in apps
    ]
    return pytest.mark.parametrize("server", params, indirect=True, scope="session")


everywhere, where_the_cookie_is_ours = on(EVERYONE), on(SHARING)
