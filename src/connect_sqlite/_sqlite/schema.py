"""The one table, as the Node package makes it, and the marks that say whose file it is.

No index on the expiry: leaving it out halves the cost of every write, and the sweep walks the rows
instead.  A file that has Node's index keeps it.
"""

import re
from collections.abc import Iterable
from typing import Any

import apsw

from .._stores.checks import plain
from ..errors import NotASessionStore, SchemaTooNew

__all__ = [
    "APPLICATION",
    "check",
    "checked_table",
    "faulty",
    "index_condition",
    "json_path",
    "lacks",
    "make",
    "planted",
]

APPLICATION = 0x43534954
"""SQLite's application id of files that this package makes ("CSIT"); Node's have 0."""

VERSION = 1
"""The `user_version` of such files."""

_COLUMNS = [("sid", "TEXT", 1), ("sess", "TEXT", 0), ("expired", "INTEGER", 0)]
_CAPITAL = re.compile(r"(?=[A-Z])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def checked_table(name: Any) -> str:
    """The table's name.  `ValueError` unless it is a plain identifier."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("table must be a plain name: letters, digits and _, at most 63 of them")
    if name.lower().startswith("sqlite_"):
        raise ValueError("table must not begin with sqlite_, which SQLite keeps for itself")
    return plain(name)


def index_condition(path: str) -> str:
    """SQL for the value at a path of the session, the same text in the index and in the query.

    Guarded, so that one row that is not JSON breaks neither the index nor the query.
    """
    return f"CASE WHEN json_valid(sess) THEN json_extract(sess, '{json_path(path)}') END"


def json_path(path: str) -> str:
    return "$" + "".join(f'."{part}"' for part in path.split("."))


def check(db: apsw.Cursor, table: str, path: str) -> None:
    """Raise if the file, or its table of that name, is somebody else's.  Only reads."""
    application = db.execute("PRAGMA application_id").get
    version = db.execute("PRAGMA user_version").get
    if application == APPLICATION and version > VERSION:
        raise SchemaTooNew(
            f"{path} was made by a later version of connect-sqlite (schema {version}, this one "
            f"knows {VERSION}). Upgrade the package; the file was left as it is"
        )
    if application not in (0, APPLICATION):
        raise NotASessionStore(
            f"{path} belongs to another application (id {application:#x}). "
            "Keep the sessions in a file of their own; this one was left as it is"
        )
    found = db.execute("SELECT type, wr FROM pragma_table_list(?) WHERE schema = 'main'", (table,))
    kind = found.fetchall()
    if not kind:
        return
    columns = db.execute(
        "SELECT lower(name), upper(type), pk FROM pragma_table_xinfo(?) ORDER BY cid", (table,)
    ).fetchall()
    if kind != [("table", 0)] or sorted(columns) != sorted(_COLUMNS):
        raise NotASessionStore(
            f"{path} has a table {table} that is not a session table (sid TEXT PRIMARY KEY, "
            "sess TEXT, expired INTEGER). Choose another table= or file; this one was left as it is"
        )


def is_empty(db: apsw.Cursor) -> bool:
    """Whether nobody has put anything into the file yet."""
    found: bool = db.execute(
        "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema) "
        "AND (SELECT application_id = 0 FROM pragma_application_id) "
        "AND (SELECT user_version = 0 FROM pragma_user_version)"
    ).get
    return found


def lacks(db: apsw.Cursor, table: str, indexes: Iterable[str]) -> bool:
    """Whether the table, or a declared index, is still to be made."""
    for name in (table, *(_index(table, path) for path in indexes)):
        there = db.execute("SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE", (name,)).get
        if not there:
            return True
    return False


def faulty(db: apsw.Cursor, table: str, indexes: Iterable[str]) -> tuple[list[str], list[str]]:
    """The declared indexes that are not there, and those that index something else."""
    missing, other = [], []
    for path in sorted(indexes):
        sql = db.execute(
            "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ? COLLATE NOCASE",
            (_index(table, path),),
        ).get
        if sql is None:
            missing.append(path)
        elif not sql.endswith(_on(table, path)):
            other.append(path)
    return missing, other


def planted(db: apsw.Cursor) -> int:
    """How many triggers and views there are: this package makes none."""
    count: int = db.execute(
        "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')"
    ).get
    return count


def make(db: apsw.Cursor, table: str, indexes: Iterable[str]) -> None:
    """Make what is missing: the table, and the declared indexes.  Runs inside a transaction."""
    if is_empty(db):
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute(
        f'CREATE TABLE IF NOT EXISTS "{table}" '
        "(sid TEXT PRIMARY KEY, sess TEXT NOT NULL, expired INTEGER NOT NULL)"
    )
    for path in indexes:
        db.execute(f'CREATE INDEX IF NOT EXISTS "{_index(table, path)}" {_on(table, path)}')


def _on(table: str, path: str) -> str:
    return f'ON "{table}" ({index_condition(path)})'


def _index(table: str, path: str) -> str:
    """A name that no table has, nor another path's index: SQLite's names are blind to case."""
    return f"{table}:{_CAPITAL.sub('^', path)}"
