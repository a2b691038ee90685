"""Which tests the project has, and which numbers they name."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["ROOT", "Test", "every_test", "tests_by_threat"]

ROOT = Path(__file__).resolve().parents[2]
_PLACES = ("tests", "src/connect_sqlite/testing/promises")

_SAID = re.compile(r"\b[Tt]hreats? (\d+(?:(?:, | and )\d+)*)")
_NAMED = re.compile(r"test_threats?((?:_\d+)+)_")


class Test(NamedTuple):
    """A test function, or a whole file of them."""

    __test__ = False

    file: str
    """From the project's root."""
    name: str
    threats: frozenset[int]


def every_test() -> Iterator[Test]:
    """All tests; a file whose docstring names threats counts as one."""
    for place in _PLACES:
        for path in sorted((ROOT / place).rglob("*.py")):
            yield from _tests_in(path)


def tests_by_threat() -> dict[int, list[Test]]:
    """The tests that name each threat."""
    found: dict[int, list[Test]] = defaultdict(list)
    for test in every_test():
        for number in test.threats:
            found[number].append(test)
    return found


def _tests_in(path: Path) -> Iterator[Test]:
    tree = ast.parse(path.read_text())
    file = path.relative_to(ROOT).as_posix()
    tests = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_"
    ]
    whole = _numbers(ast.get_docstring(tree)) if tests else frozenset()
    if whole:
        yield Test(file, path.name, whole)
    for test in tests:
        named = _NAMED.match(test.name)
        numbers = {int(each) for each in named[1].split("_")[1:]} if named else set()
        yield Test(file, test.name, _numbers(ast.get_docstring(test)) | numbers)


def _numbers(text: str | None) -> frozenset[int]:
    said = _SAID.findall(text or "")
    return frozenset(int(each) for numbers in said for each in re.findall(r"\d+", numbers))
