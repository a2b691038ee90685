"""Files that a disk has damaged: every way in which one is tried, and what the sound one held."""

import json
import random
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from connect_sqlite import SQLiteStore

__all__ = ["NOW", "OPTIONS", "Case", "Sound", "cases", "kept", "sound"]

NOW = 1_900_000_000.0
OPTIONS: dict[str, Any] = {
    "indexes": ("user.id",),
    "sweep_interval": None,
    "busy_timeout": 1.0,
    "clock": lambda: NOW,
}

_WAL_HEADER, _FRAME_HEADER = 32, 24
_HEADER = 100
"""Bytes of a database's own header."""

State = dict[str, str]


class Sound(NamedTuple):
    """Files that are well, and what was there after each commit."""

    database: bytes
    log: bytes
    """The write-ahead log, or the journal of a transaction that never ended."""
    states: list[State]
    commits: list[int]
    """How long the log was after each."""


class Case(NamedTuple):
    """One damaged file."""

    name: str
    database: bytes
    log: bytes = b""
    allowed: list[State] | None = None
    """What may be there, if no error is raised; None for any part of what the sound one held."""


def kept(store: SQLiteStore) -> State:
    return {each.id: json.dumps(each, sort_keys=True) for each in store.all()}


def sound(kind: str, folder: Path, luck: random.Random) -> Sound:
    """A file with sessions of all sizes, an index and free pages."""
    path = folder / "sound.db"
    with SQLiteStore(path, **OPTIONS) as store:
        for n in range(60):
            store.set(f"s{n:02}", _session(n, luck))
        for n in range(0, 60, 5):
            store.destroy(f"s{n:02}")
        first = kept(store)
    if kind not in ("log", "journal"):
        return Sound(path.read_bytes(), b"", [first], [])
    return (_with_a_log if kind == "log" else _with_a_journal)(path, first, luck)


def _session(n: int, luck: random.Random) -> dict[str, Any]:
    text = "".join(luck.choices("abcdefghij", k=luck.choice([5, 100, 500, 3000, 9000])))
    return {"n": n, "user": {"id": n % 7}, "text": text}


def _with_a_log(path: Path, first: State, luck: random.Random) -> Sound:
    """What a killed program leaves: all since the opening is in the log alone."""
    states, commits = [first], [0]
    database = path.read_bytes()
    log = Path(f"{path}-wal")
    with SQLiteStore(path, **OPTIONS) as store:
        for n in range(25):
            sid = f"s{luck.randrange(60):02}"
            if n % 3:
                store.set(sid, _session(100 + n, luck))
            else:
                store.destroy(sid)
            states.append(kept(store))
            commits.append(log.stat().st_size)
        whole = log.read_bytes()
    return Sound(database, whole, states, commits)


def _with_a_journal(path: Path, first: State, luck: random.Random) -> Sound:
    """What another program leaves that was killed in the middle of a large transaction."""
    db = apsw.Connection(str(path))
    for setting in ("PRAGMA journal_mode = DELETE", "PRAGMA cache_size = 4", "BEGIN"):
        db.execute(setting).fetchall()
    db.execute("UPDATE sessions SET sess = '{\"changed\":' || rowid || ',\"x\":1234567890}'")
    for n in range(3):
        db.execute("INSERT INTO sessions VALUES (?, ?, ?)", (f"sess:j{n}", "{}", 10**13))
    found = path.read_bytes(), Path(f"{path}-journal").read_bytes()
    shown = "SELECT substr(sid, 6), sess FROM sessions"
    last = {sid: json.dumps(json.loads(text), sort_keys=True) for sid, text in db.execute(shown)}
    db.execute("ROLLBACK")
    db.close()
    return Sound(*found, [first, last], [])


def cases(kind: str, well: Sound, amount: int, luck: random.Random) -> Iterator[Case]:
    """Every place, each damaged in up to `amount` ways."""
    makers = {
        "pages": _pages,
        "header": _header,
        "log": _log,
        "journal": _journal,
        "edited": _edited,
    }
    yield from makers[kind](well, amount, luck)


def _pages(well: Sound, amount: int, luck: random.Random) -> Iterator[Case]:
    database = well.database
    (size,) = struct.unpack(">H", database[16:18])
    count = len(database) // size
    yield Case("as it was", database, allowed=well.states)
    for number in range(count):
        page = database[number * size : (number + 1) * size]
        ways = {
            "inverted": bytes(byte ^ 0xFF for byte in page),
            "zeros": bytes(size),
            "noise": luck.randbytes(size),
            "half zeros": page[: size // 2] + bytes(size // 2),
            "half noise": luck.randbytes(size // 2) + page[size // 2 :],
        }
        for way in list(ways)[:amount]:
            yield Case(f"page {number}: {way}", _with(database, number * size, ways[way]))
        yield Case(f"cut before page {number}", database[: number * size + 512 * (number % 3)])


def _header(well: Sound, amount: int, luck: random.Random) -> Iterator[Case]:
    for at in range(_HEADER):
        old = well.database[at]
        values = dict.fromkeys([old ^ 0xFF, old ^ 1, 0, 0xFF, old ^ 0x80, luck.randrange(256)])
        for value in [each for each in values if each != old][:amount]:
            name = f"byte {at} of the header: {old} became {value}"
            yield Case(name, _with(well.database, at, bytes([value])))


def _log(well: Sound, amount: int, luck: random.Random) -> Iterator[Case]:
    (size,) = struct.unpack(">I", well.log[8:12])
    frame = _FRAME_HEADER + size
    count = (len(well.log) - _WAL_HEADER) // frame

    def until(place: int) -> list[State]:
        return [well.states[sum(commit <= place for commit in well.commits) - 1]]

    for number in range(count + 1):
        at = _WAL_HEADER + number * frame
        for place in [at, at + luck.randrange(1, frame), at - 1][:amount]:
            yield Case(f"log cut at {place}", well.database, well.log[:place], until(place))
    for number in range(count):
        at = _WAL_HEADER + number * frame
        for place in [at + luck.randrange(frame), at + luck.randrange(_FRAME_HEADER)][:amount]:
            flipped = bytes([well.log[place] ^ (1 << luck.randrange(8))])
            log = _with(well.log, place, flipped)
            yield Case(f"log flipped at {place}", well.database, log, until(at))
    for place in range(_WAL_HEADER):
        log = _with(well.log, place, bytes([well.log[place] ^ 0xFF]))
        yield Case(f"header of the log flipped at {place}", well.database, log, well.states)


def _journal(well: Sound, _: int, __: random.Random) -> Iterator[Case]:
    yield Case("hot journal", well.database, well.log, well.states[:1])
    for place in range(0, len(well.log), 512):
        yield Case(f"journal cut at {place}", well.database, well.log[:place])
        sector = bytes(byte ^ 0xFF for byte in well.log[place : place + 512])
        yield Case(f"journal flipped at {place}", well.database, _with(well.log, place, sector))


def _edited(well: Sound, _: int, __: random.Random) -> Iterator[Case]:
    """JSON as before, but for a number."""
    yield Case("edited", well.database.replace(b'{"n":11,', b'{"n":12,'))


def _with(found: bytes, at: int, new: bytes) -> bytes:
    return found[:at] + new + found[at + len(new) :]


def laid_out(case: Case, folder: Path, log: str) -> Path:
    """The damaged files in a folder of their own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / "s.db"
    path.write_bytes(case.database)
    if case.log:
        Path(f"{path}{log}").write_bytes(case.log)
    return path
