# ruff: noqa: SIM300 - assert expected == actual
"""`sweep`: expired rows are deleted, and live ones never."""

import pytest

from .base import Promise, rows

__all__ = ["Sweeping"]


class Sweeping(Promise):
    def test_sweep_until_nothing_is_left(self) -> None:
        """Called until it returns 0, it deletes exactly the expired."""
        store = self.store(ttl=60)
        for n in range(260):
            lives = {"cookie": {"maxAge": 61_000 if n % 26 == 0 else 60_000}}
            store.set(f"{n}", {"n": n, **lives})
        self.clock.advance(60)
        before = rows(store)
        deleted = [store.sweep(100) for _ in range(4)]
        assert [100, 100, 50, 0] == deleted
        assert before == rows(store)
        assert (10, 0) == (store.stats()["live"], store.stats()["expired"])

    def test_one_sweep_takes_ten_thousand_unless_told(self) -> None:
        """Without a limit a small store is swept in one call."""
        store = self.store(ttl=60)
        for n in range(150):
            store.set(str(n), {})
        self.clock.advance(60)
        assert 150 == store.sweep()
        assert 0 == store.sweep()

    def test_an_empty_store_has_nothing_to_sweep(self) -> None:
        """0 is the answer where nothing has expired."""
        store = self.store(ttl=60)
        assert 0 == store.sweep()
        store.set("abc123", {})
        assert 0 == store.sweep()
        assert ["abc123"] == store.ids()

    def test_what_ends_this_moment_is_swept(self) -> None:
        """A sweep takes what is no longer live, to the millisecond."""
        store = self.store(ttl=60)
        store.set("abc123", {})
        self.clock.advance(59.999)
        assert 0 == store.sweep()
        self.clock.advance(0.001)
        assert 1 == store.sweep()

    def test_a_sweep_after_a_touch(self) -> None:
        """What was kept alive in time is not swept."""
        store = self.store(ttl=60)
        store.set("abc123", {"user": 1})
        self.clock.advance(59)
        store.touch("abc123", {})
        self.clock.advance(59)
        assert 0 == store.sweep()
        assert {"user": 1} == store.get("abc123")

    def test_results_do_not_depend_on_the_sweep(self) -> None:
        """Every call answers the same before an expired session is swept away and after."""
        store = self.store(ttl=60, indexes=("user",))
        answers = []
        for swept in (False, True):
            store.set("abc123", {"user": 1})
            self.clock.advance(60)
            if swept:
                assert 1 == store.sweep()
            seen: list[object] = [
                store.get("abc123"),
                store.length(),
                store.ids(),
                store.all(),
                store.scan(),
            ]
            seen += [store.find("user", 1), store.destroy_where("user", 1)]
            seen += [store.merge("abc123", {}), store.touch("abc123", {})]
            seen += [store.rotate("abc123", "new", {})]
            seen += [store.destroy("abc123"), store.destroy_many(["abc123"]), store.clear()]
            answers.append(seen)
        assert answers[0] == answers[1]
        assert [None, 0, [], [], [], [], 0, None, "EXPIRED", False, 0, 0, 0] == answers[0]

    @pytest.mark.parametrize("limit", [0, -1])
    def test_a_sweep_takes_at_least_one(self, limit: int) -> None:
        """A limit below 1 would look as if nothing were left, so it is an error."""
        with pytest.raises(ValueError, match="limit"):
            self.store().sweep(limit)
