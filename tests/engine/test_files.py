"""The file: how it is made, found, given up, and what is said of one that cannot be used."""

import os
import pwd
import shutil
import signal
import tempfile
import threading

import apsw
import pytest

from connect_sqlite import SQLiteStore, StoreBusy, StoreError
from connect_sqlite._sqlite import connection, opening
from engine.programs import Program, descriptors, heard, integrity, outcome, own_threads, say

NOBODY = 65534


def modes(folder):
    found = {}
    for place, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(place, name)
            found[os.path.relpath(path, folder)] = oct(os.stat(path).st_mode & 0o777)
    return found


def opened_with_umask(folder, umask):
    os.umask(umask)
    with SQLiteStore(f"{folder}/a/b/c/s.db") as store:
        store.set("x", {})
        return modes(folder)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_what_is_made_is_for_its_user_only(tmp_path, umask):
    """All missing folders are made 0700 and the files 0600, whatever the umask (threat 43)."""
    folders = dict.fromkeys(("a", "a/b", "a/b/c"), "0o700")
    files = {f"a/b/c/s.db{end}": "0o600" for end in ("", "-wal", "-shm")}
    assert folders | files == outcome(opened_with_umask, tmp_path, umask)


@pytest.mark.parametrize("rest", ["s.db", "x/s.db"])
def test_a_file_in_the_place_of_a_folder(tmp_path, rest):
    """It is one of this package's errors, naming the path, and nothing is made."""
    (tmp_path / "file").write_text("a letter")
    with pytest.raises(StoreError, match="file/"):
        SQLiteStore(tmp_path / "file" / rest)
    assert ["file"] == os.listdir(tmp_path)


def test_a_symlink(tmp_path):
    """The link and the file are one store, whose log lies beside the file (threat 43)."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "real" / "s.db")
    with SQLiteStore(tmp_path / "link.db") as one, SQLiteStore(tmp_path / "real/s.db") as two:
        one.set("a", {"n": 1})
        assert {"n": 1} == two.get("a")
        assert ["link.db", "real"] == sorted(os.listdir(tmp_path))
        assert ["s.db", "s.db-shm", "s.db-wal"] == sorted(os.listdir(tmp_path / "real"))


def test_a_symlinked_folder(tmp_path):
    """As with a deployment's `current`: moving the link moves no open store (threats 40, 43)."""
    (tmp_path / "v1").mkdir()
    (tmp_path / "v2").mkdir()
    current = tmp_path / "current"
    current.symlink_to("v1")
    with SQLiteStore(current / "s.db") as store:
        current.unlink()
        current.symlink_to("v2")
        store.set("a", {})
    assert ["s.db"] == os.listdir(tmp_path / "v1")
    assert [] == os.listdir(tmp_path / "v2")


def used_by_threads_and_renamed(path):
    store = SQLiteStore(path)

    def use(k):
        for n in range(50):
            store.set(f"{k}-{n}", {"n": n})
            assert {"n": n} == store.get(f"{k}-{n}")

    threads = [threading.Thread(target=use, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    left = descriptors(path), own_threads(), os.listdir(os.path.dirname(path))
    os.rename(path, path + ".moved")
    with SQLiteStore(path + ".moved") as again:
        return [*left, again.length(), sorted(os.listdir(os.path.dirname(path)))]


def test_after_the_close_the_file_stands_alone(tmp_path):
    """No descriptor, no -wal and no -shm is left; renamed, it has every session (case 1)."""
    names = ["s.db.moved", "s.db.moved-shm", "s.db.moved-wal"]
    result = outcome(used_by_threads_and_renamed, tmp_path / "s.db")
    assert [[], [], ["s.db"], 300, names] == result


# ---------------------------------------------------------------------- another is quicker


def opens_late(path):
    open_writer = opening.open_writer

    def late(*args):
        opening.open_writer = open_writer
        say("made the empty file")
        heard()
        return open_writer(*args)

    opening.open_writer = late
    try:
        SQLiteStore(path, busy_timeout=0.1, table="other")
    except StoreError as error:
        return type(error).__name__
    return "opened"


def holds(path):
    with SQLiteStore(path) as store:
        store.set("a", {"x": 1})
    db = apsw.Connection(path)
    db.execute("BEGIN EXCLUSIVE")
    say("held")
    heard()
    db.close()


def test_a_failed_open_takes_no_file_of_another_process(tmp_path):
    """One that made the empty file, and then found it in another's use, leaves it there."""
    path = tmp_path / "s.db"
    with Program(opens_late, path) as late, Program(holds, path) as other:
        assert "made the empty file" == late.says()
        assert "held" == other.says()
        late.tell()
        assert StoreBusy.__name__ == late.result()
        other.tell()
        other.result()
    with SQLiteStore(path) as store:
        assert {"x": 1} == store.get("a")


def opens_patiently(path):
    pause = connection.pause

    def said():
        connection.pause = pause
        say("waiting")

    connection.pause = said
    with SQLiteStore(path, busy_timeout=30) as store:
        return store.ids()


def holds_everything(path):
    SQLiteStore(path).close()
    db = apsw.Connection(path)
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("BEGIN IMMEDIATE; COMMIT")
    say("held")
    heard()
    db.close()


def test_opening_waits_for_another_process(tmp_path):
    """One that makes the file, recovers it or closes it last keeps all others out (threat 39)."""
    path = tmp_path / "s.db"
    with Program(holds_everything, path) as other:
        assert "held" == other.says()
        with Program(opens_patiently, path) as program:
            assert "waiting" == program.says()
            other.tell()
            other.result()
            assert [] == program.result()


def opens_at_a_word(path, k):
    say("ready")
    heard()
    with SQLiteStore(path) as store:
        store.create(str(k), {})


def test_several_processes_make_one_file(tmp_path):
    """Whoever comes second opens what the first has made (threat 39)."""
    path = tmp_path / "new" / "s.db"
    programs = [Program(opens_at_a_word, path, k) for k in range(4)]
    for program in programs:
        assert "ready" == program.says()
    for program in programs:
        program.tell()
    for program in programs:
        with program:
            program.result()
    with SQLiteStore(path) as store:
        assert ["0", "1", "2", "3"] == store.ids()
    assert "ok" == integrity(str(path))


# ---------------------------------------------------------------------- rights


@pytest.fixture
def shared():
    """A folder that every user can reach."""
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder)


RIGHTS = {
    # what: mode of the folder, mode of the file (None: there is none), what is missing
    "a new file in a folder not to be written to": (0o555, None, "make files in {folder}"),
    "a file that is read-only": (0o777, 0o444, "read and write {path}"),
    "a file that cannot be read": (0o777, 0o000, "read and write {path}"),
    "a read-only file in a read-only folder": (0o555, 0o444, "read and write {path}"),
    "a file whose folder takes no log": (0o555, 0o666, "make files in {folder}"),
}


def opens_as_nobody(folder, path, folder_mode, mode):
    if mode is not None:
        SQLiteStore(path).close()
        os.chmod(path, mode)
    os.chmod(folder, folder_mode)
    before = os.listdir(folder)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        SQLiteStore(path)
    except StoreError as error:
        answer = [type(error).__name__, str(error)]
    else:
        answer = ["opened", ""]
    user = pwd.getpwuid(os.geteuid()).pw_name
    return [*answer, user, before == os.listdir(folder), descriptors(path)]


@pytest.mark.parametrize("case", RIGHTS)
def test_rights_that_are_missing(shared, case):
    """Opening fails at once, naming path, user and right; nothing half-made stays (case 21)."""
    folder_mode, mode, missing = RIGHTS[case]
    folder, path = f"{shared}/data", f"{shared}/data/s.db"
    os.mkdir(folder)
    kind, message, user, unchanged, held = outcome(opens_as_nobody, folder, path, folder_mode, mode)
    os.chmod(folder, 0o755)
    assert ["StoreError", True, []] == [kind, unchanged, held]
    owner = pwd.getpwuid(os.geteuid()).pw_name
    right = missing.format(folder=folder, path=path)
    for words in (path, f"user {user} may not {right}", f"belongs to user {owner}"):
        assert words in message


def test_a_folder_that_cannot_be_made(shared):
    """The first folder that is there is the one that is named (case 21)."""
    folder = f"{shared}/data"
    os.mkdir(folder)
    path = f"{folder}/a/b/s.db"
    kind, message, user, unchanged, _ = outcome(opens_as_nobody, folder, path, 0o555, None)
    assert ["StoreError", True] == [kind, unchanged]
    for words in (path, f"user {user} may not make files in {folder},"):
        assert words in message


def leaves_a_log(path):
    store = SQLiteStore(path)
    store.set("a", {})
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("end", ["-wal", "-shm"])
def test_a_log_that_another_user_left(shared, end):
    """After a crash of root's the file alone was given away: the log is named (case 21)."""
    path = f"{shared}/s.db"
    with Program(leaves_a_log, path) as program:
        program.ended()
    os.chmod(shared, 0o777)
    for name in os.listdir(shared):
        os.chmod(f"{shared}/{name}", 0o000 if path + end == f"{shared}/{name}" else 0o666)
    before = sorted(os.listdir(shared))
    kind, message, user, _, held = outcome(opens_as_nobody, shared, path, 0o777, None)
    assert ["StoreError", []] == [kind, held]
    assert f"user {user} may not read and write {path}{end}, which belongs to" in message
    assert before == sorted(os.listdir(shared))


def opens_unseen(folder, path):
    os.chmod(folder, 0o000)
    return opens_as_nobody(os.path.dirname(folder), path, 0o755, None)


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_cannot_be_looked_into(shared, there):
    """A volume of root's alone: the folder is named, with or without a file in it (case 21)."""
    folder = f"{shared}/data"
    os.mkdir(folder)
    if there:
        SQLiteStore(f"{folder}/s.db").close()
    kind, message, user, _, held = outcome(opens_unseen, folder, f"{folder}/s.db")
    os.chmod(folder, 0o755)
    assert ["StoreError", []] == [kind, held]
    for words in (f"{folder}/s.db", f"user {user} may not make files in {folder}, which belongs"):
        assert words in message
    assert (["s.db"] if there else []) == os.listdir(folder)
