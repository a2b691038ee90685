"""What sealing adds to one `get` and to one `set` of a session of a kibibyte."""

import random
import secrets
from typing import Any

from ..context import Context
from ..measure import median, nanoseconds, settle
from ..status import Tell
from ..workload import Session, iso, make_session, session_id, shuffled, text

TITLE = "Sealed sessions"
WEIGHT = 15.0

SIZE = 1024
KINDS = ("plain", "sealed", "hashed", "two_keys")
"""The last reads and writes under a new key, while an older one may be read."""


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Microseconds a call, and what sealing adds to it as a multiple of one plain `get`."""
    from connect_sqlite import SQLiteStore

    rounds, count = context.scale.rounds, context.scale.sessions
    ids = [session_id(context.seed, number) for number in range(count)]
    sessions = [_of_a_kibibyte(context, number) for number in range(count)]
    key = secrets.token_bytes(32)
    options: dict[str, dict[str, Any]] = {
        "plain": {},
        "sealed": {"key": key},
        "hashed": {"hash_ids": True},
        "two_keys": {"key": [key, secrets.token_bytes(32)]},
    }
    samples: dict[str, dict[str, list[float]]] = {
        call: {kind: [] for kind in KINDS} for call in ("get", "set")
    }
    with context.room() as folder:
        stores = {}
        for kind in KINDS:
            path = folder / f"{kind}.db"
            stores[kind] = store = SQLiteStore(path, sweep_interval=None, **options[kind])
            for sid, session in zip(ids, sessions, strict=True):
                store.set(sid, session)
        try:
            # The first round warms all caches and is forgotten.
            for turn in range(rounds + 1):
                order = shuffled(context.seed, f"sealed {turn}", count)
                kinds = list(KINDS)
                random.Random(f"{context.seed}:{turn}").shuffle(kinds)
                for call in samples:
                    for kind in kinds:
                        tell(turn / (rounds + 1), f"round {turn} of {rounds}: {call}, {kind}")
                        pairs = [(ids[number], sessions[number]) for number in order]
                        figure = _measured(stores[kind], call, pairs)
                        if turn:
                            samples[call][kind].append(figure)
        finally:
            for store in stores.values():
                store.close()
        bytes_of = {kind: (folder / f"{kind}.db").stat().st_size / count for kind in KINDS}
    plain = samples["get"]["plain"]
    return {
        "session_bytes": len(text(sessions[0])),
        "bytes_a_row": bytes_of,
        "median_us": {
            call: {kind: median(values) for kind, values in by_kind.items()}
            for call, by_kind in samples.items()
        },
        "added": {
            call: {
                kind: median(
                    [
                        (mine - without) / one
                        for mine, without, one in zip(
                            by_kind[kind], by_kind["plain"], plain, strict=True
                        )
                    ]
                )
                for kind in KINDS[1:]
            }
            for call, by_kind in samples.items()
        },
        "rounds_us": samples,
    }


def _of_a_kibibyte(context: Context, number: int) -> Session:
    """The session that all is measured with, and so much more in its cart."""
    session = make_session(context.seed, number, iso(context.population.start))
    cart = session["cart"]
    while len(text(session)) < SIZE:
        cart.append({"sku": f"C-{len(cart)}-{number % 97}", "n": len(cart), "price": 12.5})
    return session


def _measured(store: Any, call: str, pairs: list[tuple[str, Session]]) -> float:
    if call == "get":
        get = store.get
        settle()
        began = nanoseconds()
        for sid, _ in pairs:
            get(sid)
        return (nanoseconds() - began) / len(pairs) / 1000
    for _, session in pairs:
        session["views"] += 1
    save = store.set
    settle()
    began = nanoseconds()
    for sid, session in pairs:
        save(sid, session)
    return (nanoseconds() - began) / len(pairs) / 1000
