"""What sessions add to a request of a framework: ours beside what its users have now."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from .context import Context
from .measure import median, ratio, settle
from .status import Tell

CASES = ("read", "change")
WAYS = ("alone", "ours", "theirs")

Way = Callable[[str, Sequence[int]], Awaitable[float]]
"""Microseconds of a request, of this kind and by these visitors, one after the other."""

_PIECES = 10
"""A round goes so often from one to the other: what else the machine does then hits them all."""


async def compare(
    context: Context, tell: Tell, ways: Mapping[str, Way], visitors: int
) -> dict[str, Any]:
    """Microseconds of the application alone, and what each of both adds; and their ratio."""
    rounds = context.scale.rounds
    samples: dict[str, dict[str, list[float]]] = {case: {w: [] for w in WAYS} for case in CASES}
    # The first round warms all caches and is forgotten.
    for turn in range(rounds + 1):
        for case in CASES:
            tell(turn / (rounds + 1), f"round {turn} of {rounds}: {case}")
            order = list(range(visitors))
            random.Random(f"{context.seed}:added:{turn}").shuffle(order)
            figures = await _round(ways, case, order)
            if turn:
                for name, value in figures.items():
                    samples[case][name].append(value)
    return {
        "visitors": visitors,
        "median_us": {
            case: {name: median(values) for name, values in figures.items()}
            for case, figures in samples.items()
        },
        "ratio": {
            case: ratio(figures["ours"], figures["theirs"]) for case, figures in samples.items()
        },
        "rounds_us": samples,
    }


async def _round(ways: Mapping[str, Way], case: str, order: Sequence[int]) -> dict[str, float]:
    pieces: dict[str, list[float]] = {name: [] for name in WAYS}
    size = max(len(order) // _PIECES, 1)
    settle()
    for piece in range(_PIECES):
        visitors = order[piece * size : (piece + 1) * size]
        times = {}
        for at in range(len(WAYS)):  # each piece begins with another
            name = WAYS[(at + piece) % len(WAYS)]
            times[name] = await ways[name](case, visitors)
        pieces["alone"].append(times["alone"])
        for name in ("ours", "theirs"):
            pieces[name].append(times[name] - times["alone"])
    return {name: median(values) for name, values in pieces.items()}
