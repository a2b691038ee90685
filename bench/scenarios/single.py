"""One call at a time: every peer on the same sessions, in turn, round after round."""

import random
from contextlib import ExitStack
from typing import Any

import orjson

from ..context import Context
from ..measure import median, nanoseconds, settle
from ..peers import OPERATIONS, LeftOut, Peer, find
from ..status import Tell
from ..workload import shuffled, text

TITLE = "One call at a time"
WEIGHT = 300.0

_SAMPLE = 200
"""Operations by which a peer's speed is judged, before anything counts."""
_PAIRS = 1_000
"""Sessions destroyed and created in one round: here a call may wait for the disk."""


def run(context: Context, tell: Tell) -> dict[str, Any]:
    """Medians and every round's figure, in microseconds a call; who was left out, and why."""
    left_out: dict[str, str] = {}
    samples: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as stack:
        peers = _open_all(context, stack, left_out, tell)
        sizes = {name: _sizes(context, peer) for name, peer in peers.items()}
        rounds = context.scale.rounds
        # The first round warms every cache, everybody's alike, and is forgotten.
        for turn in range(rounds + 1):
            for at, operation in enumerate(OPERATIONS):
                names = [name for name in peers if operation in peers[name].operations]
                random.Random(f"{context.seed}:{turn}:{operation}").shuffle(names)
                for name in names:
                    done = (turn + at / len(OPERATIONS)) / (rounds + 1)
                    tell(done, f"round {turn} of {rounds}: {operation}, {peers[name].label}")
                    # `create` puts back what `destroy` took, so both have the same order.
                    order = shuffled(context.seed, f"single {turn}", context.scale.sessions)
                    figure = peers[name].run(operation, order[: sizes[name][operation]])
                    if turn:
                        samples.setdefault(name, {}).setdefault(operation, []).append(figure)
        for peer in peers.values():
            peer.check()
    return {
        "left_out": left_out,
        "parsing_us": _parsing(context),
        "peers": {
            name: {
                "label": peer.label,
                "version": peer.version,
                "median_us": {key: median(values) for key, values in samples[name].items()},
                "rounds_us": samples[name],
            }
            for name, peer in peers.items()
        },
    }


def _parsing(context: Context) -> float:
    """What orjson takes to parse one session: everyone who returns a `dict` pays that or more."""
    texts = [text(session) for session in context.population.sessions]
    figures = []
    for _ in range(context.scale.rounds):
        settle()
        began = nanoseconds()
        for each in texts:
            orjson.loads(each)
        figures.append((nanoseconds() - began) / len(texts) / 1000)
    return median(figures)


def _open_all(
    context: Context, stack: ExitStack, left_out: dict[str, str], tell: Tell
) -> dict[str, Peer]:
    peers: dict[str, Peer] = {}
    for name, peer_class in find().items():
        tell(0.0, f"filling {peer_class.label}")
        try:
            peer = peer_class(context, stack.enter_context(context.room()))
        except Exception as error:
            # Whatever ails somebody else's package here, the others are measured all the same.
            if peer_class.ours:
                raise
            left_out[peer_class.label] = _reason(error)
            continue
        stack.callback(peer.close)
        peer.check()
        peers[name] = peer
    return peers


def _reason(error: Exception) -> str:
    if isinstance(error, LeftOut | ImportError):
        return str(error)
    return f"{type(error).__name__} while it was set up"


def _sizes(context: Context, peer: Peer) -> dict[str, int]:
    """How many operations of each kind this peer does in one round."""
    sessions = context.scale.sessions
    sizes = {}
    for operation in OPERATIONS:
        if operation not in peer.operations:
            continue
        sample = shuffled(context.seed, "sample", sessions)[:_SAMPLE]
        microseconds = peer.run(operation, sample)
        fitting = int(context.scale.slice_seconds * 1_000_000 / microseconds)
        most = min(_PAIRS, sessions) if operation in {"destroy", "create"} else sessions
        sizes[operation] = max(min(fitting, most), min(_SAMPLE, sessions))
    if "create" in sizes:
        sizes["create"] = sizes["destroy"] = min(sizes["create"], sizes["destroy"])
    return sizes
