"""The two stores on SQLite.  They differ in their face alone."""

import math
import os
import threading
import time
import weakref
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from .._stores.aio import AsyncioStore
from .._stores.calls import Calls, Engine
from .._stores.checks import checked_indexes, checked_prefix
from .._stores.codec import JSON
from .._stores.hashed import HashedCalls
from .._stores.keys import PLAIN, Keeping, Keys, checked_keys
from .._stores.sync import SyncStore
from .._stores.tally import Tally
from ..contract import Serializer
from ..expiry import NEVER
from . import forks
from .engine import SQLiteEngine
from .files import MEMORY, locate
from .opening import Place
from .operations import SQLiteOperations, UnderSeveralKeys
from .schema import checked_table

if TYPE_CHECKING:
    from ..findings import Report

__all__ = ["AsyncSQLiteStore", "SQLiteStore"]

Durability = Literal["balanced", "full", "relaxed"]


def _wall_clock() -> float:
    # Looked up at each call: test suites freeze time by replacing time.time.
    return time.time()


class _OnSQLite:
    """Sessions in one SQLite file, or in memory when no file is named.

    Args:
        location: a path, made absolute now; `sqlite:` and a path; or `:memory:`.  Missing folders
            and the file are made, for this user only.
        table: a plain name.  Several stores may keep a table each in one file.
        prefix: put before each id.  Stores with different prefixes may share a table; neither sees
            the other's sessions.
        ttl: seconds a session lives whose cookie says nothing; None for until it is destroyed.
        disable_touch: make `touch` do nothing.
        serializer: another codec than JSON.
        key: seal the store: neither ids nor data are in the file in a form that can be read
            without this key of 32 bytes.  Of several, in a list, the first writes and all read, so
            that a key can be changed.  Needs the extra `crypto`.
        hash_ids: keep only hashes of ids; the data stay plain.  A sealed store keeps none anyway.
        indexes: dotted paths such as `"user.id"` by which `find` and `destroy_where` look.
        durability: what power loss cannot undo once it has returned.  `"balanced"`: `create`,
            `rotate`, `destroy`, `destroy_where`, `destroy_many` and `clear`.  `"full"`: every
            write.  `"relaxed"`: none.  Nothing is ever half written, and a crash of the program
            alone loses nothing.
        busy_timeout: seconds to wait for another process that is writing.
        max_bytes: the largest session, as stored.
        sweep_interval: seconds, more or less, between two sweeps of the expired; None for none.
        clock: tells the time in seconds since 1970.  It is asked once when the store is opened.

    Where ids are hidden, sealed or hashed, lists name sessions by their `Handle`.

    Raises `NotASessionStore`, `SchemaTooNew`, `StoreKeyError` (only one of file and store is
    sealed, or they are with different keys), `StoreBusy` or another `StoreError` when the file
    cannot be used, and `TypeError` or `ValueError` for an option that cannot be.
    """

    def __init__(
        self,
        location: str | os.PathLike[str] = MEMORY,
        *,
        table: str = "sessions",
        prefix: str = "sess:",
        ttl: float | None = 86_400,
        disable_touch: bool = False,
        serializer: Serializer = JSON,
        key: Keys | None = None,
        hash_ids: bool = False,
        indexes: Collection[str] = (),
        durability: Durability = "balanced",
        busy_timeout: float = 5.0,
        max_bytes: int = 1_048_576,
        sweep_interval: float | None = 900.0,
        clock: Callable[[], float] = _wall_clock,
    ) -> None:
        path = locate(location)
        if durability not in ("balanced", "full", "relaxed"):
            raise ValueError('durability is "balanced", "full" or "relaxed"')
        _check_seconds("busy_timeout", busy_timeout)
        if sweep_interval is not None:
            _check_seconds("sweep_interval", sweep_interval)
            if sweep_interval == math.inf:
                raise ValueError("sweep_interval is a finite number of seconds, or None for none")
        _check_clock(clock)
        prefix, indexes = checked_prefix(prefix), checked_indexes(indexes)
        table = checked_table(table)
        tally = Tally()
        self._calls, operations, place = _kept(
            path,
            table,
            None if key is None else checked_keys(key),
            hash_ids,
            prefix=prefix,
            ttl=ttl,
            disable_touch=disable_touch,
            serializer=serializer,
            max_bytes=max_bytes,
            indexes=indexes,
            clock=clock,
            tally=tally,
        )
        with forks.no_fork():
            engine = SQLiteEngine(
                place,
                operations,
                durability=durability,
                busy_timeout=busy_timeout,
                sweep_interval=sweep_interval,
                clock=clock,
                tally=tally,
            )
        self._engine: Engine = engine
        self._data_version = engine.data_version
        self._examined = partial(_examined, place, operations, self._calls, engine, tally)
        # At exit forks.py closes it, in the open.
        weakref.finalize(self, _close_elsewhere, engine).atexit = False

    def __reduce__(self) -> NoReturn:
        """Neither pickled nor copied: connections, threads and locks belong to one process."""
        raise TypeError(
            "a store cannot be pickled or copied: share it between threads as it is, "
            "and in another process open it in the worker"
        )

    def data_version(self) -> int:
        """Another number than before if anything was committed since, by whichever process.

        Says nothing of what it was, and may change for nothing.  Takes microseconds and no I/O,
        so it is not awaited.  Not in the contract: other kinds of stores need not have it.
        """
        return self._data_version()


class SQLiteStore(_OnSQLite, SyncStore):
    __doc__ = _OnSQLite.__doc__


class AsyncSQLiteStore(_OnSQLite, AsyncioStore):
    __doc__ = _OnSQLite.__doc__


def _kept(
    path: str,
    table: str,
    keys: tuple[bytes, ...] | None,
    hash_ids: bool,
    *,
    prefix: str,
    indexes: Collection[str],
    **options: Any,
) -> tuple[Calls, SQLiteOperations, Place]:
    """What differs between a store that keeps all as it is, one that hashes and one that seals."""
    if type(hash_ids) is not bool:
        raise TypeError("hash_ids is True or False")
    if keys is None:
        plain = SQLiteOperations(table, prefix, indexes)
        made, keeping = (HashedCalls, Keeping("hashed")) if hash_ids else (Calls, PLAIN)
        place = Place(path, table, indexes, keeping)
        return made(plain, prefix=prefix, indexes=indexes, **options), plain, place
    # Only here, for it imports cryptography.
    from .._stores.sealed import SealedCalls, SealedUnderSeveral, ring_of
    from .._stores.sealing import kept_as

    ring = ring_of(keys)
    kept = [kept_as(each) for each in indexes]
    kind: type[SealedCalls] = SealedCalls
    operations = SQLiteOperations(table, prefix, kept)
    if len(ring) > 1:
        kind, operations = SealedUnderSeveral, UnderSeveralKeys(table, prefix, kept, len(ring))
    calls = kind(operations, ring=ring, table=table, prefix=prefix, indexes=indexes, **options)
    keeping = Keeping("sealed", prefix, tuple((key.name, key.proof) for key in ring))
    return calls, operations, Place(path, table, kept, keeping)


def _examined(
    place: Place,
    operations: SQLiteOperations,
    calls: Calls,
    engine: SQLiteEngine,
    tally: Tally,
    **how: Any,
) -> "Report":
    """What `doctor` says of an open store."""
    # Imported when it is needed: an application rarely asks.
    from .examination import Patient, examine

    patient = Patient(
        path=place.path,
        table=place.table,
        operations=operations,
        now=calls.now,
        look=engine.look,
        is_waited_for=engine.is_waited_for,
        can_read=calls.judge(),
        check_place=place.refuse_another_file,
        indexes=place.indexes,
        keeping=place.keeping,
        errors=tally.errors,
        **how,
    )
    return examine(patient)


def _close_elsewhere(engine: Engine) -> None:
    """Close a store that was dropped: not in this thread, which may be one of the store's own."""
    threading.Thread(target=engine.close, name="connect-sqlite-closing").start()


def _check_seconds(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ValueError(f"{name} is a number of seconds, 0 or more")


def _check_clock(clock: Callable[[], float]) -> None:
    """Ask it once: one that is wrong would fail each call, or let every session live or end."""
    if not callable(clock):
        raise TypeError("clock is called for the time: give it a function, such as time.time")
    now = clock()
    if isinstance(now, bool) or not isinstance(now, int | float):
        raise TypeError(f"clock tells seconds since 1970 as a number, not a {type(now).__name__}")
    if not abs(now) <= NEVER / 1000:
        raise ValueError(
            f"clock tells seconds since 1970, as time.time does, and {now} is no such time: "
            "are those milliseconds or nanoseconds?"
        )
