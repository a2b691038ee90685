"""Fifty requests of one browser at the same moment, each of which adds to the same session."""

import asyncio
from pathlib import Path
from typing import Any

from ..asgi import SECRET, App, ask, discard, receive, request
from ..context import Context
from ..measure import median, nanoseconds, ratio, settle
from ..status import Tell

TITLE = "Requests on one session"
WEIGHT = 3.0

REQUESTS = 50


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Microseconds a request, at once and in turn; the least number of keys that were kept."""
    with context.room() as folder:
        return asyncio.run(_run(context, tell, folder))


async def _run(context: Context, tell: Tell, folder: Path) -> dict[str, Any]:
    from connect_sqlite import AsyncSQLiteStore
    from connect_sqlite.asgi import SessionMiddleware

    rounds = context.scale.rounds
    samples: dict[str, list[float]] = {"at_once": [], "in_turn": []}
    kept: dict[str, list[int]] = {"at_once": [], "in_turn": []}
    async with AsyncSQLiteStore(folder / "sessions.db") as store:
        adding = _Adding()
        app = SessionMiddleware(adding.app, store=store, secret=SECRET)
        # The first round warms all caches and is forgotten.
        for turn in range(rounds + 1):
            for name in samples:
                tell(turn / (rounds + 1), f"round {turn} of {rounds}, {name.replace('_', ' ')}")
                body, cookie = await ask(app, request("/begin"))
                assert cookie is not None
                figure = await adding.measure(app, cookie, at_once=name == "at_once")
                row = await store.get(body.decode())
                assert row is not None
                kept[name].append(sum(f"/{number}" in row for number in range(REQUESTS)))
                if turn:
                    samples[name].append(figure)
    return {
        "requests": REQUESTS,
        "kept": {name: min(counts) for name, counts in kept.items()},
        "median_us": {name: median(values) for name, values in samples.items()},
        "ratio": ratio(samples["at_once"], samples["in_turn"]),
        "rounds_us": samples,
    }


class _Adding:
    """An application that adds a request's path to the session, and requests to it."""

    def __init__(self) -> None:
        self._all_loaded: asyncio.Barrier | None = None

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if self._all_loaded is not None:
            # No session is saved before every request has loaded it: the hardest case.
            await self._all_loaded.wait()
        session = scope["session"]
        session[scope["path"]] = True
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": session.id.encode()})

    async def measure(self, app: App, cookie: bytes, *, at_once: bool) -> float:
        requests = [request(f"/{number}", cookie) for number in range(REQUESTS)]
        settle()
        began = nanoseconds()
        if at_once:
            self._all_loaded = asyncio.Barrier(REQUESTS)
            async with asyncio.TaskGroup() as group:
                for each in requests:
                    group.create_task(_awaited(app, each))
            self._all_loaded = None
        else:
            for each in requests:
                await app(each, receive, discard)
        return (nanoseconds() - began) / REQUESTS / 1000


async def _awaited(app: App, asked: dict[str, Any]) -> None:
    await app(asked, receive, discard)
