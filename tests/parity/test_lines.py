"""Each line of the list over HTTP: on Express, and under both of this package's middlewares."""

import re

import pytest

from .lines import LINES
from .listing import ELSEWHERE, Line
from .page import PAGE, page

NUMBERS = {
    "W": range(1, 11),
    "O": range(1, 17),
    "L": range(1, 12),
    "D": range(15),
    "E": range(1, 7),
    "F": range(1, 3),
    "G": range(1, 6),
}
"""The lines of each part of the list."""


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
    assert {f"{part}{n}" for part, numbers in NUMBERS.items() for n in numbers} == named


def test_names_are_single():
    """No two scenarios of a line have one name, so that each can be run alone."""
    names = [line.name for line in LINES]
    assert [] == [name for name in names if names.count(name) > 1]


def test_the_page_is_current():
    """The page is what the lines say; `python -m tests.parity.page` writes it."""
    assert page() == PAGE.read_text()
