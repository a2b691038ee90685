"""The runner of the frameworks' own tests: what it takes for well, and what it does not."""

from importlib.metadata import version

import pytest

from .native import Outcome, compare, run_pytest, run_unittest, source

TESTS = """
import unittest

import pytest


class Tests(unittest.TestCase):
    def test_well(self):
        pass

    def test_wrong(self):
        '''Says what it is about.'''
        self.fail("not so")

    @unittest.skip("not here")
    def test_not_here(self):
        pass


@pytest.mark.parametrize("number", [1, 2])
def test_numbers(number):
    assert number
"""

ENDS = {"test_well": "passed", "test_wrong": "failed", "test_not_here": "skipped"}


@pytest.fixture
def folder(tmp_path):
    """A source distribution with tests in it."""
    folder = tmp_path / "some-framework-1.0"
    folder.mkdir()
    (folder / "test_some.py").write_text(TESTS)
    return folder


def test_how_each_test_of_pytest_ended_is_known(folder):
    """What passes, fails and is skipped in a child process is told apart, with what it said."""
    outcome = run_pytest(folder, ["test_some.py"])
    numbers = dict.fromkeys(("test_some.py::test_numbers[1]", "test_some.py::test_numbers[2]"))
    expected = {f"test_some.py::Tests::{name}": end for name, end in ENDS.items()}
    assert expected | dict.fromkeys(numbers, "passed") == outcome.ends
    assert "not so" in outcome.reasons["test_some.py::Tests::test_wrong"]


def test_how_each_test_of_unittest_ended_is_known(folder):
    """What `unittest` prints of tests with and without a docstring is read."""
    outcome = run_unittest(folder, ["-m", "unittest", "-v", "test_some"])
    assert {f"test_some.Tests.{name}": end for name, end in ENDS.items()} == outcome.ends


def test_a_file_that_cannot_be_imported_has_failed(folder):
    """Tests that are not even collected are no success."""
    (folder / "test_some.py").write_text("import nowhere_to_be_found")
    with pytest.raises(AssertionError, match="nowhere_to_be_found"):
        compare(run_pytest(folder, ["test_some.py"]), {}, at_least=0)


def test_a_copy_of_the_framework_in_the_source_is_not_what_is_tested(folder):
    """The installed framework is used; a run that took the source's own fails."""
    (folder / "some_framework").mkdir()
    (folder / "some_framework/__init__.py").touch()
    (folder / "test_some.py").write_text("import some_framework\ndef test(): pass")
    with pytest.raises(AssertionError, match="import them in a plugin"):
        run_pytest(folder, ["test_some.py"])


OUTCOME = Outcome({"a": "passed", "b[1]": "failed", "b[2]": "skipped"}, {"b[1]": "why"}, "")


@pytest.mark.parametrize(
    ("left_out", "complaint"),
    [
        ({}, r"failed: b\[1\]\nwhy\nskipped: b\[2\]"),
        ({"b[1]": "for a reason"}, r"^skipped: b\[2\]"),
        ({"b": "for a reason", "a": "for none"}, r"passes, but is left out \(for none\): a"),
        ({"b": "for a reason", "c": "for none"}, "no such test: c"),
    ],
)
def test_the_list_of_what_is_left_out_is_exact(left_out, complaint):
    """A test that fails unlisted, passes though listed, or is listed without being there, fails."""
    compare(OUTCOME, {"b": "for a reason"})
    with pytest.raises(AssertionError, match=complaint):
        compare(OUTCOME, left_out)


def test_no_tests_are_no_success():
    """A selection that finds fewer tests than it should fails."""
    with pytest.raises(AssertionError, match="1 tests passed, not 2"):
        compare(OUTCOME, {"b": "for a reason"}, at_least=2)


@pytest.mark.parametrize(
    "name", ["aiohttp-session", "django", "flask", "litestar", "pyramid", "quart", "starlette"]
)
def test_every_source_ships_its_tests(name):
    """What the set-up unpacked has tests in it, of the installed release where there are any."""
    assert list(source(name).glob("**/test*.py"))
    if name not in ("litestar", "quart"):
        assert f"{name}-{version(name)}" == source(name).name
