"""The pages about the contract: every test they name exists, and their code runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import connect_sqlite

ROOT = Path(__file__).resolve().parent.parent.parent
MAPPING = (ROOT / "docs/reference-mapping.md").read_text()
TESTING = (ROOT / "docs/testing.md").read_text()

ROWS = [
    line
    for line in MAPPING.splitlines()
    if line.startswith("| ") and "shown by" not in line and not line.startswith("| ---")
]
NAMED = sorted(set(re.findall(r"\[(\w+)\]\(\.\./([\w/.]+\.py)\)", MAPPING)))
CODE = re.findall(r"^```python\n(.*?)^```$", TESTING, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_every_statement_is_shown_by_a_test(row):
    """Each row names at least one test, and nothing but tests as proof."""
    proof = row.split("|")[3]
    assert re.search(r"\[test_\w+\]\(\.\./\S+\.py\)", proof)
    assert "" == re.sub(r"\[test_\w+\]\(\.\./\S+\.py\)|[, ]", "", proof)


@pytest.mark.parametrize(("name", "path"), NAMED, ids=lambda part: part)
def test_every_named_test_exists(name, path):
    """A test that was renamed or dropped cannot go on being named."""
    assert re.search(rf"^\s*def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_the_mapping_has_all_of_the_reference():
    """Its nine methods, its three rules and the Node package's options have a row each."""
    first = " ".join(row.split("|")[1] for row in ROWS)
    methods = ("get", "set", "destroy", "touch", "length", "clear", "ids", "all", "close")
    assert [] == [name for name in methods if f"`{name}(" not in first]
    options = ("url", "db", "table", "prefix", "ttl", "disableTouch", "disableTTL", "serializer")
    named = (*options, "client", "wal", "cookie.expires", "cookie.maxAge")
    assert [] == [name for name in named if f"`{name}`" not in first]


def test_the_code_for_others_runs(tmp_path):
    """The page's lines, in a folder of their own, prove a store."""
    suite, machine = CODE
    assert len(suite.splitlines()) <= 10
    (tmp_path / "my_package.py").write_text("from connect_sqlite import SQLiteStore as MyStore\n")
    (tmp_path / "test_suite.py").write_text(suite)
    (tmp_path / "test_machine.py").write_text(machine)
    path = os.pathsep.join([str(Path(connect_sqlite.__file__).parent.parent), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "destroy or dict"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )
    assert 0 == done.returncode, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 20
