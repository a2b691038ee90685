"""What requests notice of a sweep: the latencies of get and set while expired rows are deleted."""

import random
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import files
from ..context import Context
from ..measure import median, nanoseconds, percentile, ratio, settle
from ..status import Tell
from ..workload import Session, make_session, session_id

TITLE = "Latency under a sweep"
WEIGHT = 120.0

CALLS = ("get", "set")
STATES = ("idle", "background", "sweep")

_DRAWN = 10_000
"""Live sessions that are read and written in turn, drawn from all."""

Latencies = dict[str, list[float]]
People = list[tuple[str, Session]]


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """p99 in microseconds: idle, while the store sweeps by itself, and while `sweep()` runs."""
    rounds = context.scale.heavy_rounds
    p99: dict[str, dict[str, list[float]]] = {
        call: {state: [] for state in STATES} for call in CALLS
    }
    speeds: list[float] = []
    for turn in range(rounds):
        with context.room() as folder:
            tell(turn / rounds, f"round {turn + 1} of {rounds}: copying the file")
            path = folder / "sessions.db"
            shutil.copyfile(context.large, path)
            files.sync(path)
            people = _drawn(context, turn)
            tell((turn + 0.2) / rounds, f"round {turn + 1} of {rounds}: beside its own sweep")
            watched = {"background": _beside_its_own_sweep(context, path, people)}
            tell((turn + 0.6) / rounds, f"round {turn + 1} of {rounds}: beside sweep()")
            watched["idle"], watched["sweep"], speed = _beside_a_call(context, path, people)
        speeds.append(speed)
        for state, latencies in watched.items():
            for call, values in latencies.items():
                p99[call][state].append(percentile(values, 99))
    p99 = {call: {state: values for state, values in p99[call].items() if values} for call in CALLS}
    return {
        "rows": context.scale.many,
        "swept_per_second": median(speeds),
        "p99_us": {
            call: {state: median(values) for state, values in states.items()}
            for call, states in p99.items()
        },
        "ratio": {
            call: {
                state: ratio(values, states["idle"])
                for state, values in states.items()
                if state != "idle"
            }
            for call, states in p99.items()
        },
        "rounds": p99,
    }


def _drawn(context: Context, turn: int) -> People:
    draw = random.Random(f"{context.seed}:sweeping:{turn}")
    numbers = [draw.randrange(0, context.scale.many, 2) for _ in range(_DRAWN)]
    return [
        (session_id(context.seed, number), make_session(context.seed, number, files.FAR))
        for number in numbers
    ]


def _beside_its_own_sweep(context: Context, path: Path, people: People) -> Latencies:
    """Nothing, if the store has not begun to sweep in good time."""
    from connect_sqlite import SQLiteStore

    with SQLiteStore(path) as store:
        expired = store.stats()["expired"]
        patience = time.monotonic() + context.scale.patience_seconds
        while store.stats()["expired"] == expired:
            if time.monotonic() > patience:
                return {}
            # In use meanwhile, for a store may sweep faster while nobody calls.
            _watch(store, people, _for_seconds(0.25))
        settle()
        return _watch(store, people, _for_seconds(context.scale.window_seconds))


def _beside_a_call(
    context: Context, path: Path, people: People
) -> tuple[Latencies, Latencies, float]:
    from connect_sqlite import SQLiteStore

    with SQLiteStore(path, sweep_interval=None) as store:
        _watch(store, people, _for_seconds(context.scale.window_seconds / 4))  # warms the caches
        settle()
        idle = _watch(store, people, _for_seconds(context.scale.window_seconds))
        end = time.monotonic() + context.scale.sweep_seconds
        swept: list[int] = []

        def sweep() -> None:
            while time.monotonic() < end and (some := store.sweep(limit=files.SWEPT_AT_ONCE)):
                swept.append(some)

        sweeper = threading.Thread(target=sweep)
        settle()
        began = nanoseconds()
        sweeper.start()
        sweeping = _watch(store, people, _while_alive(sweeper))
        sweeper.join()
        seconds = (nanoseconds() - began) / 1e9
    return idle, sweeping, sum(swept) / seconds


def _watch(store: Any, people: People, turns: Iterator[None]) -> Latencies:
    """Save and read one session after the other; microseconds of each call."""
    latencies: Latencies = {call: [] for call in CALLS}
    for at, _ in enumerate(turns):
        sid, session = people[at % len(people)]
        session["views"] += 1
        began = nanoseconds()
        store.set(sid, session)
        between = nanoseconds()
        store.get(sid)
        ended = nanoseconds()
        latencies["set"].append((between - began) / 1000)
        latencies["get"].append((ended - between) / 1000)
    return latencies


def _for_seconds(seconds: float) -> Iterator[None]:
    end = nanoseconds() + int(seconds * 1e9)
    while nanoseconds() < end:
        yield


def _while_alive(thread: threading.Thread) -> Iterator[None]:
    while thread.is_alive():
        yield
