"""An async store as if it were a sync one, so that every test is written once."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from ..contract import AsyncStore, Store

__all__ = ["as_sync"]


def as_sync(store: Store | AsyncStore, runner: asyncio.Runner) -> Store:
    """The store itself, or an async one with each call run to its end on the runner's loop."""
    return cast("Store", _Blocking(store, runner)) if isinstance(store, AsyncStore) else store


class _Blocking:
    def __init__(self, store: AsyncStore, runner: asyncio.Runner) -> None:
        self._store = store
        self._runner = runner

    @property
    def ttl(self) -> float | None:
        return self._store.ttl

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def call(*args: Any, **options: Any) -> Any:
            async def awaited() -> Any:
                return await method(*args, **options)

            return self._runner.run(awaited())

        return call

    def __enter__(self) -> Any:
        entered = self.__getattr__("__aenter__")()
        return self if entered is self._store else entered

    def __exit__(self, *exc: object) -> None:
        self.__getattr__("__aexit__")(*exc)
