"""Writes docs/security.md and docs/standards.md: `python -m tests.security.page`."""

from itertools import groupby
from pathlib import Path

from .found import ROOT, Test, tests_by_threat
from .standards import LINES, Line
from .threats import THREATS, Threat

__all__ = ["PAGES"]

_MOST_SHOWN = 4

_SECURITY = """\
# What may go wrong, and what happens then

Every case has a number, which the tests that show it carry; this page is written from them by
`python -m tests.security.page`, and a test compares. Who is to be kept from what is on one page in
[SECURITY.md](../SECURITY.md); what the standards ask is in [standards.md](standards.md).
"""

_STANDARDS = """\
# What the standards ask, and what answers it

OWASP ASVS 5.0 (chapter V7, and V3.3 for the cookie), NIST SP 800-63B-4 on sessions, and RFC 6265bis
and RFC 9111 as far as they speak of what a session library does. **Default**: nothing to set.
**Option**: one setting. **Application**: its own duty, and what helps it. Each line of the first
two has a test; this page is written by `python -m tests.security.page`, and a test compares.

To answer ASVS 7.1.1 and 7.1.2 for one's own application, copy the lines on timeouts and limits from
[sessions.md](sessions.md) and write down the values chosen.
"""


def security() -> str:
    """The page of threats."""
    found = tests_by_threat()
    parts = [_SECURITY]
    for part, threats in groupby(THREATS, key=lambda each: each.part):
        parts += [f"## {part}\n", "| | case | what happens | shown by |\n" + "| --- " * 4 + "|"]
        parts[-1] += "".join(_threat(each, found.get(each.number, [])) for each in threats) + "\n"
    return "\n".join(parts)


def standards() -> str:
    """The page of requirements."""
    parts = [_STANDARDS]
    for part, lines in groupby(LINES, key=lambda each: each.part):
        parts += [
            f"## {part}\n",
            "| | asks | met by | how | test |\n| --- | --- | --- | --- | --- |",
        ]
        parts[-1] += "".join(map(_line, lines)) + "\n"
    return "\n".join(parts)


def _threat(threat: Threat, tests: list[Test]) -> str:
    shown = ", ".join(map(_link, tests[:_MOST_SHOWN]))
    if len(tests) > _MOST_SHOWN:
        shown += f" and {len(tests) - _MOST_SHOWN} more"
    return f"\n| {threat.number} | {threat.what} | {threat.answer} | {shown or threat.elsewhere} |"


def _line(line: Line) -> str:
    links = ", ".join(f"[{each.name}](../{each.file})" for each in line.tests)
    return f"\n| {line.number} | {line.asks} | {line.met} | {line.how} | {links} |"


def _link(test: Test) -> str:
    return f"[{test.name.removeprefix('test_').removesuffix('.py')}](../{test.file})"


PAGES = {ROOT / "docs" / "security.md": security, ROOT / "docs" / "standards.md": standards}


def write(pages: dict[Path, str]) -> None:
    for path, text in pages.items():
        path.write_text(text)


if __name__ == "__main__":
    write({path: page() for path, page in PAGES.items()})
