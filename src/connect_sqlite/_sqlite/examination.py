"""Examines a store, or a file that no store has open: what `doctor` says of SQLite."""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import apsw

from .._stores.codec import JSON, Codec, Unreadable
from .._stores.tally import Tally
from ..errors import StoreClosed, StoreError
from ..findings import Finding, Report, State
from . import content_checks, file_checks, files, forks
from .connection import close, leave_as_it_is, open_reader, patiently
from .failures import translated
from .operations import SQLiteOperations
from .patient import Patient, finding, printable
from .schema import checked_table

__all__ = ["Patient", "examine", "examine_file"]

T = TypeVar("T")
Check = Callable[[Patient], Iterator[Finding]]

# A check is a function of the patient that yields what it finds, and its name is the check's.
_AROUND: tuple[Check, ...] = (
    file_checks.file_system,
    file_checks.modes,
    file_checks.owner,
    file_checks.links,
    file_checks.disk,
    file_checks.other_libraries,
)
_OF_THE_FILE: tuple[Check, ...] = (
    content_checks.log,
    content_checks.integrity,
    content_checks.waste,
)
_OF_THE_SESSIONS: tuple[Check, ...] = (
    content_checks.layout,
    content_checks.keys,
    content_checks.indexes,
    content_checks.clock,
    content_checks.rows,
    content_checks.expired,
    content_checks.calls,
)

_PATIENCE = 5.0
"""Seconds to wait for another process that keeps everybody out of the file."""


def examine(patient: Patient) -> Report:
    """What all checks find in an open store.  Raises `StoreClosed`; all else is a finding."""
    found = list(_found(patient, (file_checks.library,)))
    if not patient.in_memory:
        try:
            patient.check_place()
        except StoreError as error:
            # What lies there now is not this store's, and nothing is said about it.
            found.append(finding("file", State.PROBLEM, str(error)))
            return _report(patient.path, found)
        found += _found(patient, (*_AROUND, *_OF_THE_FILE))
    found += _found(patient, _OF_THE_SESSIONS)
    return _report(patient.path, found)


def examine_file(location: str | os.PathLike[str], *, table: str, **how: Any) -> Report:
    """As `examine`, of a file, which is opened for that."""
    path = files.locate(location)
    if path == files.MEMORY:
        raise ValueError("a database in memory is its store's own: give the store")
    operations = SQLiteOperations(checked_table(table), "", ())
    found: list[Finding] = []
    if not os.path.isfile(path):
        missing = "" if files.has_all_rights(path) else f" ({files.what_is_missing(path)})"
        found.append(
            finding(
                "file",
                State.PROBLEM,
                f"there is no file {path}{missing}",
                "check the path; a store that opens it makes the file",
            )
        )
        return _report(path, found)
    with contextlib.ExitStack() as opened:

        def look(operation: Callable[[apsw.Cursor], T]) -> T:
            try:
                return patiently(lambda: operation(db), _PATIENCE)
            except apsw.Error as error:
                raise translated(error, "reading from", path) from error

        patient = Patient(
            path=path,
            table=table,
            operations=operations,
            now=lambda: int(time.time() * 1000),
            look=look,
            is_waited_for=lambda: False,
            can_read=_is_json,
            **how,
        )
        found += _found(patient, (file_checks.library, *_AROUND))
        try:
            db = opened.enter_context(_opened(path))
        except StoreError as error:
            found.append(finding("file", State.PROBLEM, str(error)))
        else:
            found += _found(patient, (*_OF_THE_FILE, *_OF_THE_SESSIONS))
    return _report(path, found)


def _found(patient: Patient, checks: Iterable[Check]) -> Iterator[Finding]:
    for check in checks:
        name = check.__name__.replace("_", " ")
        try:
            yield from check(patient)
        except StoreClosed:
            raise
        except StoreError as error:
            yield finding(name, State.PROBLEM, str(error))
        except OSError as error:
            yield finding(name, State.NOTICE, f"this could not be looked at: {error.strerror}")


def _report(path: str, found: Iterable[Finding]) -> Report:
    return Report(printable(path), tuple(found))


@contextlib.contextmanager
def _opened(path: str) -> Iterator[apsw.Cursor]:
    """A connection of the examination's own, which leaves the file and its log as they are."""

    def opened() -> apsw.Cursor:
        db = open_reader(path, lambda: None)
        leave_as_it_is(db, files.sizes(path)[1] > 0)
        return db

    try:
        with forks.no_fork():
            files.refuse_if_open_elsewhere(path)
            db = patiently(opened, _PATIENCE)
    except apsw.Error as error:
        raise translated(error, "opening", path) from error
    try:
        yield db
    finally:
        with forks.no_fork():
            close(db)


_codec = Codec(JSON, 1, Tally()).muted()


def _is_json(text: str | None, _: str) -> bool:
    try:
        _codec.decode(text)
    except Unreadable:
        return False
    return True
