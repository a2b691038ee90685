"""What requests notice of a sweep: the latencies of get and set while 500,000 rows are deleted."""

import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import files
from ..context import Context
from ..measure import median, nanoseconds, percentile, ratio, settle
from ..status import Tell
from ..workload import Session, make_session, session_id

TITLE = "Latency under a sweep"
WEIGHT = 60.0

Latencies = dict[str, list[float]]

_DRAWN = 10_000
"""Live sessions that are read and written in turn, drawn from all."""


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """p99 in microseconds, idle and while another thread sweeps all expired rows."""
    rounds = context.scale.heavy_rounds
    p99: dict[str, dict[str, list[float]]] = {
        call: {"idle": [], "sweeping": []} for call in ("get", "set")
    }
    took: list[float] = []
    for turn in range(rounds):
        with context.room() as folder:
            tell(turn / rounds, f"round {turn + 1} of {rounds}: copying the file")
            path = folder / "sessions.db"
            shutil.copyfile(context.large, path)
            files.sync(path)
            tell((turn + 0.5) / rounds, f"round {turn + 1} of {rounds}: measuring")
            idle, sweeping, seconds = _one_round(context, path, turn)
        took.append(seconds)
        for call in p99:
            p99[call]["idle"].append(percentile(idle[call], 99))
            p99[call]["sweeping"].append(percentile(sweeping[call], 99))
    return {
        "rows": context.scale.many,
        "sweep_seconds": median(took),
        "p99_us": {
            call: {state: median(values) for state, values in states.items()}
            for call, states in p99.items()
        },
        "ratio": {call: ratio(states["sweeping"], states["idle"]) for call, states in p99.items()},
        "rounds": p99,
    }


def _one_round(context: Context, path: Path, turn: int) -> tuple[Latencies, Latencies, float]:
    from connect_sqlite import SQLiteStore

    draw = random.Random(f"{context.seed}:sweeping:{turn}")
    numbers = [draw.randrange(0, context.scale.many, 2) for _ in range(_DRAWN)]
    people = [
        (session_id(context.seed, number), make_session(context.seed, number, files.FAR))
        for number in numbers
    ]
    with SQLiteStore(path, sweep_interval=None) as store:
        _watch(store, people, _for_seconds(context.scale.window_seconds / 4))  # warms the caches
        settle()
        idle = _watch(store, people, _for_seconds(context.scale.window_seconds))
        sweep = threading.Thread(target=store.sweep, kwargs={"limit": context.scale.many})
        settle()
        began = nanoseconds()
        sweep.start()
        sweeping = _watch(store, people, _while_alive(sweep))
        sweep.join()
        seconds = (nanoseconds() - began) / 1e9
        if store.sweep() != 0:
            raise AssertionError("the sweep ended before everything expired was deleted")
    return idle, sweeping, seconds


def _watch(store: Any, people: list[tuple[str, Session]], turns: Iterator[None]) -> Latencies:
    """Save and read one session after the other; microseconds of each call."""
    latencies: Latencies = {"get": [], "set": []}
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
