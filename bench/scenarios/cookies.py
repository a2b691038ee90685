"""How the session's id is found among the cookies of a request, and whether long ones slow it."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

from ..asgi import SECRET
from ..context import Context
from ..measure import median, nanoseconds, ratio, settle
from ..status import Tell
from ..workload import session_id

TITLE = "Reading cookies"
WEIGHT = 3.0

_PIECES = 20
_CALLS = 20
"""Calls of each in a piece of a round; of the slow ones fewer."""
_NAME = "connect.sid"
_KIB = 1024
_COOKIE_BYTES = 4 * _KIB // 10
"""Ten cookies in 4 KiB, and as large ones where there are more."""
SIZES = {"4_kib": 4 * _KIB, "64_kib": 64 * _KIB}

Calls = dict[str, tuple[Callable[[], Any], int]]


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Microseconds of reading a `Cookie` header in which ours comes first or last."""
    from connect_sqlite import AsyncSQLiteStore, SQLiteStore
    from connect_sqlite._session.signing import Signer
    from connect_sqlite.asgi import SessionMiddleware

    sid = session_id(context.seed, 0)
    value = "s%3A" + Signer(SECRET).sign(sid).replace("+", "%2B").replace("/", "%2F")
    rounds = context.scale.rounds
    samples: dict[str, list[float]] = {}
    with context.room() as folder, SQLiteStore(folder / "sessions.db") as store:
        store.set(sid, context.population.sessions[0])
        # Only a middleware knows a jar; no request is made, so its store is not used.
        offered = SessionMiddleware(_nobody, store=AsyncSQLiteStore(), secret=SECRET)._jar.offered
        calls: Calls = {"get": (lambda: store.get(sid), _CALLS)}
        for size, length in SIZES.items():
            for place in ("first", "last"):
                text = _header(context.seed, value, length, first=place == "first")
                header = text.encode()
                if offered(header) != [sid] or _picked(text) != value:
                    raise AssertionError("the session's cookie was not found")
                calls[f"ours_{size}_{place}"] = _calling(offered, header), _CALLS
                calls[f"stdlib_{size}_{place}"] = _calling(_picked, text), 1
        calls["ours_64_kib_hostile"] = _calling(offered, _hostile(SIZES["64_kib"])), 1
        for turn in range(rounds + 1):
            tell(turn / (rounds + 1), f"round {turn} of {rounds}")
            figures = _round(calls)
            if turn:
                for name, figure in figures.items():
                    samples.setdefault(name, []).append(figure)
    return {
        "median_us": {name: median(values) for name, values in samples.items()},
        "ratio": {
            place: {
                "get": ratio(samples[f"ours_4_kib_{place}"], samples["get"]),
                "stdlib": ratio(samples[f"stdlib_4_kib_{place}"], samples[f"ours_4_kib_{place}"]),
                "per_byte": ratio(samples[f"ours_64_kib_{place}"], samples[f"ours_4_kib_{place}"])
                * (SIZES["4_kib"] / SIZES["64_kib"]),
            }
            for place in ("first", "last")
        },
        "rounds_us": samples,
    }


def _round(calls: Calls) -> dict[str, float]:
    pieces: dict[str, list[float]] = {name: [] for name in calls}
    settle()
    for _ in range(_PIECES):
        for name, (call, times) in calls.items():
            began = nanoseconds()
            for _ in range(times):
                call()
            pieces[name].append((nanoseconds() - began) / times / 1000)
    return {name: median(values) for name, values in pieces.items()}


def _header(seed: int, value: str, length: int, *, first: bool) -> str:
    """Cookies as shops have them, about `length` bytes in all, every tenth part ours or another."""
    ours = f"{_NAME}={value}"
    cookies = []
    for number in range(length // _COOKIE_BYTES - 1):
        name = f"_tracker_{number}="
        text = "".join(session_id(seed, -number * 100 - part) for part in range(12))
        cookies.append(name + text[: _COOKIE_BYTES - len(name) - 2])
    cookies.insert(0 if first else len(cookies), ours)
    missing = length - len("; ".join(cookies))
    at = -1 if first else 0
    cookies[at] += "x" * max(missing, 0)
    return "; ".join(cookies)


def _hostile(length: int) -> bytes:
    """What no browser sends, but anybody may: as many cookies as fit, all of them empty."""
    return f"{_NAME}=x".encode().ljust(length, b";")


def _picked(header: str) -> str:
    cookies: SimpleCookie = SimpleCookie()
    cookies.load(header)
    return cookies[_NAME].value


def _calling(function: Callable[[Any], Any], argument: Any) -> Callable[[], Any]:
    return lambda: function(argument)


async def _nobody(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no request is made here")
