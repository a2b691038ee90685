"""The list: what express-session does, line by line, and what this package does there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXPRESS, ASGI, WSGI = "express", "asgi", "wsgi"
SITES = (EXPRESS, ASGI, WSGI)

_UNSAID: Any = object()


@dataclass(frozen=True)
class Line:
    """One thing that a visitor, or the store, can see."""

    number: str
    says: str
    """What express-session does, in a sentence."""
    why: str
    """How this package differs and why; empty where it does the same."""
    express: Any
    here: Any
    scenario: Callable[[Any], Any]
    options: dict[str, Any]
    """Of the middleware, in Python's words; express-session is given the same in its own."""
    harness: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, Any] = field(default_factory=dict)
    """Options that only this package has."""
    sites: tuple[str, ...] = SITES
    case: str = ""
    """Which of several, where one scenario is tried with several sets of options."""

    @property
    def name(self) -> str:
        return "-".join(filter(None, [self.number, self.scenario.__name__, self.case]))

    @property
    def file(self) -> str:
        return Path(self.scenario.__code__.co_filename).name

    def expected(self, site: str) -> Any:
        return self.express if site == EXPRESS else self.here


@dataclass(frozen=True)
class Elsewhere:
    """A line that no visitor can see, or that has no meaning here, and the reason."""

    number: str
    says: str
    here: str


LINES: list[Line] = []
ELSEWHERE: list[Elsewhere] = []


def line(
    number: str,
    says: str,
    *,
    both: Any = _UNSAID,
    express: Any = _UNSAID,
    here: Any = _UNSAID,
    why: str = "",
    harness: dict[str, Any] | None = None,
    ours: dict[str, Any] | None = None,
    sites: tuple[str, ...] = SITES,
    case: str = "",
    **options: Any,
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """List a scenario: what it observes on `both`, or on each side, and then why that differs."""
    if both is not _UNSAID:
        express = here = both
    assert _UNSAID not in (express, here), f"{number}: say both, or express and here"
    assert bool(why) == (express != here), f"{number}: a difference has a reason"

    def listed(scenario: Callable[[Any], Any]) -> Callable[[Any], Any]:
        where = (options, harness or {}, ours or {}, sites, case)
        LINES.append(Line(number, says, why, express, here, scenario, *where))
        return scenario

    return listed


def elsewhere(number: str, says: str, here: str) -> None:
    """List a line that this folder cannot show."""
    ELSEWHERE.append(Elsewhere(number, says, here))
