"""What the session tests share: a clock that is set by hand, and secrets long enough."""

import pytest

SECRET = "a secret for tests that is long enough"

START = 1_795_000_000.0
"""A day in November 2026, on a whole second."""


class Clock:
    """Time as the test sets it."""

    def __init__(self) -> None:
        self.seconds = START

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()
