"""The SQL, once.  Each runs inside a transaction that somebody else opened.

Results count live sessions only, so that they never depend on when the sweep came by; what is
deleted is deleted whether live or expired, so that no clock that is set back brings it to life.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import apsw
import orjson

from .._stores.calls import Key, KeyedRow, Merge, Row
from .._stores.codec import Unreadable
from ..contract import TouchResult
from ..errors import SessionExists
from ..expiry import NEVER
from .schema import index_condition, json_path

__all__ = ["Ages", "RowsToSeal", "SQLiteOperations", "UnderSeveralKeys"]

_IS_TIME = "expired <= 9223372036854775807"
"""Another program may have put text there, which to SQL is more than any number."""

_DISORDER = "its rows are out of order"
"""SQLite finds them by their order and does not look again: who walks them could walk for ever."""


def _live(now: int) -> str:
    """SQL for whether a row is live; `now` is the number of the parameter."""
    return f"expired > ?{now} AND {_IS_TIME}"


class Ages(NamedTuple):
    """How many rows end when."""

    live: int
    expired: int
    long_expired: int
    far: int
    """Those that end after the given time, but for those that never do."""
    timeless: int
    """Those whose expiry is no number."""
    nameless: int
    """Those whose id is no text."""


class _Rows:
    """SQL that finds rows, and the same for their numbers alone.

    Another program may have put text there that is not UTF-8, which Python cannot read.  One such
    row makes reading all fail, and then they are read one by one.
    """

    def __init__(self, select: str, where: str) -> None:
        self.sql = f"{select} {where}"
        self.rowids = f"SELECT rowid {where}"


class SQLiteOperations:
    """The operations on one table, for one prefix."""

    def __init__(self, table: str, prefix: str, indexes: Iterable[str]) -> None:
        t = f'"{table}"'
        self._prefix = prefix
        self._end = _after_all_with(prefix)
        one = f"FROM {t} WHERE sid = ?1 AND {_IS_TIME}"
        self._fetch = f"SELECT sess, expired {one}"
        self._fetch_no_text = f"SELECT NULL, expired {one}"
        self._row = f"SELECT sid, sess, expired FROM {t} WHERE rowid = ?1"
        self._row_as_bytes = f"SELECT CAST(sid AS BLOB), NULL, expired FROM {t} WHERE rowid = ?1"
        self._save = (
            f"INSERT INTO {t} (sid, sess, expired) VALUES (?1, ?2, ?3) "
            "ON CONFLICT (sid) DO UPDATE SET sess = excluded.sess, expired = excluded.expired"
        )
        self._insert = f"{self._save} WHERE NOT ({t}.expired > ?4 AND {t}.{_IS_TIME})"
        self._update = f"UPDATE {t} SET sess = ?2, expired = ?3 WHERE sid = ?1"
        self._touch = f"UPDATE {t} SET expired = ?2 WHERE sid = ?1 AND {_live(3)}"
        self._destroy = f"DELETE FROM {t} WHERE sid = ?1 RETURNING {_live(2)}"
        # The + keeps SQLite from looking up every row through the index on the id.
        self._length = f"SELECT count(*) FROM {t} WHERE {_live(1)} AND +sid >= ?2 AND +sid < ?3"
        self._census = (
            f"SELECT count(*) FILTER (WHERE {_live(1)}), count(*) FILTER (WHERE expired <= ?1) "
            f"FROM {t} WHERE +sid >= ?2 AND +sid < ?3"
        )
        self._keys = _Rows(
            "SELECT sid", f"FROM {t} WHERE {_live(1)} AND sid >= ?2 AND sid < ?3 ORDER BY sid"
        )
        # A key that is not UTF-8 comes back as bytes.
        self._page = _Rows(
            "SELECT sid, sess, expired",
            f"FROM {t} WHERE sid > CAST(?2 AS TEXT) AND sid < ?3 AND {_live(1)} "
            "ORDER BY sid LIMIT ?4",
        )
        self._clear = f"DELETE FROM {t} WHERE sid >= ?2 AND sid < ?3 RETURNING {_live(1)}"
        self._find = {path: _find_sql(t, path) for path in indexes}
        self._destroy_where = {path: _destroy_where_sql(t, path) for path in indexes}
        self._ages = (
            f"SELECT count(*) FILTER (WHERE {_live(1)}), count(*) FILTER (WHERE expired <= ?1), "
            "count(*) FILTER (WHERE expired <= ?2), "
            f"count(*) FILTER (WHERE expired > ?3 AND expired < {NEVER}), "
            "count(*) FILTER (WHERE typeof(expired) NOT IN ('integer', 'real')), "
            f"count(*) FILTER (WHERE typeof(sid) <> 'text') FROM {t}"
        )
        self._stored = (
            "SELECT rowid, CAST(sid AS BLOB), CAST(sess AS BLOB) "
            f"FROM {t} WHERE rowid > ?4 AND {_live(1)} AND +sid >= ?2 AND +sid < ?3 "
            "ORDER BY rowid LIMIT ?5"
        )
        self._slice = (
            "SELECT max(rowid), ifnull(sum(expired <= ?1), 0) FROM "
            f"(SELECT rowid, expired FROM {t} WHERE rowid > ?2 ORDER BY rowid LIMIT ?3)"
        )
        self._sweep = (
            f"DELETE FROM {t} WHERE rowid IN (SELECT rowid FROM {t} "
            "WHERE rowid > ?1 AND rowid <= ?2 AND expired <= ?3 LIMIT ?4)"
        )

    def fetch(self, db: apsw.Cursor, key: str) -> Row | None:
        """The row of a key, live or not.  On the path of every request."""
        row: Row | None
        try:
            row = db.execute(self._fetch, (key,)).get
        except UnicodeDecodeError:
            row = db.execute(self._fetch_no_text, (key,)).get
        return row

    def save(self, db: apsw.Cursor, key: str, text: str, expires: int) -> None:
        db.execute(self._save, (key, text, expires))

    def insert(self, db: apsw.Cursor, key: str, text: str, expires: int, now: int) -> bool:
        """Save unless the key is live; whether it was saved."""
        db.execute(self._insert, (key, text, expires, now))
        return db.connection.changes() > 0

    def touch(self, db: apsw.Cursor, key: str, expires: int, now: int) -> TouchResult:
        if expires <= now:
            self.destroy(db, (key,), now)
            return TouchResult.EXPIRED
        db.execute(self._touch, (key, expires, now))
        return TouchResult.OK if db.connection.changes() else TouchResult.EXPIRED

    def destroy(self, db: apsw.Cursor, keys: Collection[str], now: int) -> int:
        return sum(db.execute(self._destroy, (key, now)).get or 0 for key in keys)

    def merge(
        self, db: apsw.Cursor, key: str, merge: Merge, expires: int | None, now: int
    ) -> tuple[dict[str, object], int] | None:
        row = self._live_row(db, key, now)
        if row is None:
            return None
        text, ends = row
        try:
            session, text = merge.apply(text)
        except Unreadable:
            return None
        if expires is not None:
            ends = expires
        if ends <= now:
            self.destroy(db, (key,), now)
            return None
        db.execute(self._update, (key, text, ends))
        return session, ends

    def rotate(
        self,
        db: apsw.Cursor,
        old: str,
        new: str,
        text: str,
        expires: int,
        now: int,
        merge: Merge | None,
    ) -> bool:
        row = self._live_row(db, old, now)
        if row is None:
            return False
        if self.is_live(db, new, now):
            raise SessionExists("the new id is live: make another one and rotate again")
        if merge is not None:
            with suppress(Unreadable):  # then it is saved as the caller knew it
                _, text = merge.apply(row[0])
        if expires > now:
            self.save(db, new, text, expires)
        self.destroy(db, (old,), now)
        return True

    def is_live(self, db: apsw.Cursor, key: str, now: int) -> bool:
        return self._live_row(db, key, now) is not None

    def _live_row(self, db: apsw.Cursor, key: str, now: int) -> Row | None:
        row = self.fetch(db, key)
        return row if row and row[1] > now else None

    def length(self, db: apsw.Cursor, now: int) -> int:
        count: int = db.execute(self._length, (now, self._prefix, self._end)).get
        return count

    def census(self, db: apsw.Cursor, now: int) -> tuple[int, int]:
        """How many sessions are live, and how many expired rows wait for the sweep."""
        counts: tuple[int, int] = db.execute(self._census, (now, self._prefix, self._end)).get
        return counts

    def keys(self, db: apsw.Cursor, now: int) -> list[Key]:
        return [row[0] for row in self._rows(db, self._keys, (now, self._prefix, self._end))]

    def page(self, db: apsw.Cursor, after: Key, limit: int, now: int) -> list[KeyedRow]:
        """Live rows in the order of their keys; a `limit` of -1 is none."""
        rows = self._rows(db, self._page, (now, after, self._end, limit))
        if rows and _as_bytes(rows[-1][0]) <= _as_bytes(after):
            raise apsw.CorruptError(_DISORDER)
        return rows

    def find(self, db: apsw.Cursor, path: str, value: str | int, now: int) -> list[KeyedRow]:
        args = (now, self._prefix, self._end, value, _json_type(value))
        return self._rows(db, self._find[path], args)

    def destroy_where(
        self, db: apsw.Cursor, path: str, value: str | int, keep: Collection[str], now: int
    ) -> int:
        kept = orjson.dumps(keep).decode()
        args = (now, self._prefix, self._end, value, _json_type(value), kept)
        return sum(live for (live,) in db.execute(self._destroy_where[path], args))

    def clear(self, db: apsw.Cursor, now: int) -> int:
        return sum(live for (live,) in db.execute(self._clear, (now, self._prefix, self._end)))

    def slice(self, db: apsw.Cursor, after: int, size: int, now: int) -> tuple[int | None, int]:
        """The last row id of the `size` rows behind `after`, and how many of them have expired."""
        found: tuple[int | None, int] = db.execute(self._slice, (now, after, size)).get
        if found[0] is not None and found[0] <= after:
            raise apsw.CorruptError(_DISORDER)
        return found

    def ages(self, db: apsw.Cursor, now: int, long_ago: int, far: int) -> Ages:
        """Counts all rows, whatever their prefix."""
        return Ages(*db.execute(self._ages, (now, long_ago, far)).get)

    def stored(
        self, db: apsw.Cursor, after: int, size: int, now: int
    ) -> list[tuple[int, bytes, bytes | None]]:
        """Up to `size` live rows behind a row id: row id, key and text, as the bytes they are."""
        args = (now, self._prefix, self._end, after, size)
        found: list[Any] = db.execute(self._stored, args).fetchall()
        return found

    def sweep(self, db: apsw.Cursor, after: int, last: int, limit: int, now: int) -> int:
        """Delete up to `limit` expired rows of a slice, whatever their prefix; how many."""
        db.execute(self._sweep, (after, last, now, limit))
        return db.connection.changes()

    def _rows(self, db: apsw.Cursor, select: _Rows, args: tuple[Any, ...]) -> list[Any]:
        try:
            return db.execute(select.sql, args).fetchall()
        except UnicodeDecodeError:
            pass
        found = []
        with db.connection:  # one look at the table: row ids are used again
            rowids: list[Any] = db.execute(select.rowids, args).fetchall()
            for (rowid,) in rowids:
                found.append(self._row_of(db, rowid))
        return found

    def _row_of(self, db: apsw.Cursor, rowid: int) -> Any:
        try:
            return db.execute(self._row, (rowid,)).get
        except UnicodeDecodeError:
            return db.execute(self._row_as_bytes, (rowid,)).get


class UnderSeveralKeys(SQLiteOperations):
    """As all operations, for sessions that may be under any of several keys."""

    def __init__(self, table: str, prefix: str, indexes: Iterable[str], keys: int) -> None:
        super().__init__(table, prefix, indexes)
        places = ", ".join("?" * keys)
        self._fetch_any = (
            f'SELECT sid, sess, expired FROM "{table}" WHERE sid IN ({places}) AND {_IS_TIME}'
        )

    def fetch(self, db: apsw.Cursor, key: Any) -> Any:
        """The row of one key; or, of several that are looked for at once, the first with its key.

        One query, for between two the row might move from one key to the other.
        """
        if type(key) is not tuple:
            return super().fetch(db, key)
        try:
            rows = {row[0]: row for row in db.execute(self._fetch_any, key)}
        except UnicodeDecodeError:
            rows = {each: (each, *row) for each in key if (row := super().fetch(db, each))}
        return next((rows[each] for each in key if each in rows), None)


class RowsToSeal:
    """What sealing a table asks of it, row by row.  Text comes as the bytes of the file."""

    def __init__(self, table: str) -> None:
        t = f'"{table}"'
        self._count = f"SELECT count(*) FROM {t}"
        self._strange = f"SELECT count(*) FROM {t} WHERE NOT "
        self._page = (
            f"SELECT rowid, CAST(sid AS BLOB), CAST(sess AS BLOB), expired FROM {t} "
            "WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"
        )
        self._replace = f"UPDATE {t} SET sid = ?2, sess = ?3 WHERE rowid = ?1"
        self._delete = f"DELETE FROM {t} WHERE rowid = ?1"

    def count(self, db: apsw.Cursor) -> int:
        return int(db.execute(self._count).get)

    def without_prefix(self, db: apsw.Cursor, prefixes: Sequence[str]) -> int:
        """How many rows have none of these prefixes."""
        known = " OR ".join("(sid >= ? AND sid < ?)" for _ in prefixes)
        ends = [end for prefix in prefixes for end in (prefix, _after_all_with(prefix))]
        return int(db.execute(f"{self._strange}({known})", ends).get)

    def page(self, db: apsw.Cursor, after: int, limit: int) -> list[Any]:
        rows: list[Any] = db.execute(self._page, (after, limit)).fetchall()
        if rows and rows[-1][0] <= after:
            raise apsw.CorruptError(_DISORDER)
        return rows

    def replace(self, db: apsw.Cursor, rowid: int, key: str, text: str) -> None:
        db.execute(self._replace, (rowid, key, text))

    def delete(self, db: apsw.Cursor, rowid: int) -> None:
        db.execute(self._delete, (rowid,))


def _as_bytes(key: Key) -> bytes:
    """As SQLite compares text."""
    return key.encode() if isinstance(key, str) else key


def _after_all_with(prefix: str) -> str | bytes:
    """The least key behind all that begin with `prefix`, in SQLite's order.

    A blob sorts behind every text, so it stands for "no end".
    """
    for at in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[at]) + 1
        if code == 0xD800:  # surrogates are no characters
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:at] + chr(code)
    return b""


def _matching(path: str) -> str:
    # json_type keeps 1 apart from true and from 1.0, which are equal to SQL.  The + leaves the
    # declared index as the only way to the rows.
    return (
        f"{index_condition(path)} = ?4 "
        f"AND CASE WHEN json_valid(sess) THEN json_type(sess, '{json_path(path)}') END = ?5 "
        "AND +sid >= ?2 AND +sid < ?3"
    )


def _find_sql(t: str, path: str) -> _Rows:
    return _Rows(
        "SELECT sid, sess, expired",
        f"FROM {t} WHERE {_matching(path)} AND {_live(1)} ORDER BY sid",
    )


def _destroy_where_sql(t: str, path: str) -> str:
    return (
        f"DELETE FROM {t} WHERE {_matching(path)} "
        f"AND sid NOT IN (SELECT value FROM json_each(?6)) RETURNING {_live(1)}"
    )


def _json_type(value: str | int) -> str:
    return "text" if isinstance(value, str) else "integer"
