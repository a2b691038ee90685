"""Runs a framework's own tests against ours: from its source distribution, never copied.

`source("flask")` is where the set-up unpacked it.  `run_pytest` runs tests of it in a process of
their own, with a plugin of ours that points the framework at our sessions, and `run_unittest` does
the same for a program that prints as `unittest` does, such as Django's `runtests.py`.  `compare`
holds what came of it against the tests that are left out, each with its reason.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / ".sources"
LIMIT = 300


class Outcome(NamedTuple):
    """How each test ended: `passed`, `failed` or `skipped`, and what it said if it did not pass."""

    ends: dict[str, str]
    reasons: dict[str, str]
    output: str


def source(name: str) -> Path:
    """The unpacked source distribution: of the installed release, if that one is pinned."""
    listed = (ROOT / "requirements/sources.txt").read_text()
    pinned = re.findall(rf"^{name}==(\S+)", listed, re.MULTILINE)
    found = SOURCES / f"{name}-{version(name) if version(name) in pinned else pinned[0]}"
    if not (found / ".ready").is_file():
        reason = f"the source of {name} is not unpacked: run `make setup`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def run_pytest(
    folder: Path,
    tests: Iterable[str],
    *,
    plugins: Iterable[str] = (),
    options: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Outcome:
    """Run these tests (paths in the folder, or ids) with pytest, in the folder, in a child process.

    Plugins are modules under `tests/`, such as `"frameworks.native_flask"`; they are imported
    before any test.  Modules of the installed framework that a plugin has imported are those that
    the tests use, also where the folder has a copy of them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        told = {"NATIVE_REPORT": str(report), "NATIVE_FOLDER": str(folder)}
        named = [part for each in ("frameworks.native_report", *plugins) for part in ("-p", each)]
        # -P: the folder is no place to import from before the plugins have imported theirs.
        command = [python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        done = run([*command, *named, *options, *tests], folder, {**told, **(env or {})})
        if not report.exists():
            pytest.fail(f"pytest ended with {done.returncode}:\n{done.stdout}")
        content = json.loads(report.read_text())
    library = folder.name.rpartition("-")[0].replace("-", "_")
    copied = [name for name in content["modules"] if name.split(".")[0] == library]
    assert [] == copied, "these are the source's, not the installed ones: import them in a plugin"
    return Outcome(content["ends"], content["reasons"], done.stdout)


_END = re.compile(
    r"^(\w+) \(([\w.]+)\)(?:(?!^\w+ \([\w.]+\)).)*? \.\.\. "
    r"(ok|FAIL|ERROR|skipped|expected failure|unexpected success)",
    re.MULTILINE | re.DOTALL,
)
_ENDS = {"ok": "passed", "expected failure": "passed", "skipped": "skipped"}


def run_unittest(
    folder: Path,
    arguments: Iterable[str],
    *,
    env: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Outcome:
    """Run `python` with these arguments in the folder, and read what `unittest -v` prints.

    Tests are named as `unittest` does: `sessions_tests.tests.CookieSessionTests.test_save`.
    """
    done = run([python, *arguments], folder, env or {})
    ends: dict[str, str] = {}
    for name, place, end in _END.findall(done.stdout):
        test = place if place.endswith(f".{name}") else f"{place}.{name}"
        ends[test] = _ENDS.get(end, "failed")
    if done.returncode and "failed" not in ends.values():
        pytest.fail(f"it ended with {done.returncode}:\n{done.stdout}")
    reasons = {test: "see the output" for test, end in ends.items() if end != "passed"}
    return Outcome(ends, reasons, done.stdout)


def run(command: list[str], folder: Path, extra: Mapping[str, str]) -> subprocess.CompletedProcess:
    """Run it there, with our library and our plugins to be found."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests"), extra.get("PYTHONPATH", "")])
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
    env |= {**extra, "PYTHONPATH": path.rstrip(os.pathsep), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
    )


def compare(outcome: Outcome, left_out: Mapping[str, str], *, at_least: int = 1) -> None:
    """Fail if a test did not pass that is not left out, or one passed that is.

    `left_out` has a test's id, or what it begins with up to the `[` of its parameters, with the
    reason.  A skipped test did not pass.  `at_least` is how many must have passed.
    """

    def entry(test: str) -> str | None:
        return next((name for name in (test, test.split("[")[0]) if name in left_out), None)

    excused = {entry(test) for test, end in outcome.ends.items() if end != "passed"}
    wrong = [
        f"{end}: {test}\n{outcome.reasons.get(test, '')}"
        for test, end in outcome.ends.items()
        if end != "passed" and entry(test) is None
    ]
    wrong += [
        f"passes, but is left out ({left_out[name]}): {name}"
        for name in {entry(test) for test in outcome.ends} - excused - {None}
    ]
    known = {entry(test) for test in outcome.ends}
    wrong += [f"left out, but there is no such test: {name}" for name in set(left_out) - known]
    passed = sum(end == "passed" for end in outcome.ends.values())
    if passed < at_least:
        wrong.append(f"{passed} tests passed, not {at_least}\n{outcome.output}")
    assert not wrong, "\n".join(wrong)
