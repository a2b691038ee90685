"""What `doctor` takes, what it answers, and that it leaves everything as it was."""

import os

import apsw
import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed
from connect_sqlite.doctor import Finding, Report, State, doctor

SECRET = "hunter2-of-Mira"


def bad(report):
    """What was not ok, but for what depends on the machine and the user of the tests."""
    machine = {"owner", "file system", "disk", "other libraries"}
    return {
        each.check: each.state
        for each in report.findings
        if each.state is not State.OK and each.check not in machine
    }


def contents(folder):
    return {name: (folder / name).read_bytes() for name in os.listdir(folder)}


@pytest.mark.parametrize("face", [SQLiteStore, AsyncSQLiteStore])
def test_an_open_store(tmp_path, face):
    """Both faces of a store are examined while they are open, and a sound one is said to be."""
    with SQLiteStore(tmp_path / "s.db", indexes=("user.id",)) as other:
        other.set("a", {"user": {"id": 1}})
        report = doctor(face(tmp_path / "s.db", indexes=("user.id",)))
    assert {} == bad(report)
    assert str(tmp_path / "s.db") == report.subject
    checks = [each.check for each in report.findings]
    for check in ("integrity", "indexes", "rows", "calls", "other libraries", "clock", "modes"):
        assert check in checks


def test_a_path(tmp_path):
    """A file that nobody has open is examined by its path, and is the same file afterwards."""
    with SQLiteStore(tmp_path / "s.db") as store:
        store.set("a", {})
    before = contents(tmp_path)
    for location in (tmp_path / "s.db", f"sqlite:{tmp_path}/s.db"):
        assert {} == bad(doctor(location, thorough=True))
    assert before == contents(tmp_path)


def test_a_log_that_a_crash_has_left(tmp_path):
    """A log that is not folded in yet is read, and stays as it is."""
    with SQLiteStore(tmp_path / "s.db") as store:
        store.set("a", {})
        left = contents(tmp_path)
    crashed = tmp_path / "crashed"
    crashed.mkdir(0o700)
    for name in ("s.db", "s.db-wal"):
        (crashed / name).touch(0o600)
        (crashed / name).write_bytes(left[name])
    report = doctor(crashed / "s.db")
    assert {} == bad(report)
    assert "1 sessions are live" in str(report)
    for name in ("s.db", "s.db-wal"):
        assert left[name] == (crashed / name).read_bytes()


def test_a_path_beside_its_store(tmp_path):
    """A file whose store is open, here or elsewhere, is examined beside it."""
    with SQLiteStore(tmp_path / "s.db") as store:
        store.set("a", {"n": 1})
        assert {} == bad(doctor(tmp_path / "s.db"))
        store.set("b", {"n": 2})
        assert ["a", "b"] == store.ids()


def test_a_store_in_memory():
    """It has no file to be examined; its sessions are."""
    with SQLiteStore() as store:
        store.set("a", {})
        report = doctor(store)
    assert State.OK is report.state
    assert "modes" not in [each.check for each in report.findings]
    assert "all 1 live sessions can be read" in str(report)


def test_what_cannot_be_examined(tmp_path):
    """A closed store, one of another kind, and a memory that no store has are errors."""
    store = SQLiteStore(tmp_path / "s.db")
    store.close()
    with pytest.raises(StoreClosed):
        doctor(store)
    with pytest.raises(TypeError, match="a dict cannot be examined"):
        doctor({})
    with pytest.raises(ValueError, match="give the store"):
        doctor(":memory:")
    with pytest.raises(ValueError, match="table must be a plain name"):
        doctor(tmp_path / "s.db", table='"')


def test_a_file_that_is_not_there(tmp_path):
    """It is a finding, and no file is made."""
    report = doctor(tmp_path / "sub" / "s.db")
    assert [("file", State.PROBLEM)] == [(each.check, each.state) for each in report.findings]
    assert [] == os.listdir(tmp_path)


def test_no_data_is_told(tmp_path):
    """Nothing of what is in the file is in a report, whatever is wrong with it."""
    path = tmp_path / "s.db"
    with SQLiteStore(path) as store:
        for n in range(500):
            store.set(f"{SECRET}-{n}", {"password": SECRET * 20})
    db = apsw.Connection(str(path))
    db.execute("INSERT INTO sessions VALUES (?, ?, ?)", (f"sess:{SECRET}", SECRET, 9e12))
    db.execute("INSERT INTO sessions VALUES (?, ?, ?)", (f"sess:x{SECRET}", "{}", SECRET))
    db.execute(f'CREATE TRIGGER "{SECRET}" AFTER DELETE ON sessions BEGIN SELECT 1; END')
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    with SQLiteStore(path) as store:
        report = doctor(store)
        assert {"rows", "layout"} <= set(bad(report))
        assert SECRET not in str(report) + repr(report)
    with open(path, "r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 4096 * 20)
    report = doctor(path, thorough=True)
    assert State.PROBLEM is bad(report)["integrity"]
    assert SECRET not in str(report) + repr(report)


def test_progress_is_told(tmp_path, monkeypatch):
    """Who asks for it hears of both long checks how far they have come, up to the whole."""
    monkeypatch.setattr("connect_sqlite._sqlite.patient._TOLD_EVERY", 0.0)
    monkeypatch.setattr("connect_sqlite._sqlite.content_checks._STEPS", 1)
    told = {"integrity": [], "rows": []}
    with SQLiteStore(tmp_path / "s.db") as store:
        for n in range(300):
            store.set(str(n), {"text": "x" * 500})
    doctor(tmp_path / "s.db", progress=lambda check, share: told[check].append(share))
    for shares in told.values():
        assert sorted(shares) == shares
        assert 1.0 == shares[-1]
        assert len([share for share in shares if 0.1 < share < 0.9]) > 2


def test_what_progress_raises_ends_the_examination(tmp_path, monkeypatch):
    """Ctrl-C, say, goes to who called, and the store works on."""
    monkeypatch.setattr("connect_sqlite._sqlite.patient._TOLD_EVERY", 0.0)
    monkeypatch.setattr("connect_sqlite._sqlite.content_checks._STEPS", 1)

    def interrupt(check, share):
        raise KeyboardInterrupt

    with SQLiteStore(tmp_path / "s.db") as store:
        store.set("a", {"n": 1})
        with pytest.raises(KeyboardInterrupt):
            doctor(store, progress=interrupt)
        assert {"n": 1} == store.get("a")
        assert {} == bad(doctor(store))


def test_the_text():
    """A report reads as lines: the sum, and each finding with what to do."""
    report = Report(
        "/data/s.db",
        (
            Finding("modes", State.PROBLEM, "open to every user", "chmod 600 /data/s.db"),
            Finding("owner", State.OK, "it belongs to you"),
            Finding("disk", State.WARNING, "little room", "make room"),
            Finding("log", State.WARNING, "long", "end it"),
        ),
    )
    assert State.PROBLEM is report.state
    assert ["modes"] == [each.check for each in report.of("modes")]
    assert str(report).splitlines() == [
        "/data/s.db: 1 problem, 2 warnings",
        "  problem  modes  open to every user",
        "                  -> chmod 600 /data/s.db",
        "  ok       owner  it belongs to you",
        "  warning  disk   little room",
        "                  -> make room",
        "  warning  log    long",
        "                  -> end it",
    ]
    assert "x: all is well" == str(Report("x", ()))


def test_a_name_that_would_steer_a_terminal(tmp_path):
    """Control characters in a path come out as text (threat 31)."""
    folder = tmp_path / "\x1b[31mred"
    folder.mkdir(0o777)
    folder.chmod(0o777)
    with SQLiteStore(folder / "s.db") as store:
        text = str(doctor(store))
    assert "\\x1b[31mred" in text
    assert "\x1b" not in text
