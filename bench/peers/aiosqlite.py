"""aiosqlite and `json`: what people use on an event loop."""

import json
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from ..workload import Session
from ._in_process import InProcessAsync
from .stdlib import CREATE, DESTROY, GET, SCHEMA, SET, TOUCH

AVAILABLE = find_spec("aiosqlite") is not None


class Sessions:
    """A table of sessions on one aiosqlite connection.

    `commit_each=True` lets SQLite commit each statement by itself.  With False a call executes and
    then commits, as many write it; tasks that share the connection then commit each other's
    statements, which saves commits, and one task's rollback undoes what others had done.
    """

    def __init__(self, path: Path, synchronous: str, commit_each: bool = True) -> None:
        self._path = path
        self._synchronous = synchronous
        self._commit_each = commit_each

    async def __aenter__(self) -> Self:
        import aiosqlite

        options: dict[str, Any] = {"isolation_level": None} if self._commit_each else {}
        self._db = await aiosqlite.connect(self._path, **options)
        await self._db.execute("PRAGMA journal_mode = WAL")
        await self._db.execute(f"PRAGMA synchronous = {self._synchronous}")
        await self._db.executescript(SCHEMA)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._db.close()

    async def get(self, sid: str) -> Session | None:
        async with self._db.execute(GET, (sid, time.time())) as cursor:
            row = await cursor.fetchone()
        return None if row is None else json.loads(row[0])

    async def get_in_one_hop(self, sid: str) -> Session | None:
        """`get` by aiosqlite's shortcut, which goes to its thread once instead of three times."""
        rows = list(await self._db.execute_fetchall(GET, (sid, time.time())))
        return json.loads(rows[0][0]) if rows else None

    async def set(self, sid: str, session: Session) -> None:
        await self._write(SET, (sid, json.dumps(session), time.time() + 86_400))

    async def touch(self, sid: str, session: Session) -> None:
        await self._write(TOUCH, (time.time() + 86_400, sid))

    async def create(self, sid: str, session: Session) -> None:
        await self._write(CREATE, (sid, json.dumps(session), time.time() + 86_400))

    async def destroy(self, sid: str) -> None:
        await self._write(DESTROY, (sid,))

    async def fill(self, items: list[tuple[str, Session]]) -> None:
        """Save all of these in one transaction."""
        expires = time.time() + 86_400
        rows = [(sid, json.dumps(session), expires) for sid, session in items]
        await self._db.execute("BEGIN")
        await self._db.executemany(SET, rows)
        await self._db.commit()

    async def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        await self._db.execute(statement, values)
        if not self._commit_each:
            await self._db.commit()


class AioSQLite(InProcessAsync):
    label = "aiosqlite and json"

    async def open(self) -> str:
        self._sessions = sessions = Sessions(self.folder / "sessions.db", synchronous="NORMAL")
        self.get, self.set, self.touch = sessions.get, sessions.set, sessions.touch
        self.create, self.destroy = sessions.create, sessions.destroy
        await sessions.__aenter__()
        return version("aiosqlite")

    async def end(self) -> None:
        await self._sessions.__aexit__()
