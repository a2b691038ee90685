"""Chooses a store by its URL.  A new kind of store is one line in the table."""

import os
import re
from importlib import import_module
from typing import Any, cast

from ..contract import AsyncStore, Store
from .checks import plain

__all__ = ["location_text", "open_async_store", "open_store"]

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)

# Scheme: module, sync class, async class.  A path has none.
_KINDS = {
    "": ("connect_sqlite._sqlite.store", "SQLiteStore", "AsyncSQLiteStore"),
    "sqlite": ("connect_sqlite._sqlite.store", "SQLiteStore", "AsyncSQLiteStore"),
}


def open_store(url: str | os.PathLike[str], **options: Any) -> Store:
    """The store that `url` names: a path, `sqlite:./p.db`, `sqlite::memory:` or `:memory:`.

    The options are the store's own.  `ValueError` for a scheme that no store has.
    """
    return cast("Store", _class(url, 1)(url, **options))


def open_async_store(url: str | os.PathLike[str], **options: Any) -> AsyncStore:
    """As `open_store`, for the async face."""
    return cast("AsyncStore", _class(url, 2)(url, **options))


def location_text(location: str | os.PathLike[str]) -> str:
    """The text of a path or URL.  `TypeError` for anything else."""
    text: Any = os.fspath(location) if isinstance(location, os.PathLike) else location
    if not isinstance(text, str):
        raise TypeError(f"a store's location is a str or a Path, not {type(text).__name__}")
    return plain(text)


def _class(url: str | os.PathLike[str], face: int) -> Any:
    found = _SCHEME.match(location_text(url))
    scheme = found.group(1).lower() if found else ""
    if scheme not in _KINDS:
        raise ValueError(
            f"no store for {scheme}: URLs; give a path, sqlite:./sessions.db or :memory: "
            f"(a file whose name begins like this is ./{scheme}:...)"
        )
    kind = _KINDS[scheme]
    return getattr(import_module(kind[0]), kind[face])
