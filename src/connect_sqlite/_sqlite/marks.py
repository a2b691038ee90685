"""What a file says of a table whose ids or data are not plain, in a small table beside it.

So a wrong key, or none, is told when the file is opened, before anything is read or written.
Node's store makes and asks for nothing but its own table, and never meets this one.
"""

from collections.abc import Mapping
from hmac import compare_digest
from logging import getLogger
from typing import Any

import apsw

from .._stores.keys import Keeping
from ..errors import StoreKeyError

__all__ = [
    "SEALING_NOW",
    "check_marks",
    "holds",
    "lacks_marks",
    "make_marks",
    "marks",
    "rows_of_others",
    "warn_of_others",
]

SEALING_NOW = "sealing"
"""What the file says of a table while `seal` is at work, and if that did not come to its end."""

_NAME = 8
_log = getLogger("connect_sqlite")


def _beside(table: str) -> str:
    """A name that neither a table of sessions has nor an index."""
    return f"{table}#keeping"


def marks(db: apsw.Cursor, table: str) -> dict[str, str] | None:
    """What the file says of the table; None: it is plain."""
    name = _beside(table)
    there = db.execute("SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE", (name,)).get
    if not there:
        return None
    said: list[Any] = db.execute(f'SELECT name, value FROM "{name}"').fetchall()  # noqa: S608
    return dict(said)


def check_marks(db: apsw.Cursor, table: str, path: str, keeping: Keeping) -> None:
    """Raise `StoreKeyError` unless the file keeps this table as the store does.  Only reads."""
    found = marks(db, table)
    how = found.get("how") if found is not None else "plain"
    where = f"the table {table} of {path}"
    if how == SEALING_NOW:
        raise StoreKeyError(
            f"{where} is only half sealed: run connect_sqlite.seal again, with the same key"
        )
    if found is None:
        if keeping.how != "plain" and _has_rows(db, table):
            raise StoreKeyError(
                f"{where} holds sessions that are not {keeping.how}. Seal them first, with "
                "connect_sqlite.seal while nobody has the file open; or name another table or file"
            )
        return
    if how != keeping.how:
        needed = "the key it was sealed with as key=" if how == "sealed" else "hash_ids=True"
        raise StoreKeyError(f"{where} is {how}, and the store is not: open it with {needed}")
    if how == "sealed" and not holds(keeping, found):
        raise StoreKeyError(
            f"{where} is sealed, and not with this key. Give the key that it was last written "
            "with; while keys are being changed give both, the new one first"
        )


def holds(keeping: Keeping, found: Mapping[str, str]) -> bool:
    """Whether the key that last wrote is among the store's."""
    proof = found.get("proof", "").encode()
    return any(
        name == found.get("key") and compare_digest(own.encode(), proof)
        for name, own in keeping.proofs
    )


def _has_rows(db: apsw.Cursor, table: str) -> bool:
    there = db.execute("SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE", (table,)).get
    return bool(there and db.execute(f'SELECT 1 FROM "{table}" LIMIT 1').get)  # noqa: S608


def lacks_marks(db: apsw.Cursor, table: str, keeping: Keeping) -> bool:
    """Whether the file is to say something that it does not say yet."""
    if keeping.how == "plain":
        return False
    found = marks(db, table)
    if found is None or found.get("how") != keeping.how:
        return True
    return keeping.how == "sealed" and found.get("key") != keeping.proofs[0][0]


def make_marks(
    db: apsw.Cursor, table: str, keeping: Keeping, how: str | None = None, was: str = ""
) -> None:
    """Say how the table is kept, and of several keys which one writes.  In a transaction.

    `how` says something else than the store, and `was` how the rows were before.
    """
    if keeping.how == "plain":
        return
    name = _beside(table)
    db.execute(f'CREATE TABLE IF NOT EXISTS "{name}" (name TEXT PRIMARY KEY, value TEXT NOT NULL)')
    said = {"how": how or keeping.how, "was": was}
    if keeping.how == "sealed":
        said["key"], said["proof"] = keeping.proofs[0]
    db.executemany(f'INSERT OR REPLACE INTO "{name}" VALUES (?, ?)', said.items())  # noqa: S608


def warn_of_others(db: apsw.Cursor, table: str, path: str, keeping: Keeping) -> None:
    """Log how many rows there are under keys that the store has not, if any."""
    count = rows_of_others(db, table, keeping)
    if count:
        _log.warning(
            "%d rows of the table %s of %s are not under a key that this store was given, and "
            "count as absent. Was an old key withdrawn too early?",
            count,
            table,
            path,
        )


def rows_of_others(db: apsw.Cursor, table: str, keeping: Keeping) -> int:
    """How many rows of a sealed store are under keys that it has not."""
    if keeping.how != "sealed":
        return 0
    ours = {name for name, _ in keeping.proofs}
    prefix, count, at = keeping.prefix, 0, keeping.prefix
    start = len(prefix)
    while True:
        found = db.execute(f'SELECT min(sid) FROM "{table}" WHERE sid >= ?', (at,)).get  # noqa: S608
        if not isinstance(found, str) or not found.startswith(prefix):
            break
        name = found[start : start + _NAME]
        at = prefix + name + "\x7f"  # behind all rows of that name
        if name not in ours:
            between = f'SELECT count(*) FROM "{table}" WHERE sid >= ? AND sid < ?'  # noqa: S608
            count += db.execute(between, (found, at)).get
    return count
