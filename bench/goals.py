"""What this store must reach, and whether a run reached it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .measure import ratio

TIMES = "\N{MULTIPLICATION SIGN}"

Results = dict[str, Any]
"""What the scenarios returned, by their file's name."""


@dataclass(frozen=True)
class Goal:
    """A figure of a run and its bound; a count must be exact, the others are in a unit."""

    scenario: str
    title: str
    bound: float
    figure: Callable[[Results], float]
    at_least: bool = False
    count: bool = False
    unit: str = TIMES

    def met(self, measured: float) -> bool:
        return measured >= self.bound if self.at_least else measured <= self.bound

    def wanted(self) -> str:
        if self.count:
            return f"{self.bound:g}"
        return f"at {'least' if self.at_least else 'most'} {self.bound:g} {self.unit}"

    def shown(self, measured: float) -> str:
        return f"{measured:g}" if self.count else f"{measured:.2f} {self.unit}"


@dataclass(frozen=True)
class Outcome:
    """A goal and what became of it; `measured` is None where a peer or a tool was missing."""

    goal: Goal
    measured: float | None

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        return "met" if self.goal.met(self.measured) else "missed"


def single_ratio(results: Results, operation: str, ours: str, theirs: str) -> float:
    """One peer's time for an operation as a multiple of another's."""
    peers = results["single"]["peers"]
    return ratio(peers[ours]["rounds_us"][operation], peers[theirs]["rounds_us"][operation])


def _against(other: str, operation: str) -> Callable[[Results], float]:
    return lambda results: single_ratio(results, operation, "store", other)


def _durable(face: str) -> Callable[[Results], float]:
    def figure(results: Results) -> float:
        rounds = results["durable"]["rounds"]
        return ratio(rounds[f"connect_sqlite_{face}"], rounds["aiosqlite_full"])

    return figure


def _on_one_loop(kind: str) -> Callable[[Results], float]:
    def figure(results: Results) -> float:
        rounds = results["concurrent"][kind]["rounds"]
        return ratio(rounds["connect_sqlite"], rounds["aiosqlite"])

    return figure


def _stall(results: Results) -> float:
    rounds = results["stall"]["rounds"]
    return ratio(rounds["busy_p99_us"], rounds["idle_p99_us"])


def _under_a_sweep(call: str, state: str) -> Callable[[Results], float]:
    return lambda results: float(results["sweeping"]["ratio"][call][state])


def _in_a_request(case: str) -> Callable[[Results], float]:
    return lambda results: float(results["requests"]["ratio"][case])


def _of_cookies(
    figure: str, worst: Callable[[Iterable[float]], float]
) -> Callable[[Results], float]:
    """Whether our cookie comes first or last, the worse of the two."""
    return lambda results: worst(
        float(by_figure[figure]) for by_figure in results["cookies"]["ratio"].values()
    )


def _through_uvicorn(other: str) -> Callable[[Results], float]:
    def figure(results: Results) -> float:
        rounds = results["uvicorn"]["rounds"]
        return ratio(rounds["connect_sqlite"], rounds[other])

    return figure


def _added(framework: str) -> Callable[[Results], float]:
    return lambda results: float(results[framework]["ratio"]["read"])


def _of_django(operation: str) -> Callable[[Results], float]:
    return lambda results: float(results["django"]["ratio"][operation])


def _sealing(call: str) -> Callable[[Results], float]:
    return lambda results: float(results["sealed"]["added"][call]["sealed"])


def _on_disk(size: int) -> Callable[[Results], float]:
    return lambda results: float(results["disk"][str(size)]["ratio"])


GOALS = (
    Goal("single", "`get`, against Node's original", 0.95, _against("node", "get")),
    Goal("single", "`get`, against the C limit", 1.5, _against("c_limit", "get")),
    Goal("single", "`get` of an unknown id, against Node's", 1.0, _against("node", "miss")),
    Goal("single", "`set` of changed data, against Node's", 0.5, _against("node", "set")),
    Goal("single", "`touch`, against Node's", 0.7, _against("node", "touch")),
    Goal(
        "single",
        "`set` then `get` of one session, in turn, against Node's",
        0.7,
        _against("node", "set_then_get"),
    ),
    Goal(
        "durable",
        "`destroy` and `create` a second, durable, 64 threads, against aiosqlite (FULL)",
        5,
        _durable("threads"),
        at_least=True,
    ),
    Goal("durable", "the same, 64 tasks", 5, _durable("tasks"), at_least=True),
    Goal(
        "concurrent",
        "writes a second, 64 tasks, against aiosqlite (NORMAL)",
        4,
        _on_one_loop("write"),
        at_least=True,
    ),
    Goal(
        "concurrent",
        "reads a second, 64 tasks, against aiosqlite",
        10,
        _on_one_loop("read"),
        at_least=True,
    ),
    Goal("stall", "event-loop stall, p99, 64 writers and a sweep, against idle", 8, _stall),
    Goal(
        "stall",
        "waits for the disk on the event loop",
        0,
        lambda results: float(results["stall"]["syncs"]["on_the_loop"]),
        count=True,
    ),
    Goal(
        "rows",
        "`get` at 1,000,000 rows, against 10,000",
        1.5,
        lambda results: float(results["rows"]["ratio"]),
    ),
    Goal("sealed", "what sealing adds to `get` of 1 KiB, against one `get`", 0.8, _sealing("get")),
    Goal("sealed", "what it adds to `set`, against one plain `get`", 0.8, _sealing("set")),
    Goal(
        "opening",
        "opening 1,000,000 rows, half of them expired, against 1,000",
        2,
        lambda results: float(results["opening"]["ratio"]),
    ),
    Goal(
        "sweeping",
        "p99 of `get` while the store sweeps by itself, against idle",
        3,
        _under_a_sweep("get", "background"),
    ),
    Goal("sweeping", "p99 of `set`, the same", 3, _under_a_sweep("set", "background")),
    Goal(
        "sweeping",
        "p99 of `get` while `sweep()` goes through 500,000 expired rows, against idle",
        3,
        _under_a_sweep("get", "sweep"),
    ),
    Goal("sweeping", "p99 of `set`, the same", 3, _under_a_sweep("set", "sweep")),
    Goal("disk", "bytes on disk, against payload and id: 250 bytes", 1.4, _on_disk(250)),
    Goal("disk", "the same: 1,000 bytes", 1.4, _on_disk(1_000)),
    Goal("disk", "the same: 4,000 bytes", 1.4, _on_disk(4_000)),
    Goal(
        "sockets",
        "CPU of 1,000 open WebSockets while nothing happens, of a core",
        1,
        lambda results: float(results["sockets"]["idle_percent"]),
        unit="%",
    ),
    Goal(
        "importing",
        "`import connect_sqlite`, against apsw, orjson and asyncio alone",
        1.5,
        lambda results: float(results["importing"]["ratio"]),
    ),
    Goal(
        "requests",
        "a request that reads its session: added time, against one `get`",
        3,
        _in_a_request("read"),
    ),
    Goal(
        "requests",
        "a request that changes it: added time, against one `set`",
        2.5,
        _in_a_request("change"),
    ),
    Goal(
        "requests",
        "a request without a cookie: added time, against one `get`",
        0.25,
        _in_a_request("stranger"),
    ),
    Goal("cookies", "reading 4 KiB of cookies, against one `get`", 1, _of_cookies("get", max)),
    Goal(
        "cookies",
        "the same, against `http.cookies`",
        5,
        _of_cookies("stdlib", min),
        at_least=True,
    ),
    Goal(
        "cookies",
        "a byte of 64 KiB of cookies, against one of 4 KiB",
        1.5,
        _of_cookies("per_byte", max),
    ),
    Goal(
        "uvicorn",
        "requests a second through uvicorn, against Starlette's cookie sessions",
        0.95,
        _through_uvicorn("starlette_cookie"),
        at_least=True,
    ),
    Goal(
        "uvicorn",
        "the same, against starsessions with Redis",
        2,
        _through_uvicorn("starsessions_redis"),
        at_least=True,
    ),
    Goal(
        "merging",
        "keys that are there after 50 requests at once added one each to one session",
        50,
        lambda results: float(results["merging"]["kept"]["at_once"]),
        at_least=True,
        count=True,
    ),
    Goal(
        "flask",
        "Flask, a request that reads its session: added time, against Flask-Session on SQLAlchemy",
        0.3,
        _added("flask"),
    ),
    Goal(
        "litestar",
        "Litestar, a request that reads its session: added time, against its `FileStore`",
        0.3,
        _added("litestar"),
    ),
    Goal(
        "aiohttp",
        "aiohttp, the same, against aiohttp-session with Redis on loopback",
        0.5,
        _added("aiohttp"),
    ),
    Goal("django", "Django: loading a session, against its `db` engine", 0.12, _of_django("load")),
    Goal("django", "the same: saving one", 0.25, _of_django("save")),
)


def outcomes(results: Results) -> Iterator[Outcome]:
    """Every goal of the scenarios that ran, with its figure."""
    for goal in GOALS:
        if goal.scenario not in results:
            continue
        try:
            measured: float | None = goal.figure(results)
        except KeyError:  # a peer or a tool was missing
            measured = None
        yield Outcome(goal, measured)
