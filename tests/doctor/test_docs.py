"""What the page on deployment says is so."""

import re
from pathlib import Path

import pytest

from connect_sqlite import SQLiteStore
from connect_sqlite._sqlite import examination
from test_docs import blocks

PAGE = Path(__file__).parents[2] / "docs" / "deployment.md"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with SQLiteStore("sessions.db") as store:
        store.set("a", {"n": 1})
        yield store


def test_the_backup_is_whole_and_private(store, tmp_path):
    """The page's backup, made while the store is open, holds every session, for its user only."""
    (code,) = (code for code in blocks(PAGE, "python") if "backup" in code)
    exec(code, {})
    assert 0o600 == (tmp_path / "backup.db").stat().st_mode & 0o777
    with SQLiteStore("backup.db") as copy:
        assert {"n": 1} == copy.get("a")
    store.set("b", {})
    assert ["a", "b"] == store.ids()
    with pytest.raises(FileExistsError):
        exec(code, {})


def test_the_examination_runs(store, capsys):
    """The page's lines print a report."""
    (code,) = (code for code in blocks(PAGE, "python") if "doctor" in code)
    exec(code, {})
    assert "sessions.db: " in capsys.readouterr().out


def test_every_check_is_on_the_page():
    """The page names each check, and none that there is not."""
    (part,) = re.findall(r"^## Is all well\?$(.*?)^## ", PAGE.read_text(), re.M | re.S)
    named = re.findall(r"^\| `([a-z ]+)` \|", part, re.M)
    checks = (
        *examination._AROUND,
        *examination._OF_THE_FILE,
        *examination._OF_THE_SESSIONS,
    )
    there = {"file", "library", *(check.__name__.replace("_", " ") for check in checks)}
    assert there == set(named)
