# ruff: noqa: SIM300 - assert expected == actual
"""The contract's suite, once for each face."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ..contract import AsyncStore, Store
from ..errors import SessionExists
from .promises.closing import Closing
from .promises.creating import Creating
from .promises.ending import Ending
from .promises.expiry import Expiry
from .promises.finding import Finding
from .promises.identifiers import Identifiers
from .promises.lifetime import Lifetime
from .promises.merging import Merging
from .promises.paging import Paging
from .promises.prefixes import Prefixes
from .promises.reading import Reading
from .promises.rotating import Rotating
from .promises.secrecy import Secrecy
from .promises.statistics import Statistics
from .promises.sweeping import Sweeping
from .promises.touching import Touching
from .promises.values import Values
from .promises.writing import Writing

__all__ = ["AsyncStoreContract", "StoreContract"]

T = TypeVar("T")


class _Contract(
    Reading,
    Writing,
    Touching,
    Lifetime,
    Expiry,
    Creating,
    Merging,
    Rotating,
    Finding,
    Ending,
    Paging,
    Sweeping,
    Statistics,
    Identifiers,
    Prefixes,
    Values,
    Secrecy,
    Closing,
):
    """Every theme."""


class StoreContract(_Contract):
    """What every `Store` must do, as tests for pytest: subclass it, and override `open`."""

    def open(self, **options: Any) -> Store:
        """A new store with these options, on the same place at each call within one test.

        The suite passes `clock` always, and of `prefix`, `ttl`, `disable_touch`, `indexes`,
        `max_bytes` and `serializer` what a test needs.  `self.tmp_path` is an empty folder of the
        test's own.  What was opened is closed after the test.
        """
        raise NotImplementedError("override open() so that it opens a store with these options")

    def test_calls_from_many_threads(self) -> None:
        """Threads share a store: each call is whole, and of those that compete one wins."""
        store = self.store()
        store.set("a", {})
        with ThreadPoolExecutor(8) as threads:

            def together(call: Callable[[int], T]) -> list[T]:
                return list(threads.map(call, range(40)))

            together(lambda n: store.merge("a", {str(n): n}))
            assert {str(n): n for n in range(40)} == store.get("a")
            together(lambda n: store.set(f"own{n}", {"n": n}))
            assert [{"n": n} for n in range(40)] == together(lambda n: store.get(f"own{n}"))
            assert 1 == sum(together(lambda n: _creates(store, {"n": n})))
            assert 1 == sum(together(lambda n: store.rotate("a", f"new{n}", {})))
            assert 1 == sum(together(lambda n: store.destroy("own0")))
            assert 39 + 2 == store.clear()


def _creates(store: Store, session: dict[str, int]) -> bool:
    try:
        store.create("created", session)
    except SessionExists:
        return False
    return True


class AsyncStoreContract(_Contract):
    """What every `AsyncStore` must do: the same tests, each call awaited on a private loop."""

    def open(self, **options: Any) -> AsyncStore:
        """As `StoreContract.open`; called outside any event loop."""
        raise NotImplementedError("override open() so that it opens a store with these options")

    def test_calls_at_the_same_time(self) -> None:
        """Calls awaited together all end in their own results."""

        async def together(store: AsyncStore) -> None:
            await asyncio.gather(*(store.create(str(n), {"n": n}) for n in range(50)))
            found = await asyncio.gather(*(store.get(str(n)) for n in range(50)))
            assert [{"n": n} for n in range(50)] == found
            await asyncio.gather(*(store.merge("0", {str(n): n}) for n in range(50)))
            assert {"n": 0} | {str(n): n for n in range(50)} == await store.get("0")
            rotated = await asyncio.gather(*(store.rotate("1", f"new{n}", {}) for n in range(50)))
            assert [True] == [each for each in rotated if each]
            ended = await asyncio.gather(*(store.destroy("2") for _ in range(50)))
            assert 1 == sum(ended)
            await store.close()

        asyncio.run(together(self.open(clock=self.clock)))

    def test_one_loop_after_another(self) -> None:
        """A store serves each event loop that comes, and needs none to be built."""
        store = self.open(clock=self.clock)

        async def count(store: AsyncStore) -> Any:
            found = await store.get("abc123")
            assert found is not None
            await store.merge("abc123", {"n": found["n"] + 1})
            return await store.get("abc123"), await store.length(), await store.sweep()

        asyncio.run(_set(store))
        assert ({"n": 1}, 1, 0) == asyncio.run(count(store))
        assert ({"n": 2}, 1, 0) == asyncio.run(count(store))
        asyncio.run(_close(store))


async def _set(store: AsyncStore) -> None:
    await store.set("abc123", {"n": 0})


async def _close(store: AsyncStore) -> None:
    await store.close()
