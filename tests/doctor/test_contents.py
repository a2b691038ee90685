"""What `doctor` says of what is in the file, each thing broken for real."""

import asyncio
import os
import threading
import time

import apsw
import pytest

from connect_sqlite import JSON, AsyncSQLiteStore, SQLiteStore, StoreBusy, StoreClosed
from connect_sqlite._sqlite import content_checks, patient
from connect_sqlite._sqlite.engine import SQLiteEngine
from connect_sqlite.doctor import State, doctor
from doctor.test_files import of
from engine.programs import Program, ended_well, fork, heard, outcome, say

YEAR = 365 * 86_400


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s.db"


def filled(path, rows=50, **options):
    """A file with sessions, which is closed."""
    with SQLiteStore(path, **options) as store:
        for n in range(rows):
            store.set(f"s{n}", {"user": {"id": n}, "text": "x" * 500})


def spoil(path, sql, *bindings):
    """As another program might."""
    db = apsw.Connection(str(path))
    db.execute(sql, bindings)
    db.close()


# ---------------------------------------------------------------------- soundness


@pytest.mark.parametrize("at", [0.3, 0.9])
def test_a_damaged_page(path, at):
    """Found, said without what was in it, and with what to do."""
    filled(path, 500)
    with open(path, "r+b") as file:
        file.seek(int(os.path.getsize(path) * at) // 4096 * 4096)
        file.write(b"\xa5" * 4096)
    states, text = of(doctor(path), "integrity")
    assert [State.PROBLEM] == states
    assert "restore a backup" in text


def test_an_index_that_lost_a_row(path):
    """What only a thorough look can find, it finds: a session that no request would be given."""
    filled(path)
    db = apsw.Connection(str(path))
    root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex%'").get
    page_size = db.execute("PRAGMA page_size").get
    db.close()
    with open(path, "r+b") as file:
        file.seek((root - 1) * page_size + 3)
        cells = int.from_bytes(file.read(2))
        file.seek((root - 1) * page_size + 3)
        file.write((cells - 1).to_bytes(2))
    assert [State.PROBLEM] == of(doctor(path, thorough=True), "integrity")[0]


def test_no_database(path):
    """A file of something else is said to be that, and stays as it is."""
    path.write_bytes(b"To whom it may concern: " * 100)
    path.chmod(0o600)
    before = path.read_bytes()
    report = doctor(path)
    assert State.PROBLEM is report.state
    assert "not an SQLite database" in str(report)
    assert before == path.read_bytes()
    assert ["s.db"] == os.listdir(path.parent)


def test_no_patience(path, monkeypatch):
    """A check that reads the whole file gives up in time, and says how far it came."""
    monkeypatch.setattr(content_checks, "_STEPS", 1)
    filled(path)
    report = doctor(path, patience=0)
    for check in ("integrity", "rows"):
        states, text = of(report, check)
        assert [State.NOTICE] == states
        assert "patience" in text


# ---------------------------------------------------------------------- beside a running store


@pytest.fixture
def slow(monkeypatch):
    """Every step of SQLite's is told."""
    monkeypatch.setattr(content_checks, "_STEPS", 1)
    monkeypatch.setattr("connect_sqlite._sqlite.patient._TOLD_EVERY", 0.0)


def test_the_store_works_meanwhile(path, slow):
    """Reads and writes go on in the midst of a check, and wait for nothing."""
    worked = []
    with SQLiteStore(path, busy_timeout=0) as store:
        store.set("a", {"n": 0})

        def work(check, share):
            store.set("a", {"n": len(worked)})
            worked.append(store.get("a")["n"])
            store.create(f"new{len(worked)}", {})

        report = doctor(store, progress=work)
    assert list(range(len(worked))) == worked
    assert len(worked) > 5
    assert [State.OK] == of(report, "integrity")[0]


def forks_in_a_check(path):
    content_checks._STEPS = 1
    patient._TOLD_EVERY = 0.0
    store = SQLiteStore(path)
    children, told = [], []
    forking = threading.Thread(target=lambda: children.append(fork(lambda: store.set("child", {}))))

    def slowly(check, share):
        if check == "integrity":
            told.append(share)
            if share > 0.3 and forking.ident is None:
                forking.start()
            time.sleep(0.005)

    states, text = of(doctor(store, progress=slowly), "integrity")
    forking.join()
    return [states, text, ended_well(*children), store.get("child") is not None, told]


def test_a_fork_in_the_midst_of_a_check(path):
    """A fork does not wait for the check, which begins anew, and both sides go on (threat 41)."""
    filled(path)
    states, text, well, saved, told = outcome(forks_in_a_check, path)
    assert [[State.OK], True, True] == [states, well, saved], text
    assert sorted(told) != told


def test_closing_in_the_midst_of_a_check(path, slow):
    """The store closes at once, and who examines it hears that it is closed."""
    filled(path)
    store = SQLiteStore(path)
    closing = threading.Thread(target=store.close)

    def close(check, share):
        if closing.ident is None:
            closing.start()
        time.sleep(0.005)

    with pytest.raises(StoreClosed):
        doctor(store, progress=close)
    closing.join()
    assert ["s.db"] == os.listdir(path.parent)


def test_on_an_event_loop(path, slow):
    """In a thread it holds up no task, which reads and writes meanwhile."""
    filled(path)

    async def main():
        async with AsyncSQLiteStore(path) as store:
            progress = lambda check, share: time.sleep(0.0005)  # noqa: E731
            examination = asyncio.create_task(asyncio.to_thread(doctor, store, progress=progress))
            worked = 0
            while not examination.done():
                await store.set("a", {"n": worked})
                assert {"n": worked} == await store.get("a")
                worked += 1
            return worked, await examination

    worked, report = asyncio.run(main())
    assert worked > 10
    assert [State.OK] == of(report, "integrity")[0]


def test_who_waits_for_a_connection_comes_first(path, monkeypatch, slow):
    """If the program needs it again and again, the check gives up, and says so."""
    filled(path)
    with SQLiteStore(path) as store:
        monkeypatch.setattr(SQLiteEngine, "is_waited_for", lambda engine: True)
        states, text = of(doctor(store), "integrity")
    assert [State.NOTICE] == states
    assert "the program needed the connection" in text


# ---------------------------------------------------------------------- the log and the waste


def reads_on(path):
    db = apsw.Connection(path)
    db.execute("BEGIN; SELECT * FROM sessions")
    say("reading")
    heard()
    db.close()


def test_a_log_that_a_reader_keeps(path, monkeypatch):
    """A log that has grown because somebody reads on is said, with what to look for."""
    filled(path)
    monkeypatch.setattr(content_checks, "_LONG_LOG", 1024**2)
    with Program(reads_on, path) as other, SQLiteStore(path) as store:
        assert "reading" == other.says()
        for n in range(2000):
            store.set("s1", {"n": n, "text": "x" * 2000})
        states, text = of(doctor(store), "log")
        other.tell()
        other.result()
    assert [State.WARNING] == states
    assert "keeps a read open" in text


def test_a_file_without_a_log(path):
    """Another journal mode than the store's is said."""
    filled(path)
    spoil(path, "PRAGMA journal_mode = DELETE")
    assert [State.NOTICE] == of(doctor(path), "log")[0]


def test_a_file_that_is_mostly_empty(path, monkeypatch):
    """After many sessions have ended the file keeps its size: said, with how to shrink it."""
    monkeypatch.setattr(content_checks, "_MUCH_WASTE", 64 * 1024)
    filled(path, 500)
    with SQLiteStore(path) as store:
        assert [State.OK] == of(doctor(store), "waste")[0]
        store.clear()
    states, text = of(doctor(path), "waste")
    assert [State.NOTICE] == states
    assert "VACUUM" in text


# ---------------------------------------------------------------------- what is in it


@pytest.mark.parametrize(
    ("sql", "state", "words"),
    [
        ("PRAGMA application_id = 7", State.PROBLEM, "belongs to another application"),
        ("PRAGMA user_version = 9", State.PROBLEM, "later version of connect-sqlite"),
        ("ALTER TABLE sessions ADD x", State.PROBLEM, "not a session table"),
        ("DROP TABLE sessions", State.PROBLEM, "no table sessions"),
        ("CREATE VIEW v AS SELECT 1", State.WARNING, "1 triggers or views"),
        (
            "CREATE TRIGGER t AFTER DELETE ON sessions BEGIN SELECT 1; END",
            State.WARNING,
            "1 triggers or views",
        ),
        ("PRAGMA application_id = 0", State.NOTICE, "another program made the file"),
    ],
)
def test_a_file_that_is_not_as_it_should_be(path, sql, state, words):
    """Another's file, a later version's, and what somebody has planted (threats 34 and 42)."""
    filled(path)
    spoil(path, sql)
    states, text = of(doctor(path), "layout")
    assert state is states[0]
    assert words in text


def test_indexes(path):
    """One that was dropped, and one that indexes something else, are named."""
    with SQLiteStore(path, indexes=("user.id", "user.Name", "team")) as store:
        assert [State.OK] == of(doctor(store), "indexes")[0]
        spoil(path, 'DROP INDEX "sessions:user.id"')
        spoil(path, 'DROP INDEX "sessions:team"')
        spoil(path, 'CREATE INDEX "sessions:team" ON sessions (expired)')
        states, text = of(doctor(store), "indexes")
    assert [State.PROBLEM, State.PROBLEM] == states
    assert "the index on user.id is not there" in text
    assert "the index on team indexes something else" in text
    with SQLiteStore(path, indexes=("user.id",)) as store:
        assert [State.OK] == of(doctor(store), "indexes")[0]


@pytest.mark.parametrize(
    ("sess", "expired"),
    [
        ("{not json", "now"),
        ("[1]", "now"),
        (b"\xff\xfe", "now"),
        ("{}", "tomorrow"),
    ],
)
def test_a_row_that_cannot_be_read(path, sess, expired):
    """It is counted, without its id, and nobody's log hears of it a second time (threat 11)."""
    filled(path)
    later = int((time.time() + 3600) * 1000) if expired == "now" else expired
    sql = "INSERT INTO sessions VALUES (?, CAST(? AS TEXT), ?)"
    spoil(path, sql, "sess:odd-one", sess, later)
    with SQLiteStore(path) as store:
        states, text = of(doctor(store), "rows")
        assert {} == store.stats()["errors"]
    assert [State.WARNING] == states
    assert "1 rows cannot be read" in text
    assert "odd-one" not in text
    assert [State.WARNING] == of(doctor(path), "rows")[0]


def test_a_row_whose_id_is_no_text(path):
    """Nobody can ask for it; it is counted."""
    filled(path)
    spoil(path, "INSERT INTO sessions VALUES (x'00ff', '{}', ?)", int(time.time() * 1000) + 10**6)
    assert "1 rows cannot be read" in of(doctor(path), "rows")[1]


def test_a_serializer_of_ones_own(path):
    """Rows are read as the store reads them; who only has the path is told what else may be."""

    class Reversed:
        def dumps(self, session):
            return JSON.dumps(session)[::-1]

        def loads(self, text):
            return JSON.loads(text[::-1])

    filled(path, serializer=Reversed())
    with SQLiteStore(path, serializer=Reversed()) as store:
        assert [State.OK] == of(doctor(store), "rows")[0]
    states, text = of(doctor(path), "rows")
    assert [State.WARNING] == states
    assert "with another serializer" in text


def test_rows_of_another_prefix(path):
    """They are another store's, perhaps with a serializer of its own: not looked into."""
    filled(path)
    spoil(path, "UPDATE sessions SET sid = 'other:' || sid, sess = '?' WHERE sid = 'sess:s1'")
    with SQLiteStore(path) as store:
        states, text = of(doctor(store), "rows")
    assert [State.OK] == states
    assert "all 49 live sessions" in text


# ---------------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("moved", "words"),
    [(-3600, "the file was written 1:00:00 later"), (-60 * YEAR, "which is past")],
)
def test_a_clock_that_was_set_back(path, moved, words):
    """What was written later than now, and a year that is long past, tell of a wrong clock."""
    with SQLiteStore(path, clock=lambda: time.time() + moved) as store:
        store.set("a", {})
        states, text = of(doctor(store), "clock")
    assert [State.PROBLEM] == states
    assert words in text


def test_sessions_that_end_in_another_age(path):
    """Ones that end absurdly late are counted; ones that never end are meant."""
    with SQLiteStore(path, ttl=None) as store:
        store.set("for ever", {})
        assert [State.OK] == of(doctor(store), "clock")[0]
        store.set("late", {"cookie": {"maxAge": 20 * YEAR * 1000}})
        states, text = of(doctor(store), "clock")
    assert [State.WARNING] == states
    assert "1 sessions end more than ten years from now" in text


def test_a_backlog(path, monkeypatch):
    """Sessions that ended long ago and were not swept away are said; those of today are not."""
    monkeypatch.setattr(content_checks, "_BACKLOG", 20)
    filled(path, 60, ttl=60)
    for later, state in ((3600, State.OK), (2 * 86_400, State.WARNING)):
        with SQLiteStore(
            path, sweep_interval=None, clock=lambda later=later: time.time() + later
        ) as store:
            states, text = of(doctor(store), "expired")
        assert [state] == states
        assert "60 have ended" in text


# ---------------------------------------------------------------------- what failed


def test_calls_that_failed(path):
    """An open store's failures are told by their names, until it is opened again."""
    with SQLiteStore(path, busy_timeout=0) as store:
        store.set("a", {})
        db = apsw.Connection(str(path))
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            store.set("a", {"n": 1})
        db.close()
        states, text = of(doctor(store), "calls")
    assert [State.WARNING] == states
    assert "StoreBusy 1" in text
