"""Chooses a store by its URL.  A new kind of store is one line in the table."""

import os
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ..contract import AsyncStore, Store
from .checks import plain

if TYPE_CHECKING:
    from ..findings import Report

__all__ = ["examined", "location_text", "open_async_store", "open_store"]

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)

# Scheme: sync class, async class, and what examines a file that no store has opened.  A path has
# no scheme.
_SQLITE = (
    "connect_sqlite._sqlite.store:SQLiteStore",
    "connect_sqlite._sqlite.store:AsyncSQLiteStore",
    "connect_sqlite._sqlite.examination:examine_file",
)
_KINDS = {"": _SQLITE, "sqlite": _SQLITE}


def open_store(url: str | os.PathLike[str], **options: Any) -> Store:
    """The store that `url` names: a path, `sqlite:./p.db`, `sqlite::memory:` or `:memory:`.

    The options are the store's own.  `ValueError` for a scheme that no store has.
    """
    return cast("Store", _part(url, 0)(url, **options))


def open_async_store(url: str | os.PathLike[str], **options: Any) -> AsyncStore:
    """As `open_store`, for the async face."""
    return cast("AsyncStore", _part(url, 1)(url, **options))


def location_text(location: str | os.PathLike[str]) -> str:
    """The text of a path or URL.  `TypeError` for anything else."""
    text: Any = os.fspath(location) if isinstance(location, os.PathLike) else location
    if not isinstance(text, str):
        raise TypeError(f"a store's location is a str or a Path, not {type(text).__name__}")
    return plain(text)


def examined(target: Any, *, table: str, **how: Any) -> "Report":
    """What is to be said about a store, or about the file at a path: see `doctor.doctor`."""
    if isinstance(target, str | os.PathLike):
        report = _part(target, 2)(target, table=table, **how)
    elif (examine := getattr(target, "_examined", None)) is not None:
        report = examine(**how)
    else:
        raise TypeError(f"a {type(target).__name__} cannot be examined: give a store or a path")
    return cast("Report", report)


def _part(url: str | os.PathLike[str], which: int) -> Any:
    found = _SCHEME.match(location_text(url))
    scheme = found.group(1).lower() if found else ""
    if scheme not in _KINDS:
        raise ValueError(
            f"no store for {scheme}: URLs; give a path, sqlite:./sessions.db or :memory: "
            f"(a file whose name begins like this is ./{scheme}:...)"
        )
    module, name = _KINDS[scheme][which].split(":")
    return getattr(import_module(module), name)
