"""Seals a table that was plain or hashed, or was sealed under older keys: in its file, in place.

The file says first that it is being sealed, and from then on no store opens it until all is done;
so an interruption at any point is made good by sealing again.  What was plain is overwritten:
deleted text by zeros, the file by VACUUM, the log by being cut off.
"""

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import apsw

from .._stores.checks import checked_id, checked_indexes, checked_prefix
from .._stores.codec import JSON, Unreadable
from .._stores.hashed import checked_handle
from .._stores.keys import Keeping, Keys, checked_keys
from .._stores.tally import Tally
from ..contract import Serializer
from ..errors import InvalidSessionId, NotASessionStore, StoreBusy, StoreError, StoreKeyError
from ..handles import Handle, mark_in, mark_of
from . import files, forks, marks, schema
from .connection import BUSY, close, patiently, rolled_back, trust_nothing, use_wal
from .failures import translated
from .operations import RowsToSeal

__all__ = ["Sealed", "seal"]

_BATCH = 500
"""Rows in one transaction, and between two calls of `progress`."""

Progress = Callable[[int, int], object]


class Sealed(NamedTuple):
    """What `seal` has done."""

    sealed: int
    """Sessions that are sealed under the first key now, and were not before."""
    dropped: int
    """Rows that were deleted: expired, or such that no store could have read."""


def seal(
    location: str | os.PathLike[str],
    key: Keys,
    *,
    table: str = "sessions",
    prefix: str | Collection[str] = "sess:",
    indexes: Collection[str] = (),
    serializer: Serializer = JSON,
    progress: Progress | None = None,
    busy_timeout: float = 5.0,
    clock: Callable[[], float] = time.time,
) -> Sealed:
    """Seal the sessions of a file in place, so that a store with this `key` goes on with them.

    The file must be open nowhere: `StoreBusy` if another program has it, `StoreError` if a store
    of this one has.  Interrupted, by whatever, call it again with the same key: until it has come
    to its end no store opens the file.  A file that is sealed already is moved to the first of
    several keys.

    `prefix`, `indexes` and `serializer` are those of the stores; of several stores on the table
    give every prefix.  `progress(done, total)` is called now and then, with numbers of rows.
    Raises `StoreKeyError` if the file is sealed with another key, and `NotASessionStore` if it
    has no such table.
    """
    # Only here, for it imports cryptography.
    from .._stores.sealed import ring_of

    path = files.locate(location)
    if path == files.MEMORY or not os.path.isfile(path):
        raise StoreError(f"sealing {path}: there is no such file")
    prefixes = [prefix] if isinstance(prefix, str) else list(prefix)
    table = schema.checked_table(table)
    ring = ring_of(checked_keys(key))
    keeping = Keeping("sealed", "", tuple((each.name, each.proof) for each in ring))
    with forks.no_fork():
        if files.opened[path]:
            raise StoreError(f"sealing {path}: a store of this program has it open; close it first")
        files.refuse_if_open_elsewhere(path)
        db = _alone_with(path, busy_timeout)
    try:
        how = _begin(db, table, path, keeping)
        rows = RowsToSeal(table)
        sealing = _Sealing(ring, table, prefixes, indexes, serializer, how)
        strangers = rows.without_prefix(db, sealing.prefixes)
        if strangers:
            raise StoreError(
                f"sealing {path}: {strangers} rows of the table {table} have another prefix. "
                "Name every prefix of the table's stores: prefix=[...]"
            )
        _mark(db, table, keeping, marks.SEALING_NOW, how)
        done = _seal_all(db, rows, sealing, int(clock() * 1000), progress)
        _scrub(db, table)
        _mark(db, table, keeping, "sealed", "")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except apsw.Error as error:
        raise translated(error, "sealing", path) from error
    finally:
        close(db)
    return done


def _alone_with(path: str, busy_timeout: float) -> apsw.Cursor:
    """A connection beside which there is no other, nor can be until it is closed."""

    def opened() -> apsw.Cursor:
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            db = connection.cursor()
            # Before anything is read: then the lock is on the file itself, which every other
            # connection would need a share of.
            db.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            trust_nothing(db)
            db.execute("PRAGMA secure_delete = ON").fetchall()
            use_wal(db, path)
            db.execute("BEGIN EXCLUSIVE")
            db.execute("COMMIT")
        except BaseException:
            connection.close(True)
            raise
        return db

    try:
        return patiently(opened, busy_timeout)
    except BUSY as error:
        raise StoreBusy(
            f"sealing {path}: another program has it open. Stop every program that uses it first"
        ) from error
    except apsw.Error as error:
        raise translated(error, "sealing", path) from error


def _begin(db: apsw.Cursor, table: str, path: str, keeping: Keeping) -> str:
    """How the rows that are not sealed yet are kept: plain or hashed."""
    schema.check(db, table, path)
    if schema.lacks(db, table, ()):
        raise NotASessionStore(f"sealing {path}: it has no table {table}")
    found = marks.marks(db, table)
    if found is None:
        return "plain"
    if found["how"] in ("sealed", marks.SEALING_NOW) and not marks.holds(keeping, found):
        raise StoreKeyError(
            f"sealing {path}: the table {table} is sealed with another key, or was begun to be. "
            "Give that key, behind a new one if it is to be changed"
        )
    return found["was"] if found["how"] == marks.SEALING_NOW else found["how"]


def _mark(db: apsw.Cursor, table: str, keeping: Keeping, how: str, was: str) -> None:
    with _transaction(db):
        marks.make_marks(db, table, keeping, how, was)


@contextmanager
def _transaction(db: apsw.Cursor) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        rolled_back(db)
        raise


def _seal_all(
    db: apsw.Cursor, rows: RowsToSeal, sealing: "_Sealing", now: int, progress: Progress | None
) -> Sealed:
    total, at, seen, sealed, dropped = rows.count(db), -(2**63), 0, 0, 0
    encoding = str(db.execute("PRAGMA encoding").get)
    while page := rows.page(db, at, _BATCH):
        with _transaction(db):
            for rowid, raw_key, raw_text, expires in page:
                new = None
                if isinstance(expires, int) and expires > now:
                    new = sealing.sealed(_text(raw_key, encoding), _text(raw_text, encoding))
                if new is None:
                    rows.delete(db, rowid)
                    dropped += 1
                elif new:
                    rows.replace(db, rowid, *new)
                    sealed += 1
        at, seen = page[-1][0], seen + len(page)
        if progress is not None:
            progress(seen, max(total, seen))
    return Sealed(sealed, dropped)


def _text(raw: Any, encoding: str) -> str | None:
    try:
        return bytes(raw).decode(encoding)
    except (UnicodeDecodeError, TypeError):
        return None


def _scrub(db: apsw.Cursor, table: str) -> None:
    """Leave nothing in the file or the log of what was there before."""
    old = f"{table}:"
    names = "SELECT name FROM sqlite_schema WHERE type = 'index' AND substr(name, 1, ?) = ?"
    found: list[Any] = db.execute(names, (len(old), old)).fetchall()
    for (name,) in found:
        if not name.startswith(f"{old}#"):
            db.execute(f'DROP INDEX "{name}"')
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


class _Sealing:
    """From a row as it was to one under the first key."""

    def __init__(
        self,
        ring: Any,
        table: str,
        prefixes: Iterable[str],
        indexes: Collection[str],
        serializer: Serializer,
        how: str,
    ) -> None:
        from .._stores.sealing import SealedCodec

        self._ring = ring
        self._how = how
        # The longest first: where one is the beginning of another, it decides.
        self.prefixes = sorted((checked_prefix(each) for each in prefixes), key=len, reverse=True)
        indexes, tally = checked_indexes(indexes), Tally()
        self._codecs = {
            prefix: SealedCodec(ring, table, prefix, indexes, serializer, 1, tally)
            for prefix in self.prefixes
        }

    def sealed(self, key: str | None, text: str | None) -> tuple[str, str] | tuple[()] | None:
        """The row's new key and text; nothing if it has them already; None if it is unreadable."""
        if key is None or text is None:
            return None
        prefix = next(each for each in self.prefixes if key.startswith(each))
        codec, rest = self._codecs[prefix], key[len(prefix) :]
        try:
            if codec.looks_sealed(text):
                for number, each in enumerate(self._ring):
                    if rest.startswith(each.name):
                        mark = codec.mark_in(text, key)
                        new = codec.row_key(prefix, mark)
                        return (new, codec.sealed_again(text, key, new)) if number else ()
            if self._how == "sealed":
                # Under a key that was not given, or put there by somebody else: never trusted.
                return () if codec.looks_sealed(text) else None
            if self._how == "hashed":
                mark = mark_in(checked_handle(Handle(rest)))
            else:
                mark = mark_of(checked_id(rest))
            new = codec.row_key(prefix, mark)
            return new, codec.seal(text, codec.read(text), new)
        except (Unreadable, InvalidSessionId):
            return None
