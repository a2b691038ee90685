"""The standard library's `sqlite3` and `json`, the usual way."""

import json
import sqlite3
import time

from ..workload import Session
from ._in_process import InProcess

SCHEMA = """
CREATE TABLE sessions (sid TEXT PRIMARY KEY, sess TEXT NOT NULL, expired REAL NOT NULL);
CREATE INDEX sessions_expired ON sessions (expired);
"""
GET = "SELECT sess FROM sessions WHERE sid = ? AND expired > ?"
SET = (
    "INSERT INTO sessions VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET sess = excluded.sess, expired = excluded.expired"
)
TOUCH = "UPDATE sessions SET expired = ? WHERE sid = ?"
CREATE = "INSERT INTO sessions VALUES (?, ?, ?)"
DESTROY = "DELETE FROM sessions WHERE sid = ?"


class Stdlib(InProcess):
    label = "sqlite3 and json"

    def open(self) -> str:
        # isolation_level=None commits each statement by itself: the quickest of the usual ways.
        self._db = sqlite3.connect(self.folder / "sessions.db", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        return sqlite3.sqlite_version

    def get(self, sid: str) -> Session | None:
        row = self._db.execute(GET, (sid, time.time())).fetchone()
        return None if row is None else json.loads(row[0])

    def set(self, sid: str, session: Session) -> None:
        self._db.execute(SET, (sid, json.dumps(session), time.time() + 86_400))

    def touch(self, sid: str, session: Session) -> None:
        self._db.execute(TOUCH, (time.time() + 86_400, sid))

    def create(self, sid: str, session: Session) -> None:
        self._db.execute(CREATE, (sid, json.dumps(session), time.time() + 86_400))

    def destroy(self, sid: str) -> None:
        self._db.execute(DESTROY, (sid,))

    def close(self) -> None:
        self._db.close()
