"""A self-check for operators: what is wrong with a store, or might be, and what to do about it.

from connect_sqlite.doctor import doctor

print(doctor("sessions.db"))
"""

import os
from collections.abc import Callable

from ._stores.opening import examined
from .contract import AsyncStore, Store
from .findings import Finding, Report, State

__all__ = ["Finding", "Report", "State", "doctor"]


def doctor(
    store: Store | AsyncStore | str | os.PathLike[str],
    *,
    table: str = "sessions",
    thorough: bool = False,
    patience: float = 60.0,
    progress: Callable[[str, float], object] | None = None,
) -> Report:
    """Examine an open store, or the file at a path, beside whoever is using it.

    It only reads, and makes no file.  It blocks, also on an async store: on an event loop say
    `await asyncio.to_thread(doctor, store)`.  Of an open store more can be told: its declared
    indexes, its clock, its calls that failed.

    Args:
        store: a store on SQLite, of either face, or a path as for `open_store`.
        table: where the sessions are, if `store` is a path; an open store knows.
        thorough: compare each index with its table too, which takes some three times as long.
        patience: seconds after which each of the two checks that read the whole file gives up, and
            says how far it came.  As long as the first of them reads, the write-ahead log cannot
            start over, so it grows with what is written meanwhile.
        progress: called now and then with a check's name and the share of it that is done, 0 to 1.

    Raises `StoreClosed` if the store is or gets closed, `TypeError` for a store of another kind.
    Whatever is wrong with the file is a finding.
    """
    return examined(store, table=table, thorough=thorough, patience=patience, progress=progress)
