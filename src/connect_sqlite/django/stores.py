"""The stores that the settings name, one of each kind in a process, opened when first needed."""

import asyncio
from collections.abc import Callable
from typing import Any

from .._extras import extra
from .._stores.opening import open_async_store, open_store
from ..contract import AsyncStore, Store

with extra("django"):
    from django.core.signals import setting_changed

from .options import configured
from .values import values

__all__ = ["async_store", "ready_store", "store"]

_opened: dict[str, Any] = {}


def store() -> Store:
    """The store of this process, for code that blocks.

    For what a session has no word for: `destroy_where` signs a user out everywhere.  Raises
    `ImproperlyConfigured`, or a `StoreError` if the file cannot be used.
    """
    found: Store | None = _opened.get("store")
    return _open("store", open_store) if found is None else found


def async_store() -> AsyncStore:
    """As `store`, for code on an event loop: its calls are awaited."""
    found: AsyncStore | None = _opened.get("async_store")
    return _open("async_store", open_async_store) if found is None else found


async def ready_store() -> AsyncStore:
    """As `async_store`; it is opened in a thread, for that may take milliseconds."""
    found: AsyncStore | None = _opened.get("async_store")
    return await asyncio.to_thread(async_store) if found is None else found


def _open(name: str, opening: Callable[..., Any]) -> Any:
    location, options = configured()
    made = opening(location, **options, **values().codec)
    # Without a lock, which a fork could leave taken: of two that were opened at once one is kept.
    kept = _opened.setdefault(name, made)
    if kept is not made and name == "store":
        made.close()  # an async store closes itself when it is dropped
    return kept


def _reopen(*, setting: str, **_: Any) -> None:
    """A test has changed a setting."""
    if setting in {"CONNECT_SQLITE", "DATABASES", "SESSION_COOKIE_AGE", "SESSION_SERIALIZER"}:
        _opened.pop("async_store", None)
        found = _opened.pop("store", None)
        if found is not None:
            found.close()


setting_changed.connect(_reopen)
