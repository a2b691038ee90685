"""Each line of the list over HTTP: on Express, and under both of this package's middlewares."""

import re

import pytest

from .lines import LINES
from .listing import ELSEWHERE, Line

NUMBERS = {"W": 10, "O": 16, "L": 11, "D": 14, "E": 6, "F": 2, "G": 4}
"""How many lines each part of the list has."""


@pytest.mark.parametrize(
    ("line", "site"),
    [pytest.param(line, s, id=f"{line.name}-{s}") for line in LINES for s in line.sites],
)
def test_line(line: Line, site: str, sites) -> None:
    """What is seen on this site is what the line says of it."""
    visitor = sites.visitor(line, site)
    assert line.expected(site) == line.scenario(visitor), line.says


def test_no_line_is_left_out():
    """Every line of the list is tried, or said to be elsewhere with a reason."""
    named = {re.match(r"[A-Z]\d+", each.number)[0] for each in (*LINES, *ELSEWHERE)}
    assert {f"{part}{n + 1}" for part, most in NUMBERS.items() for n in range(most)} == named


def test_names_are_single():
    """No two scenarios of a line have one name, so that each can be run alone."""
    names = [line.name for line in LINES]
    assert [] == [name for name in names if names.count(name) > 1]
