"""What every theme starts from: a clock, a folder, and stores that are closed again."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ...contract import AsyncStore, Store
from ..blocking import as_sync
from ..clock import Clock
from ..naming import with_ids

__all__ = ["Promise", "Row", "rows"]

Row = tuple[str, dict[str, Any], int]


class Promise:
    """A theme of the contract."""

    hides_ids = False
    """Set it to True for a store that keeps no ids, so that its lists name sessions by their
    `Handle`, and `scan` has an order of its own."""
    clock: Clock
    """What every store of this test is told the time by."""
    tmp_path: Path
    """An empty folder of this test."""

    @pytest.fixture(autouse=True)
    def _set_up(self, tmp_path: Path) -> Iterator[None]:
        self.clock = Clock()
        self.tmp_path = tmp_path
        self._known: dict[str, str] = {}
        with asyncio.Runner() as self._runner, ExitStack() as self._opened:
            yield

    def open(self, **options: Any) -> Store | AsyncStore:
        """A store with these options, on the same place at each call within a test."""
        raise NotImplementedError("override open() so that it opens a store with these options")

    def store(self, *, as_it_is: bool = False, **options: Any) -> Store:
        """The store of this test, which is closed after it.

        One that hides its ids is made to tell them, but for `as_it_is`.
        """
        store = as_sync(self.open(clock=self.clock, **options), self._runner)
        self._opened.callback(store.close)
        return with_ids(store, self._known) if self.hides_ids and not as_it_is else store


def rows(store: Store) -> list[Row]:
    """All that a store holds, to compare."""
    return [(each.id, dict(each), each.expires_ms) for each in store.all()]
