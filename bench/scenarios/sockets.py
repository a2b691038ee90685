"""What watching the sessions of 1,000 open WebSockets costs."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ..context import Context
from ..measure import median, settle
from ..status import Tell

TITLE = "Open WebSockets"
WEIGHT = 20.0

SOCKETS = 1000
_SECRET = "a secret of the benchmark that is long enough"

_COMMITS_ON = """
import sys
from connect_sqlite import SQLiteStore
with SQLiteStore(sys.argv[1], sweep_interval=None) as store:
    number = 0
    while True:
        number += 1
        store.set("another", {"n": number})
        if number == 1:
            print("begun", flush=True)
"""

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """The process's CPU time as a share of the time that went by, idle and beside a writer."""
    idle: list[float] = []
    busy: list[float] = []
    rounds = context.scale.heavy_rounds
    for turn in range(rounds):
        tell(turn / rounds, f"round {turn + 1} of {rounds}")
        with context.room() as folder:
            figures = asyncio.run(_watch(context, folder / "sessions.db"))
        idle.append(figures[0])
        busy.append(figures[1])
    return {
        "idle_percent": median(idle),
        "busy_percent": median(busy),
        "rounds": {"idle_percent": idle, "busy_percent": busy},
    }


async def _watch(context: Context, path: Path) -> tuple[float, float]:
    from connect_sqlite import AsyncSQLiteStore
    from connect_sqlite.asgi import SessionMiddleware

    async with AsyncSQLiteStore(path, sweep_interval=None) as store:
        app = SessionMiddleware(_serve, store=store, secret=_SECRET)
        connections = [_Connection(await _signed_in(app)) for _ in range(SOCKETS)]
        tasks = [
            asyncio.create_task(app(each.scope, each.receive, each.send)) for each in connections
        ]
        await asyncio.sleep(1.5)  # until each was looked up for the first time
        settle()
        idle = await _share(context.scale.window_seconds * 2)
        writer = await asyncio.to_thread(_writer, path)
        try:
            busy = await _share(context.scale.window_seconds * 2)
        finally:
            writer.kill()
            writer.wait()
        for connection in connections:
            connection.gone.set()
        await asyncio.gather(*tasks)
        return idle, busy


async def _serve(scope: Message, receive: Receive, send: Send) -> None:
    """A page that signs in, and a socket that waits."""
    if scope["type"] == "http":
        scope["session"]["user"] = {"id": 1, "name": "User number 1"}
        await send({"type": "http.response.start", "status": 200, "headers": []})
    else:
        await send({"type": "websocket.accept"})
        await receive()


class _Connection:
    """A server's end of a socket over which nothing is said."""

    def __init__(self, cookie: bytes) -> None:
        self.scope = {"type": "websocket", "path": "/", "headers": [(b"cookie", cookie)]}
        self.gone = asyncio.Event()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            raise AssertionError("a socket was closed whose session lives")


async def _signed_in(app: Any) -> bytes:
    """A new visitor's cookie."""
    started: list[Message] = []

    async def send(message: Message) -> None:
        started.append(message)

    await app({"type": "http", "path": "/", "headers": []}, None, send)
    cookie: bytes = dict(started[0]["headers"])[b"set-cookie"]
    return cookie.partition(b";")[0]


async def _share(seconds: float) -> float:
    """Percent of one core that the process takes, all its threads together."""
    began, used = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - used) / (time.perf_counter() - began) * 100


def _writer(path: Path) -> "subprocess.Popen[str]":
    """Another process that commits without a pause."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMITS_ON, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process
