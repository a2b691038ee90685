"""What `doctor` says of the files, the folder, the disk and the libraries, each broken for real."""

import contextlib
import os
import pwd
import shutil
import sqlite3
import stat
import tempfile
import threading

import apsw
import pytest

from connect_sqlite import SQLiteStore
from connect_sqlite._sqlite import file_checks, mounts
from connect_sqlite._sqlite.patient import Patient
from connect_sqlite.doctor import State, doctor
from engine.programs import outcome, say

NOBODY = 65534


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(0o700)
    with SQLiteStore(folder / "s.db") as store:
        store.set("a", {})
        yield store


@pytest.fixture
def path(store, tmp_path):
    return tmp_path / "data" / "s.db"


def of(report, check):
    """What a check found, its states first."""
    found = report.of(check)
    return [each.state for each in found], " ".join(f"{each.seen} {each.advice}" for each in found)


# ---------------------------------------------------------------------- modes and owners


@pytest.mark.parametrize(
    ("name", "mode", "state"),
    [
        ("s.db", 0o644, State.PROBLEM),
        ("s.db", 0o666, State.PROBLEM),
        ("s.db", 0o640, State.WARNING),
        ("s.db-wal", 0o604, State.PROBLEM),
        ("s.db-shm", 0o660, State.WARNING),
        (".", 0o777, State.PROBLEM),
        (".", 0o770, State.WARNING),
        (".", 0o1777, State.OK),
        (".", 0o755, State.OK),
    ],
)
def test_modes(store, path, name, mode, state):
    """A file that others can read, or a folder in which they can replace it, is named."""
    place = path.parent / name
    place.chmod(mode)
    states, text = of(doctor(store), "modes")
    assert [state] == states
    if state is not State.OK:
        assert oct(mode)[-3:] in text
        assert "chmod" in text


@contextlib.contextmanager
def reachable():
    """A folder that every user can reach."""
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def examined_by_nobody(path):
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    states, text = of(doctor(path), "owner")
    return [*states, text, of(doctor(path), "file")]


def test_a_file_that_the_user_may_not_use():
    """Another user's file, or one without rights: said with the user, the right and the owner."""
    with reachable() as folder:
        path = f"{folder}/s.db"
        SQLiteStore(path).close()
        os.chmod(path, 0o400)
        state, text, (others, why) = outcome(examined_by_nobody, path)
        assert [State.PROBLEM, [State.PROBLEM]] == [state, others]
        assert f"may not read and write {path}" in text
        assert "may not read and write" in why
        assert ["s.db"] == os.listdir(folder)


ANOTHER = NOBODY if os.geteuid() != NOBODY else 1


def given_away(path, monkeypatch):
    """To another user; where one may not do that, it merely looks so."""
    if os.geteuid() == 0:
        os.chown(path, ANOTHER, ANOTHER)
        return
    files = Patient.files

    def with_another_owner(patient):
        found = files(patient)
        status = list(found[path])
        status[stat.ST_UID] = ANOTHER
        return found | {path: os.stat_result(status)}

    monkeypatch.setattr(Patient, "files", with_another_owner)


def test_files_of_several_users(monkeypatch):
    """A log that another user left beside the file is found before it locks somebody out."""
    with reachable() as folder, SQLiteStore(f"{folder}/s.db") as store:
        store.set("a", {})
        given_away(f"{folder}/s.db-wal", monkeypatch)
        states, text = of(doctor(store), "owner")
    assert State.PROBLEM is states[0]
    assert "belong to several users" in text
    assert f"user {pwd.getpwuid(ANOTHER).pw_name}" in text


def test_who_the_sessions_belong_to(store):
    """The user is named, and root is advised against."""
    states, text = of(doctor(store), "owner")
    assert ([State.OK, State.NOTICE] if os.geteuid() == 0 else [State.OK]) == states
    assert ("user root" in text) == (os.geteuid() == 0)


def test_a_second_name(store, path):
    """A hard link is a second name, with a log of its own."""
    assert [State.OK] == of(doctor(store), "links")[0]
    os.link(path, path.parent / "other.db")
    states, text = of(doctor(store), "links")
    assert [State.WARNING] == states
    assert "2 names" in text


# ---------------------------------------------------------------------- where the file lies


def mounted(tmp_path, monkeypatch, point, kind):
    """As if this were mounted there: the system's own table with a line more."""
    table = tmp_path / "mountinfo"
    escaped = str(point).replace(" ", r"\040")
    root = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    table.write_text(f"{root}99 27 0:99 / {escaped} rw,relatime shared:1 - {kind} host:/x rw\n")
    monkeypatch.setattr(mounts, "_TABLE", str(table))


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs"])
def test_a_network_file_system(store, path, tmp_path, monkeypatch, kind):
    """It is said, with why a write-ahead log cannot be trusted there (case 22)."""
    mounted(tmp_path, monkeypatch, path.parent, kind)
    states, text = of(doctor(store), "file system")
    assert [State.PROBLEM] == states
    assert f"{kind}, mounted at {path.parent}, a network file system" in text
    assert "write-ahead log needs memory that all programs share" in text
    assert "local disk" in text


@pytest.mark.parametrize(
    ("kind", "state", "words"),
    [
        ("virtiofs", State.PROBLEM, "shared with the host"),
        ("tmpfs", State.WARNING, "when the machine starts again"),
        ("overlay", State.WARNING, "when the container is replaced"),
        ("ext4", State.OK, ""),
        ("xfs", State.OK, ""),
    ],
)
def test_other_file_systems(store, path, tmp_path, monkeypatch, kind, state, words):
    """What does not stay, or belongs to another machine, is said."""
    mounted(tmp_path, monkeypatch, path.parent, kind)
    states, text = of(doctor(store), "file system")
    assert [state] == states
    assert words in text


def test_the_innermost_mount_counts(tmp_path, monkeypatch):
    """A name with spaces is found, and one that only begins alike is another."""
    mounted(tmp_path, monkeypatch, "/srv/my data", "nfs4")
    assert "nfs4" == mounts.mount_of("/srv/my data/s.db").kind
    assert "ext4" == mounts.mount_of("/srv/my data2/s.db").kind


def test_a_system_that_does_not_tell(store, tmp_path, monkeypatch):
    """Elsewhere than on Linux it is left to who reads the report."""
    monkeypatch.setattr(mounts, "_TABLE", str(tmp_path / "none"))
    states, text = of(doctor(store), "file system")
    assert [State.NOTICE] == states
    assert "no network file system" in text


def test_this_systems_own_table():
    """What the system says itself is understood, where it says anything."""
    if os.path.exists("/proc/self/mountinfo"):
        assert "proc" == mounts.mount_of("/proc/self/status").kind
        assert "/" == mounts.mount_of("/").point
    else:
        assert mounts.mount_of("/") is None


@pytest.mark.parametrize(
    ("limit", "value", "state"),
    [
        ("_FEW_BYTES", 2**62, State.PROBLEM),
        ("_FEW_NAMES", 2**62, State.PROBLEM),
        ("_LITTLE_ROOM", 2**62, State.WARNING),
    ],
)
def test_a_full_disk(store, monkeypatch, limit, value, state):
    """Too little room is said before a sign-out fails for it."""
    monkeypatch.setattr(file_checks, "_FEW_BYTES", 0)
    monkeypatch.setattr(file_checks, limit, value)
    assert [state] == of(doctor(store), "disk")[0]


# ---------------------------------------------------------------------- libraries


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("3.6.23", []),
        ("3.36.0", ["WAL-reset bug", "savepoint"]),
        ("3.44.5", ["WAL-reset bug"]),
        ("3.44.6", []),
        ("3.49.1", ["WAL-reset bug"]),
        ("3.50.6", ["WAL-reset bug"]),
        ("3.50.7", []),
        ("3.51.2", ["WAL-reset bug"]),
        ("3.51.3", []),
        ("3.54.1", []),
    ],
)
def test_an_sqlite_with_bugs(store, monkeypatch, version, words):
    """A release of SQLite that can corrupt the file is named, with the bug."""
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: version)
    found = doctor(store).of("library")
    state = State.PROBLEM if words else State.OK
    assert [state] * max(len(words), 1) == [each.state for each in found]
    for word, each in zip(words or [version], found, strict=True):
        assert word in each.seen
        assert version in each.seen


def beside_sqlite3(path, elsewhere):
    with SQLiteStore(path) as store:
        opened = []

        def open_it():
            db = sqlite3.connect(path)
            db.row_factory = sqlite3.Row
            db.execute("SELECT * FROM sessions").fetchall()
            opened.append(db)

        if elsewhere:
            thread = threading.Thread(target=open_it)
            thread.start()
            thread.join()
        else:
            open_it()
        say(of(doctor(store), "other libraries"))
        os._exit(0)  # closing it would drop the store's locks


@pytest.mark.parametrize(
    ("elsewhere", "state", "words"),
    [
        (False, State.PROBLEM, "drops this store's locks"),
        (True, State.NOTICE, "1 connections of sqlite3"),
    ],
)
def test_sqlite3_on_the_same_file(tmp_path, elsewhere, state, words):
    """One that this thread opened is found, one of another thread is spoken of (threat 47)."""
    states, text = outcome(beside_sqlite3, tmp_path / "s.db", elsewhere)
    assert [state] == states
    assert words in text


def test_sqlite3_on_another_file(store, tmp_path):
    """The application's own database is no finding, open or closed."""
    db = sqlite3.connect(tmp_path / "app.db")
    closed = sqlite3.connect(tmp_path / "app.db")
    closed.close()
    assert [State.OK] == of(doctor(store), "other libraries")[0]
    db.close()


def path_beside_sqlite3(path):
    SQLiteStore(path).close()
    db = sqlite3.connect(path)
    db.execute("BEGIN IMMEDIATE")
    report = doctor(path)
    # Had it opened and closed the file, this lock would be gone.
    locked = outcome(is_locked, path)
    db.close()
    return [of(report, "other libraries"), of(report, "file"), locked]


def is_locked(path):
    db = apsw.Connection(path)
    try:
        db.execute("BEGIN IMMEDIATE")
    except apsw.BusyError:
        return True
    return False


def test_a_path_that_sqlite3_has_open(tmp_path):
    """It is not opened a second time, which would harm the other library's locks."""
    (one, _), (two, why), locked = outcome(path_beside_sqlite3, tmp_path / "s.db")
    assert [[State.PROBLEM], [State.PROBLEM], True] == [one, two, locked]
    assert "another library" in why


# ---------------------------------------------------------------------- the file itself


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_taken_away(store, path, replaced):
    """One that is deleted or replaced under a running store is said, and not opened (threat 40)."""
    os.rename(path, path.parent / "away.db")
    if replaced:
        path.write_text("something else")
    report = doctor(store)
    states, text = of(report, "file")
    assert [State.PROBLEM] == states
    assert "deleted, moved or replaced" in text
    assert "integrity" not in [each.check for each in report.findings]
