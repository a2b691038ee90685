"""The pages for reviewers: they say what the tests show, and nothing else."""

import pytest

from . import found
from .page import PAGES
from .standards import LINES, Met
from .threats import THREATS

NOT_BUILT = {30, 31, 32, 33}
"""There is no command line and no console yet."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_is_up_to_date(path):
    """What stands in the docs is what the tests say today."""
    assert PAGES[path]() == path.read_text(), "run `python -m tests.security.page`"


def test_every_threat_has_a_test():
    """Each numbered case is shown by a test that names it, or the page says where it is shown."""
    shown = set(found.tests_by_threat()) | {each.number for each in THREATS if each.elsewhere}
    assert {each.number for each in THREATS} - shown <= NOT_BUILT


def test_no_threat_is_listed_twice():
    """The numbers run from 1 without a gap."""
    assert [each.number for each in THREATS] == list(range(1, len(THREATS) + 1))


def test_every_requirement_that_is_met_here_has_a_test():
    """What a reviewer is told to be met by default or by an option, some test shows."""
    there = {(test.file, test.name) for test in found.every_test()}
    assert [] == [shown for line in LINES for shown in line.tests if shown not in there]
    unshown = [line.number for line in LINES if line.met is not Met.APPLICATION and not line.tests]
    assert [] == unshown
