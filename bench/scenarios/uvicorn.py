"""Requests a second through uvicorn: beside Starlette's cookie, and beside a session in Redis."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .. import redis_server
from ..asgi import content
from ..browsers import answers_per_second, get, sign_in
from ..context import Context
from ..measure import median
from ..peers import LeftOut
from ..status import Tell

TITLE = "Through uvicorn"
WEIGHT = 45.0

BROWSERS = 8
_PIECES = 5
"""A round goes so often from server to server: what else the machine does then hits them all."""
LABELS = {
    "connect_sqlite": "connect_sqlite",
    "starlette_cookie": "Starlette's `SessionMiddleware`",
    "starsessions_redis": "starsessions, `RedisStore`",
    "no_sessions": "the same without sessions",
}

Pages = list[tuple[bytes, bytes]]


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Answers a second of a handler that reads the session; who was left out, and why."""
    left_out: dict[str, str] = {}
    samples: dict[str, list[float]] = {}
    seconds = context.scale.window_seconds / 2 / _PIECES
    rounds = context.scale.rounds
    with ExitStack() as stack:
        servers: dict[str, tuple[int, Pages]] = {}
        for name, label in LABELS.items():
            tell(0.0, f"starting {label}")
            try:
                servers[name] = _start(context, stack, name)
            except LeftOut as reason:
                if name == "connect_sqlite":
                    raise
                left_out[label] = str(reason)
        # The first round warms all caches and is forgotten.
        for turn in range(rounds + 1):
            rates: dict[str, list[float]] = {name: [] for name in servers}
            for piece in range(_PIECES):
                for name, (port, pages) in _in_turn(servers, piece):
                    tell(turn / (rounds + 1), f"round {turn} of {rounds}: {LABELS[name]}")
                    rates[name].append(answers_per_second(port, pages, seconds))
            if turn:
                for name, values in rates.items():
                    samples.setdefault(name, []).append(median(values))
    return {
        "browsers": BROWSERS,
        "left_out": left_out,
        "answers_per_second": {name: median(values) for name, values in samples.items()},
        "rounds": samples,
    }


def _in_turn(
    servers: dict[str, tuple[int, Pages]], piece: int
) -> Iterator[tuple[str, tuple[int, Pages]]]:
    """Each piece begins with another one."""
    names = list(servers)
    for at in range(len(names)):
        name = names[(at + piece) % len(names)]
        yield name, servers[name]


def _start(context: Context, stack: ExitStack, name: str) -> tuple[int, Pages]:
    folder = stack.enter_context(context.room())
    where = str(folder / "sessions.db")
    if name == "starsessions_redis":
        where = stack.enter_context(redis_server.running(folder))
    port = stack.enter_context(_serving(name, context.seed, where, folder))
    if name == "no_sessions":
        return port, [(get("/plain", None), b"ok")] * BROWSERS
    pages = []
    for number in range(BROWSERS):
        cookie = sign_in(port, f"/sign-in/{number}")
        if cookie is None:
            raise AssertionError(f"{LABELS[name]} set no cookie")
        body = content(context.seed, number)["user"]["name"].encode()
        pages.append((get("/read", cookie), body))
    return port, pages


@contextmanager
def _serving(name: str, seed: int, where: str, folder: Path) -> Iterator[int]:
    """The port of a server in a process of its own.  `LeftOut` if it cannot be started."""
    command = [sys.executable, "-m", "bench.server", name, str(seed), where]
    with (folder / "errors").open("w+") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            kind, _, rest = process.stdout.readline().strip().partition(" ")
            if kind != "port":
                errors.seek(0)
                said = errors.read().strip().splitlines()
                raise LeftOut(rest or (said[-1] if said else "its process ended unexpectedly"))
            yield int(rest)
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
