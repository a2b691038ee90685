"""The page on faults says what the last long run found."""

import json
from pathlib import Path

from .page import DATA, PAGE, rendered

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_tells_the_stored_figures():
    """What docs/torture.md says was written by the run whose figures are stored, and none was a
    loss."""
    figures = json.loads((DOCS / DATA).read_text())
    page = (DOCS / PAGE).read_text()
    assert page == rendered(page, figures)
    assert 0 == figures["losses"]
    assert figures["power"]["losses when relaxed"] > 0
