# ruff: noqa: SIM300 - assert expected == actual
"""`stats`: counts, sizes, latencies and errors as plain data."""

import json

import pytest

from ...contract import Stats
from ...errors import InvalidSession, InvalidSessionId, SessionExists
from .base import Promise

__all__ = ["Statistics"]


class Statistics(Promise):
    def test_stats_are_plain_data(self) -> None:
        """What `stats` returns is ready for JSON, and has all that the contract names."""
        store = self.store()
        store.set("abc123", {"user": 1})
        store.get("abc123")
        stats = store.stats()
        assert stats == json.loads(json.dumps(stats))
        assert set(Stats.__annotations__) <= set(stats)

    def test_live_and_expired(self) -> None:
        """Live sessions are counted, and apart from them those that wait for the sweep."""
        store = self.store(ttl=60)
        assert (0, 0) == (store.stats()["live"], store.stats()["expired"])
        store.set("a", {})
        store.set("b", {"cookie": {"maxAge": 120_000}})
        assert (2, 0) == (store.stats()["live"], store.stats()["expired"])
        self.clock.advance(60)
        assert (1, 1) == (store.stats()["live"], store.stats()["expired"])
        store.sweep()
        assert (1, 0) == (store.stats()["live"], store.stats()["expired"])

    def test_operations_are_counted_by_name(self) -> None:
        """Each call counts once, from the opening of the store."""
        store = self.store(indexes=("user",))
        assert not any(store.stats()["operations"].get(name) for name in ("get", "set", "touch"))
        for _ in range(3):
            store.get("abc123")
        for _ in range(2):
            store.set("abc123", {"user": 1})
        store.touch("abc123", {})
        store.merge("abc123", {})
        store.find("user", 1)
        store.destroy("abc123")
        counted = store.stats()["operations"]
        names = ("get", "set", "touch", "merge", "find", "destroy", "rotate")
        assert [3, 2, 1, 1, 1, 1, 0] == [counted.get(name, 0) for name in names]

    def test_a_set_that_destroys_counts_as_a_set(self) -> None:
        """Operations carry the names of the calls."""
        store = self.store()
        store.set("abc123", {"cookie": {"maxAge": 0}})
        counted = store.stats()["operations"]
        assert (1, 0) == (counted.get("set", 0), counted.get("destroy", 0))

    def test_errors_are_counted_by_name(self) -> None:
        """A call that failed is counted under its error's name."""
        store = self.store()
        assert {} == store.stats()["errors"]
        store.create("abc123", {})
        for _ in range(2):
            with pytest.raises(SessionExists):
                store.create("abc123", {})
        assert {"SessionExists": 2} == store.stats()["errors"]

    def test_refusals_are_not_failures(self) -> None:
        """What was refused before it came to the store is the caller's mistake, and not counted."""
        store = self.store()
        with pytest.raises(InvalidSession):
            store.set("abc123", {"tags": {1}})
        with pytest.raises(InvalidSessionId):
            store.destroy("")
        assert {} == store.stats()["errors"]

    def test_latencies_are_ordered(self) -> None:
        """Of each operation timed: the median, the 99th percentile and the longest."""
        store = self.store()
        for n in range(100):
            store.set(str(n), {})
        stats = store.stats()
        assert "set" in stats["latencies"]
        assert set(stats["latencies"]) <= set(stats["operations"])
        for taken in stats["latencies"].values():
            assert 0 <= taken["p50"] <= taken["p99"] <= taken["max"]

    def test_sizes_are_numbers_of_bytes(self) -> None:
        """A store that has no file, or no log beside it, says 0."""
        stats = self.store().stats()
        assert [int, int] == [type(stats["file_bytes"]), type(stats["wal_bytes"])]
        assert stats["file_bytes"] >= 0
        assert stats["wal_bytes"] >= 0
