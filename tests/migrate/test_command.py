"""The command itself: its progress bar, and runs that end early."""

import io
import os
import pty
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sqlalchemy

from connect_sqlite import SQLiteStore
from connect_sqlite.migrate.journal import Journal
from connect_sqlite.migrate.progress import Progress

MANY = 3000


@pytest.fixture
def table(tmp_path):
    """A table like Flask-Session's, with many sessions in it."""
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        create = "CREATE TABLE sessions (id INTEGER PRIMARY KEY, session_id, data, expiry DATETIME)"
        connection.execute(sqlalchemy.text(create))
        insert = sqlalchemy.text(
            "INSERT INTO sessions (session_id, data, expiry) VALUES (:key, :data, :expiry)"
        )
        ends = datetime.now(UTC) + timedelta(days=1)
        rows = [
            {
                "key": f"session:{number}",
                "data": msgspec.msgpack.encode({"number": number}),
                "expiry": ends.strftime("%Y-%m-%d %H:%M:%S.%f"),
            }
            for number in range(MANY)
        ]
        connection.execute(insert, rows)
    engine.dispose()
    return ["flask-session-table", f"sqlite:///{tmp_path / 'old.db'}"]


def command(table, target):
    return [sys.executable, "-m", "connect_sqlite.migrate", *table, "--to", str(target)]


def numbers(target):
    with SQLiteStore(target) as store:
        return sorted(row["number"] for row in store.all())


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on(tmp_path, table, way):
    """Whether it is asked to end or killed, a second run carries the rest, and each once."""
    target = tmp_path / "sessions.db"
    journal = tmp_path / "sessions.db.migrated"
    process = subprocess.Popen(
        command(table, target), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not (journal.exists() and journal.stat().st_size > 10_000):
        time.sleep(0.001)
    process.send_signal(way)
    out, err = process.communicate(timeout=60)
    first = len(numbers(target))
    assert 0 < first < MANY
    if way == signal.SIGINT:
        assert 130 == process.returncode
        assert f"{first:,}  carried over" in out
        assert "Run it again" in err
    again = subprocess.run(command(table, target), capture_output=True, text=True, check=True)
    assert f"{MANY - first:,}  carried over" in again.stdout
    assert f"{first:,}  there already" in again.stdout
    assert [*range(MANY)] == numbers(target)


def test_on_a_terminal_there_is_a_progress_bar(tmp_path, table):
    """It says how far it is; the line is gone in the end, and elsewhere there is none."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(table, tmp_path / "sessions.db"), stdout=subprocess.PIPE, stderr=theirs, text=True
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        pass  # the other end is closed
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert b"3,000 of 3,000" in shown
    assert b"100%" in shown
    assert shown.endswith(b"\r\x1b[K")
    assert "#" not in out


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_copes_with_more_than_there_were(tmp_path):
    """Sessions that came meanwhile, and none at all, are no error."""
    terminal = Terminal()
    bar = Progress(1, terminal)
    for done in (1, 2, 3):
        bar(done)
    bar.close()
    assert "3 of 3" in terminal.getvalue()
    empty = Terminal()
    Progress(0, empty).close()
    assert "\r\x1b[K" == empty.getvalue()


def test_the_journal_tells_no_ids(tmp_path):
    """Its lines are hashes, its file is for this user only, and a dry run makes none."""
    path = tmp_path / "journal"
    journal = Journal(path, writes=True)
    for _ in range(2):
        journal.add("an-id")
        journal.write()
    journal.close()
    assert 1 == len(path.read_text().splitlines())
    assert "an-id" not in path.read_text()
    assert 0o600 == path.stat().st_mode & 0o777
    known = Journal(path, writes=False)
    assert "an-id" in known
    assert "another" not in known
    known.add("another")
    known.write()
    assert 1 == len(path.read_text().splitlines())


def test_help_is_there_for_each_source():
    """`--help` names the sources, and the exit codes."""
    shown = subprocess.run(
        [sys.executable, "-m", "connect_sqlite.migrate", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for words in ("django", "flask-session-table", "flask-session-files", "exit codes"):
        assert words in shown
