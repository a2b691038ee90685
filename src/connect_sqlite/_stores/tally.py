"""What a store counts about itself, for `stats()`.

Counts are kept without a lock: under threads a count may be missed now and then, never a call.
"""

from collections import Counter, defaultdict, deque

from ..contract import Latency

__all__ = ["Tally"]

_KEPT = 1024


class Tally:
    """Calls, a sample of their latencies, and failures, by name."""

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self._taken: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def took(self, name: str, seconds: float) -> None:
        """One call more, and how long it took."""
        self.operations[name] += 1
        self.sampled(name, seconds)

    def sampled(self, name: str, seconds: float) -> None:
        """How long one call took that is counted elsewhere."""
        self._taken[name].append(seconds)

    def failed(self, name: str) -> None:
        self.errors[name] += 1

    def latencies(self) -> dict[str, Latency]:
        return {name: _latency(sorted(taken)) for name, taken in list(self._taken.items()) if taken}


def _latency(seconds: list[float]) -> Latency:
    def at(share: float) -> float:
        return round(seconds[int(share * (len(seconds) - 1))] * 1e6, 1)

    return Latency(p50=at(0.5), p99=at(0.99), max=at(1))
