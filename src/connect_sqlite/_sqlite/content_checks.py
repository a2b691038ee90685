"""Checks of what is in the database, through a connection that only reads."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import apsw

from ..expiry import to_datetime
from ..findings import Finding, State
from . import files, marks, schema
from .patient import Patient, Watch, amount, finding

__all__ = [
    "calls",
    "clock",
    "expired",
    "indexes",
    "integrity",
    "keys",
    "layout",
    "log",
    "rows",
    "waste",
]

_HOUR, _DAY = 3_600_000, 86_400_000

_LONG_LOG = 64 * 1024**2
"""Bytes; the store cuts a longer one as soon as it can."""

_FAR = 10 * 366 * _DAY
_SLACK = 60.0
"""Seconds by which the clocks of a store and of the files may differ."""

_NEVER_BEFORE = datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000
_BACKLOG = 10_000
_MUCH_WASTE = 16 * 1024**2

_STEPS = 2000
"""Of SQLite's work, between two looks at whether to stop."""

_TRIES = 3
_SLICE = 50
"""Rows, each of which may be a mebibyte."""

_LONGEST_REST = 0.05
_FAULTS = 100


def layout(patient: Patient) -> Iterator[Finding]:
    """Whether it is a session store, and nothing else is in it that could do harm."""

    def look(db: apsw.Cursor) -> tuple[bool, int, int]:
        schema.check(db, patient.table, patient.path)
        maker: int = db.execute("PRAGMA application_id").get
        return schema.lacks(db, patient.table, ()), schema.planted(db), maker

    lacks, planted, maker = patient.look(look)
    if lacks:
        yield finding(
            "layout",
            State.PROBLEM,
            f"there is no table {patient.table}",
            "is it the right file and table? A store that opens it makes the table",
        )
        return
    if planted:
        yield finding(
            "layout",
            State.WARNING,
            f"somebody has put {planted} triggers or views into the file. No store runs them, but "
            "other programs that open the file do",
            "find out who did, and drop them",
        )
    if maker != schema.APPLICATION and not patient.in_memory:
        yield finding(
            "layout",
            State.NOTICE,
            "another program made the file. If that is the Node package, and it still writes, its "
            "SQLite has the WAL-reset bug",
            "see docs/sharing.md on how that risk is kept small",
        )
    if not planted:
        yield finding("layout", State.OK, f"the table {patient.table} is a session table")


def log(patient: Patient) -> Iterator[Finding]:
    """Whether the write-ahead log is there, and is folded into the file in time."""
    mode = patient.look(lambda db: db.execute("PRAGMA journal_mode").get)
    size = files.sizes(patient.path)[1]
    if mode != "wal":
        yield finding(
            "log",
            State.NOTICE,
            "the file is not in WAL mode",
            "nothing, unless a store has it open: a store sets the mode when it opens the file",
        )
    elif size > _LONG_LOG:
        yield finding(
            "log",
            State.WARNING,
            f"the write-ahead log has grown to {amount(size)}",
            "look for a program that keeps a read open on the file, such as a forgotten sqlite3 "
            "prompt or a backup that hangs, and end it: the log then shrinks by itself",
        )
    else:
        yield finding("log", State.OK, f"the write-ahead log takes {amount(size)}")


def integrity(patient: Patient) -> Iterator[Finding]:
    """Whether SQLite finds the file sound.  Reads all of it."""
    name = "integrity_check" if patient.thorough else "quick_check"
    watch = Watch(patient, "integrity")
    for _ in range(_TRIES):
        found, share = patient.look(lambda db: _checked(db, name, watch))
        if found is not None or watch.is_over:
            break
    if found is None:
        why = "time was up" if watch.is_over else "the program needed the connection"
        yield finding(
            "integrity",
            State.NOTICE,
            f"{name} saw nothing wrong in {share:.0%} of the file, then {why}",
            "give it more patience, in a quieter hour or on a copy",
        )
        return
    watch.done()
    if found == ["ok"]:
        yield finding("integrity", State.OK, f"{name} found the file sound")
        return
    # What it says may name what is in the file.
    count = f"{_FAULTS} faults or more" if len(found) >= _FAULTS else f"{len(found)} faults"
    yield finding(
        "integrity",
        State.PROBLEM,
        f"{name} found {count}",
        f"stop the program, keep a copy, and restore a backup or salvage it: "
        f"sqlite3 {patient.path} .recover",
    )


def _checked(db: apsw.Cursor, name: str, watch: Watch) -> tuple[list[str] | None, float]:
    """What SQLite's check says, None if it had to stop; and how much it has read by then."""
    connection = db.connection
    pages: int = db.execute("PRAGMA page_count").get
    before = _pages_read(connection)

    def share() -> float:
        return min((_pages_read(connection) - before) / max(pages, 1), 1.0)

    connection.set_progress_handler(lambda: watch.must_stop(share()), _STEPS)
    try:
        return [line for (line,) in db.execute(f"PRAGMA {name}({_FAULTS})")], 1.0
    except apsw.InterruptError:
        return None, share()
    finally:
        connection.set_progress_handler(None)


def _pages_read(connection: apsw.Connection) -> int:
    return connection.status(apsw.SQLITE_DBSTATUS_CACHE_MISS)[0]


def clock(patient: Patient) -> Iterator[Finding]:
    """Whether the clock can be right, by what was written before."""
    now = patient.now()
    ages = patient.look(lambda db: patient.operations.ages(db, now, now, now + _FAR))
    said = f"{to_datetime(now):%Y-%m-%d %H:%M} UTC"
    bad = True
    written = _last_written(patient)
    if now < _NEVER_BEFORE:
        advice = "set it: sessions that have ended are taken for live ones"
        yield finding("clock", State.PROBLEM, f"the clock says {said}, which is past", advice)
    elif written > now / 1000 + _SLACK:
        behind = timedelta(seconds=round(written - now / 1000))
        yield finding(
            "clock",
            State.PROBLEM,
            f"the clock says {said}, and the file was written {behind} later: it was set back, or "
            "is the wrong one",
            "set it (timedatectl, or the host's clock): until then sessions live for longer",
        )
    else:
        bad = False
    if ages.far:
        bad = True
        yield finding(
            "clock",
            State.WARNING,
            f"{ages.far} sessions end more than ten years from now",
            "was the clock once wrong, or does a program write seconds, microseconds or its own "
            "maxAge where milliseconds belong? Nothing ends them: destroy or clear them",
        )
    if not bad:
        yield finding("clock", State.OK, f"the clock says {said}, which can be")


def _last_written(patient: Patient) -> float:
    return max((status.st_mtime for status in patient.files().values()), default=0.0)


def rows(patient: Patient) -> Iterator[Finding]:
    """Whether every live session can be read.  Reads them all, a few at a time."""
    watch = Watch(patient, "rows")
    now = patient.now()
    ages = patient.look(lambda db: patient.operations.ages(db, now, now, now))
    total, seen, bad, after = max(ages.live, 1), 0, 0, -(2**63)
    while True:
        began = time.monotonic()
        found = patient.look(partial(_slice, patient, after, now))
        if not found:
            break
        bad += sum(not _is_readable(patient, key, text) for _, key, text in found)
        seen, after = seen + len(found), found[-1][0]
        watch.must_stop(seen / total)
        if watch.is_over:
            break
        # Beside the program's own work: as long a rest as the work took.
        time.sleep(min(time.monotonic() - began, _LONGEST_REST))
    bad += ages.timeless + ages.nameless
    if bad:
        yield finding(
            "rows",
            State.WARNING,
            f"{bad} rows cannot be read and count as absent",
            "does another program write to the table, or with another serializer? If not, restore "
            "a backup; they do no harm to others, and their users sign in again",
        )
    elif watch.is_over:
        advice = "give it more patience"
        yield finding("rows", State.NOTICE, f"{seen} of {total} sessions could be read", advice)
    else:
        yield finding("rows", State.OK, f"all {seen} live sessions can be read")
    if not watch.is_over:
        watch.done()


def _slice(
    patient: Patient, after: int, now: int, db: apsw.Cursor
) -> list[tuple[int, bytes, bytes | None]]:
    return patient.operations.stored(db, after, _SLICE, now)


def _is_readable(patient: Patient, key: bytes, text: bytes | None) -> bool:
    try:
        return patient.can_read(None if text is None else text.decode(), key.decode())
    except UnicodeDecodeError:
        return False


def expired(patient: Patient) -> Iterator[Finding]:
    """Whether the sweep keeps up."""
    now = patient.now()
    ages = patient.look(lambda db: patient.operations.ages(db, now, now - _DAY, now))
    seen = f"{ages.live} sessions are live, {ages.expired} have ended and wait for the sweep"
    if ages.long_expired > max(_BACKLOG, ages.live // 2):
        yield finding(
            "expired",
            State.WARNING,
            f"{seen}, {ages.long_expired} of them for a day and longer",
            "does a store with a sweep_interval stay open? If programs are short, call sweep() "
            "from a timer",
        )
    else:
        yield finding("expired", State.OK, seen)


def keys(patient: Patient) -> Iterator[Finding]:
    """Whether the rows are plain, hashed or sealed, and all under keys that the store has."""

    def look(db: apsw.Cursor) -> tuple[str, int]:
        said = marks.marks(db, patient.table)
        how = "plain" if said is None else said.get("how", "")
        mine = patient.keeping
        return how, 0 if mine is None else marks.rows_of_others(db, patient.table, mine)

    how, others = patient.look(look)
    if how == marks.SEALING_NOW:
        advice = "run connect_sqlite.seal again, with the same key"
        yield finding("keys", State.PROBLEM, "the table is only half sealed", advice)
    elif others:
        yield finding(
            "keys",
            State.WARNING,
            f"{others} rows are under keys that this store was not given, and count as absent",
            "was an old key withdrawn too early? Give it again, behind the new one",
        )
    elif how == "sealed":
        yield finding("keys", State.OK, "ids and data are sealed")
    elif how == "hashed":
        yield finding("keys", State.OK, "ids are hashed, data are plain")
    else:
        yield finding("keys", State.OK, "ids and data are plain: who reads the file can use them")


def indexes(patient: Patient) -> Iterator[Finding]:
    """Whether the indexes that the store declares are there, and are those that it means."""
    if patient.indexes is None:
        return
    missing, other = patient.look(
        lambda db: schema.faulty(db, patient.table, patient.indexes or ())
    )
    for names, what in ((missing, "is not there"), (other, "indexes something else")):
        for name in names:
            yield finding(
                "indexes",
                State.PROBLEM,
                f"the index on {name} {what}: find and destroy_where read every session",
                "drop it if it is there, and open the store again: that makes it",
            )
    if not missing and not other:
        declared = ", ".join(sorted(patient.indexes)) or "none"
        yield finding("indexes", State.OK, f"declared and there: {declared}")


def waste(patient: Patient) -> Iterator[Finding]:
    """Whether much of the file is empty."""

    def look(db: apsw.Cursor) -> tuple[int, int]:
        size: int = db.execute("PRAGMA page_size").get
        pages, free = (db.execute(f"PRAGMA {what}_count").get for what in ("page", "freelist"))
        return size * pages, size * free

    whole, free = patient.look(look)
    seen = f"{amount(free)} of the file's {amount(whole)} are free for new sessions"
    if free > _MUCH_WASTE and free > whole // 2:
        advice = f"stop the program, and: sqlite3 {patient.path} VACUUM"
        yield finding("waste", State.NOTICE, seen, advice)
    else:
        yield finding("waste", State.OK, seen)


def calls(patient: Patient) -> Iterator[Finding]:
    """Whether calls of an open store have failed."""
    if patient.errors is None:
        return
    failed = ", ".join(f"{name} {count}" for name, count in sorted(patient.errors.items()) if count)
    if failed:
        advice = "see the program's log for what was done then"
        yield finding("calls", State.WARNING, f"failed since the opening: {failed}", advice)
    else:
        yield finding("calls", State.OK, "no call failed since the opening")
