"""What the session layer adds to a request, beside one call of the store that it stands on."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ..asgi import SECRET, App, Scope, ask, content, request, shop, time_each
from ..context import Context
from ..measure import median, nanoseconds, ratio, settle
from ..status import Tell

TITLE = "What a session adds to a request"
WEIGHT = 15.0

_VISITORS = 2_000
_PIECES = 20
"""A round alternates so often between the application alone, with sessions, and the store."""
FIGURES = ("alone", "added", "call", "call_within")


@dataclass(frozen=True)
class Visitor:
    """A browser that has signed in."""

    number: int
    sid: str
    cookie: bytes


Work = Callable[["Case", Sequence[Visitor]], Awaitable[float]]


@dataclass(frozen=True)
class Case:
    """A kind of request; `call` is the store's call that it is measured against."""

    path: str
    call: str
    signed_in: bool = True
    share: int = 1
    """One in so many visitors takes part in a round: what is slow needs fewer of them."""


CASES = {
    "read": Case("/read", "get"),
    "change": Case("/change", "set", share=4),
    "stranger": Case("/plain", "get", signed_in=False),
    "stranger_looks": Case("/look", "get", signed_in=False),
}


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Microseconds of a request: the application alone, what a session adds, and a store's call.

    `call` is one call after another with nothing between them; `call_within` is what the same call
    adds to a request, where the processor has other code to fetch in between.
    """
    with context.room() as folder:
        return asyncio.run(_run(context, tell, folder))


async def _run(context: Context, tell: Tell, folder: Path) -> dict[str, Any]:
    from connect_sqlite import AsyncSQLiteStore
    from connect_sqlite.asgi import SessionMiddleware

    alone = shop(context.seed)
    rounds = context.scale.rounds
    samples: dict[str, dict[str, list[float]]] = {
        name: {figure: [] for figure in FIGURES} for name in CASES
    }
    async with AsyncSQLiteStore(folder / "sessions.db") as store:
        app = SessionMiddleware(alone, store=store, secret=SECRET)
        tell(0.0, "visitors sign in")
        visitors = await sign_in(app, min(_VISITORS, context.scale.sessions))
        bench = _Bench(context.seed, alone, app, store, visitors)
        # The first round warms all caches and is forgotten.
        for turn in range(rounds + 1):
            for name, case in CASES.items():
                tell(turn / (rounds + 1), f"round {turn} of {rounds}: {name.replace('_', ' ')}")
                figures = await bench.measure(case, turn)
                if turn:
                    for figure, value in figures.items():
                        samples[name][figure].append(value)
        await bench.check()
    return {
        "visitors": len(visitors),
        "median_us": {
            name: {figure: median(values) for figure, values in figures.items()}
            for name, figures in samples.items()
        },
        "ratio": {
            name: ratio(figures["added"], figures["call"]) for name, figures in samples.items()
        },
        "ratio_within": {
            name: ratio(figures["added"], figures["call_within"])
            for name, figures in samples.items()
        },
        "rounds_us": samples,
    }


async def sign_in(app: App, visitors: int) -> list[Visitor]:
    """So many sessions, made by the middleware itself."""
    signed_in = []
    for number in range(visitors):
        body, cookie = await ask(app, request(f"/sign-in/{number}"))
        assert cookie is not None
        signed_in.append(Visitor(number, body.decode(), cookie))
    return signed_in


class _Bench:
    """The same application twice, on its own and with sessions, and the store."""

    def __init__(
        self, seed: int, alone: App, app: App, store: Any, visitors: Sequence[Visitor]
    ) -> None:
        self._seed = seed
        self._alone = alone
        self._app = app
        self._store = store
        self._visitors = visitors
        self._views = count(1_000_000)

    async def measure(self, case: Case, turn: int) -> dict[str, float]:
        """One round.  Each difference is taken within milliseconds, where a machine is steady."""
        alone, added, call, call_within = [], [], [], []
        settle()
        for at, visitors in enumerate(self._pieces(case, turn)):
            works: list[Work] = [self._alone_once, self._whole_once, self._within_once, self._calls]
            times: dict[Work, float] = {}
            for number in range(len(works)):  # each piece begins with another
                work = works[(at + number) % len(works)]
                times[work] = await work(case, visitors)
            floor = times[self._alone_once]
            alone.append(floor)
            added.append(times[self._whole_once] - floor)
            call_within.append(times[self._within_once] - floor)
            call.append(times[self._calls])
        figures = {"alone": alone, "added": added, "call": call, "call_within": call_within}
        return {name: median(values) for name, values in figures.items()}

    async def check(self) -> None:
        """Raise unless sessions are read, changes are kept, and strangers get none."""
        visitor = self._visitors[0]
        before = await self._store.get(visitor.sid)
        body, _ = await ask(self._app, request("/read", visitor.cookie))
        await ask(self._app, request("/change", visitor.cookie))
        after = await self._store.get(visitor.sid)
        if body.decode() != before["user"]["name"] or after["views"] != before["views"] + 1:
            raise AssertionError("a request did not read or change its session")
        if await self._store.length() != len(self._visitors):
            raise AssertionError("a stranger's request made a session")

    def _pieces(self, case: Case, turn: int) -> Iterator[Sequence[Visitor]]:
        order = list(self._visitors)
        random.Random(f"{self._seed}:requests:{turn}").shuffle(order)
        size = max(len(order) // case.share // _PIECES, 1)
        for at in range(_PIECES):
            yield order[at * size : (at + 1) * size]

    async def _alone_once(self, case: Case, visitors: Sequence[Visitor]) -> float:
        return await time_each(self._alone, [self._bare(case, each) for each in visitors])

    async def _whole_once(self, case: Case, visitors: Sequence[Visitor]) -> float:
        return await time_each(self._app, [_with_cookie(case, each) for each in visitors])

    async def _within_once(self, case: Case, visitors: Sequence[Visitor]) -> float:
        """The application alone, each request after one call of the store for its session."""
        requests = [self._bare(case, each) for each in visitors]
        calls = iter(await self._arguments(case, visitors))
        call = getattr(self._store, case.call)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await call(*next(calls))
            await self._alone(scope, receive, send)

        return await time_each(app, requests)

    async def _calls(self, case: Case, visitors: Sequence[Visitor]) -> float:
        """One call of the store after the other."""
        calls = await self._arguments(case, visitors)
        call = getattr(self._store, case.call)
        began = nanoseconds()
        for arguments in calls:
            await call(*arguments)
        return (nanoseconds() - began) / len(calls) / 1000

    async def _arguments(self, case: Case, visitors: Sequence[Visitor]) -> list[tuple[Any, ...]]:
        if case.call == "get":
            return [(each.sid,) for each in visitors]
        changed = [(each.sid, await self._store.get(each.sid)) for each in visitors]
        for _, session in changed:
            session["views"] = next(self._views)
        return changed

    def _bare(self, case: Case, visitor: Visitor) -> Scope:
        """The same request, with the session as a `dict` that was there before."""
        scope = _with_cookie(case, visitor)
        scope["session"] = content(self._seed, visitor.number) if case.signed_in else {}
        return scope


def _with_cookie(case: Case, visitor: Visitor) -> Scope:
    return request(case.path, visitor.cookie if case.signed_in else None)
