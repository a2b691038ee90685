# ruff: noqa: SIM300 - assert expected == actual
"""`close`: once closed, a store answers nothing any more."""

from typing import Any

import pytest

from ...errors import InvalidSession, StoreClosed
from .base import Promise
from .calls import EVERY, TIMED

__all__ = ["Closing"]


class Closing(Promise):
    @pytest.mark.parametrize("call", EVERY)
    def test_a_closed_store_raises(self, call: str) -> None:
        """After `close` every call raises `StoreClosed`."""
        store = self.store(indexes=("user.id",))
        EVERY[call](store)
        store.close()
        for _ in range(2):
            with pytest.raises(StoreClosed):
                EVERY[call](store)

    @pytest.mark.parametrize("call", EVERY)
    def test_a_store_closed_unused_raises(self, call: str) -> None:
        """It makes no difference whether the store was used before."""
        store = self.store(indexes=("user.id",))
        store.close()
        with pytest.raises(StoreClosed):
            EVERY[call](store)

    @pytest.mark.parametrize(
        "session", [{"cookie": {"maxAge": 0}}, {"cookie": {"expires": 0}}], ids=repr
    )
    @pytest.mark.parametrize("call", TIMED)
    def test_expired_sessions_are_no_way_round(self, call: str, session: dict[str, Any]) -> None:
        """A closed store raises, even where there would be nothing to save."""
        store = self.store()
        store.close()
        with pytest.raises(StoreClosed):
            TIMED[call](store, session)

    def test_nothing_to_do_is_no_way_round(self) -> None:
        """A closed store raises, even where a call would do nothing."""
        store = self.store()
        store.close()
        with pytest.raises(StoreClosed):
            store.destroy_many([])
        with pytest.raises(StoreClosed):
            store.merge("abc123", {})

    def test_disable_touch_is_no_way_round(self) -> None:
        """A closed store raises at `touch`, even where `touch` does nothing."""
        store = self.store(disable_touch=True)
        store.close()
        with pytest.raises(StoreClosed):
            store.touch("abc123", {})

    def test_close_is_idempotent(self) -> None:
        """Closing again is allowed, and has no result."""
        store = self.store()
        store.set("abc123", {})
        results: list[object] = [store.close(), store.close(), store.close()]  # type: ignore[func-returns-value]
        assert [None, None, None] == results

    def test_a_with_statement_closes(self) -> None:
        """A store is its own context manager, open inside and closed behind."""
        store = self.store()
        with store as entered:
            assert entered is store
            entered.set("abc123", {"user": 1})
            assert {"user": 1} == entered.get("abc123")
        with pytest.raises(StoreClosed):
            store.get("abc123")
        store.close()

    def test_a_with_statement_lets_errors_pass(self) -> None:
        """An error inside closes the store, and is not swallowed."""
        store = self.store()
        with pytest.raises(InvalidSession, match="tags"), store:
            store.set("abc123", {"tags": {1}})
        with pytest.raises(StoreClosed):
            store.ids()
