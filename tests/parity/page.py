"""Writes docs/express-parity.md from the lines: `python -m tests.parity.page`."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from .lines import LINES
from .listing import ELSEWHERE, Elsewhere, Line

PAGE = Path(__file__).resolve().parents[2] / "docs" / "express-parity.md"
LINES_FOLDER = "../tests/parity/lines"

PARTS = {
    "W": "The cookie on the wire",
    "O": "Options and defaults",
    "L": "How a session is found",
    "D": "What is written, and when the cookie is sent",
    "E": "What goes out first",
    "F": "The row's text",
    "G": "What a handler meets",
}

HEAD = """\
# Line by line beside express-session

What express-session 1.19 does, seen over HTTP in a real Express 5.3 app on the original store
(`@sailscastshq/connect-sqlite` 1.1.0), and what is done here. The same site stands on three
servers: Express, the ASGI middleware under uvicorn, and the WSGI middleware under the standard
library's server. Each line with a test is a visit to all three, in
[`tests/parity`](../tests/parity); `pytest tests/parity -k W1-form` runs one. The others cannot be
seen by a visitor.

{counts}
This page is written from those tests by `python -m tests.parity.page`.

- Options go by their names here: `max_age` in seconds is `maxAge` in milliseconds.
- Where a default is not the question, both sides have `resave` and `save_uninitialized` off, no
  `SameSite`, and every touch is written.
- Calls on the store are in Node's words: `create` and `merge` are a `set`, and `rotate` is a
  `destroy` and a `set`.
- Rows made here have `_session` beside the data. What is compared is the rest.
"""


def page() -> str:
    """The page's text."""
    differing = sum(bool(each.why) for each in LINES)
    counts = (
        f"Of {len(LINES)} visits {len(LINES) - differing} are the same to the letter, "
        f"and {differing} differ on purpose."
    )
    parts = groupby(sorted((*LINES, *ELSEWHERE), key=_place), key=lambda each: each.number[0])
    tables = {letter: "".join(map(_row, rows)) for letter, rows in parts}
    assert list(PARTS) == list(tables)
    return "\n".join([HEAD.format(counts=counts), *map(_table, PARTS.values(), tables.values())])


def _place(line: Line | Elsewhere) -> tuple[int, int]:
    return list(PARTS).index(line.number[0]), int(line.number[1:])


def _table(title: str, rows: str) -> str:
    return f"## {title}\n\n| | express-session | here | test |\n| --- | --- | --- | --- |\n{rows}"


def _row(line: Line | Elsewhere) -> str:
    return f"| {' | '.join(text.replace('|', '&#124;') for text in _cells(line))} |\n"


def _cells(line: Line | Elsewhere) -> Iterator[str]:
    yield line.number
    yield line.says
    if isinstance(line, Elsewhere):
        yield line.here
        yield ""
        return
    yield line.why or "the same"
    name = line.name.removeprefix(f"{line.number}-")
    yield f"[{name}]({LINES_FOLDER}/{line.file})"


if __name__ == "__main__":
    PAGE.write_text(page())
