"""How each server is told to serve an example on a port of this machine only."""

import sys
from pathlib import Path

__all__ = ["FIRST", "HERE", "HOST", "SERVERS", "command"]

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"

SERVERS = {
    # ASGI
    "uvicorn": "-m uvicorn {app} --host {host} --port {port} --log-level warning",
    "hypercorn": "-m hypercorn {app} --bind {host}:{port} --log-level warning",
    "daphne": "-m daphne --bind {host} --port {port} --verbosity 0 {app}",
    "gunicorn-asgi": "-m gunicorn {app} --bind {host}:{port} --workers 4 --preload"
    " --worker-class asgi --log-level warning --no-control-socket",
    "gunicorn-uvicorn": "-m gunicorn {file}:app --bind {host}:{port} --workers 4 --preload"
    " --worker-class uvicorn.workers.UvicornWorker --log-level warning --no-control-socket",
    # aiohttp
    "gunicorn-aiohttp": "-m gunicorn {file}:app --bind {host}:{port} --workers 4 --preload"
    " --worker-class aiohttp.GunicornWebWorker --log-level warning --no-control-socket",
    # WSGI
    "gunicorn": "-m gunicorn {app} --bind {host}:{port} --workers 4 --preload"
    " --log-level warning --no-control-socket",
    "waitress": "-m waitress --listen {host}:{port} {app}",
    # A file that is a program: its port is in the environment, as PORT.
    "itself": "{file}.py",
}

FIRST = {
    "aiohttp": "itself",
    "asgi": "uvicorn",
    "bottle": "waitress",
    "django": "daphne",
    "falcon": "gunicorn",
    "fastapi": "uvicorn",
    "flask": "gunicorn",
    "litestar": "uvicorn",
    "pyramid": "waitress",
    "quart": "hypercorn",
    "starlette": "uvicorn",
    "wsgi": "gunicorn",
}
"""The server that `python examples/frameworks` takes for each."""


def command(server: str, file: str, port: int) -> list[str]:
    """What to run in this folder, with DATABASE and SECRET in the environment.

    `file` is without `.py`; what is served is its `app`, or what it names behind a colon.
    """
    file, _, variable = file.partition(":")
    app = f"{file}:{variable or 'app'}"
    line = SERVERS[server].format(file=file, app=app, host=HOST, port=port)
    return [sys.executable, *line.split()]
