"""What the checks of an examination are given."""

import contextlib
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import apsw

from .._stores.calls import Judge
from .._stores.keys import Keeping
from ..findings import Finding, State
from .files import MEMORY
from .operations import SQLiteOperations

__all__ = ["Patient", "Watch", "amount", "finding", "printable"]

_TOLD_EVERY = 0.1
"""Seconds between two calls of `progress` at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A store that is open, or a file that only the examination has open."""

    path: str
    table: str
    operations: SQLiteOperations
    now: Callable[[], int]
    """The store's clock, in milliseconds."""
    look: Callable[[Callable[[apsw.Cursor], Any]], Any]
    """Runs what only reads on a connection.  Raises `StoreError`."""
    is_waited_for: Callable[[], bool]
    """Whether somebody else waits for that connection."""
    can_read: Judge
    check_place: Callable[[], None] = lambda: None
    """Raises if the store's file is not in its place any more."""
    indexes: Collection[str] | None = None
    """Those that an open store declares."""
    keeping: Keeping | None = None
    """How an open store keeps its rows."""
    errors: Mapping[str, int] | None = None
    """An open store's calls that failed, by the error's name."""
    thorough: bool = False
    patience: float = 60.0
    progress: Callable[[str, float], object] | None = None

    @property
    def in_memory(self) -> bool:
        return self.path == MEMORY

    def files(self) -> dict[str, os.stat_result]:
        """Those of the database's files that there are.  Another process may remove some."""
        found: dict[str, os.stat_result] = {}
        if self.in_memory:
            return found
        for path in (self.path + end for end in ("", "-wal", "-shm", "-journal")):
            with contextlib.suppress(FileNotFoundError):
                found[path] = os.stat(path)
        return found


class Watch:
    """Tells how far a check that takes long has come, and whether it has to stop."""

    def __init__(self, patient: Patient, check: str) -> None:
        self._patient = patient
        self._check = check
        self._began = self._told = time.monotonic()
        self.is_over = False
        """Whether the patience was."""

    def must_stop(self, share: float) -> bool:
        """Whether somebody waits, or it took too long; tells how far it has come."""
        now = time.monotonic()
        self.is_over = self.is_over or now - self._began > self._patient.patience
        if now - self._told > _TOLD_EVERY:
            self._told = now
            self._tell(share)
        return self.is_over or self._patient.is_waited_for()

    def done(self) -> None:
        self._tell(1.0)

    def _tell(self, share: float) -> None:
        if self._patient.progress is not None:
            self._patient.progress(self._check, min(share, 1.0))


def finding(check: str, state: State, seen: str, advice: str = "") -> Finding:
    """One whose text does nothing to a terminal, whatever the path is called."""
    return Finding(check, state, printable(seen), printable(advice))


def printable(text: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def amount(size: float) -> str:
    """Bytes for people."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
