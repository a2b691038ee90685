# ruff: noqa: SIM300 - assert expected == actual
"""`scan`: all live sessions, a page at a time."""

from itertools import chain

import pytest

from ...contract import Store, StoredSession
from .base import Promise, rows
from .serializers import Damaging

__all__ = ["Paging"]


def pages(store: Store, limit: int) -> list[list[str]]:
    """The ids of each page until an empty one."""
    found: list[list[str]] = []
    after: str | None = None
    for _ in range(100):
        page = store.scan(after=after, limit=limit)
        if not page:
            return found
        assert len(page) <= limit
        found.append([each.id for each in page])
        after = page[-1].id
    raise AssertionError("the pages do not end")


class Paging(Promise):
    def fill(self, store: Store, sids: str) -> list[str]:
        """Save these sessions; their ids as the pages have them."""
        for sid in sids:
            store.set(sid, {"mine": sid})
        order = [each.id for each in store.scan()]
        if not self.hides_ids:
            assert sorted(order) == order
        return order

    @pytest.mark.parametrize(
        ("limit", "sizes"),
        [(1, [1, 1, 1, 1]), (2, [2, 2]), (3, [3, 1]), (4, [4]), (1_000_000, [4])],
    )
    def test_pages_have_every_session_once(self, limit: int, sizes: list[int]) -> None:
        """Page by page, in the order of ids, each with `limit` sessions until the last."""
        store = self.store()
        order = self.fill(store, "cadb")
        found = pages(store, limit)
        assert sizes == [len(page) for page in found]
        assert order == list(chain(*found))
        assert list("abcd") == sorted(order)

    def test_a_page_has_what_all_has(self) -> None:
        """A page's sessions have their data, ids and expiries."""
        store = self.store(prefix="app:", ttl=60)
        self.fill(store, "abc")
        page = store.scan()
        page.sort(key=lambda each: each.id)
        assert rows(store) == [(each.id, dict(each), each.expires_ms) for each in page]
        assert [StoredSession] * 3 == [type(each) for each in page]

    def test_an_empty_store_has_no_page(self) -> None:
        """The first page is empty already."""
        assert [] == self.store().scan()

    def test_the_page_after_the_last_is_empty(self) -> None:
        """An empty page is the end, and nothing lies behind the last id."""
        store = self.store()
        order = self.fill(store, "ab")
        assert [] == store.scan(after=order[-1])
        if not self.hides_ids:
            assert [] == store.scan(after="zzz")

    def test_after_need_not_be_there(self) -> None:
        """A page begins behind an id, whether or not that session lives."""
        store = self.store()
        order = self.fill(store, "ace")
        store.destroy(order[1])
        assert [order[2]] == [each.id for each in store.scan(after=order[1])]
        store.destroy(order[0])
        assert [order[2]] == [each.id for each in store.scan(after=order[0])]
        if not self.hides_ids:
            assert ["e"] == [each.id for each in store.scan(after="d")]
            assert ["e"] == [each.id for each in store.scan(after="A")]

    def test_a_page_has_a_thousand_unless_told(self) -> None:
        """The default limit is 1,000."""
        store = self.store()
        for n in range(1001):
            store.set(f"{n:04}", {})
        first = [each.id for each in store.scan()]
        (last,) = (each.id for each in store.scan(after=first[-1]))
        assert {f"{n:04}" for n in range(1001)} == {*first, last}
        if not self.hides_ids:
            assert ("0999", "1000") == (first[-1], last)

    def test_pages_have_live_sessions_only(self) -> None:
        """Expired sessions neither show nor take up room on a page."""
        store = self.store(ttl=60)
        self.fill(store, "abcd")
        for sid in "bc":
            store.set(sid, {"cookie": {"maxAge": 1000}})
        self.clock.advance(1)
        assert [["a", "d"]] == [sorted(page) for page in pages(store, 2)]

    def test_unreadable_rows_do_not_end_the_pages(self) -> None:
        """Sessions that cannot be read are left out, and those behind them are found."""
        store = self.store(serializer=Damaging())
        for sid in "abcdefgh":
            store.set(sid, {"mine": sid} if sid in "afh" else {"damaged": True})
        assert [["a"], ["f"], ["h"]] == sorted(pages(store, 1))
        for limit in (2, 3, 100):
            assert ["a", "f", "h"] == sorted(chain(*pages(store, limit)))
        assert store.stats()["errors"]["unreadable"] >= 5

    def test_unreadable_rows_do_not_lengthen_a_page(self) -> None:
        """What is read in place of a session that cannot be read keeps to the limit."""
        store = self.store(serializer=Damaging())
        for sid in "abcde":
            store.set(sid, {"damaged": True} if sid == "b" else {"mine": sid})
        assert [2, 2] == [len(page) for page in pages(store, 2)]
        assert [3, 1] == [len(page) for page in pages(store, 3)]

    def test_only_unreadable_rows(self) -> None:
        """Where nothing can be read there is no page."""
        store = self.store(serializer=Damaging())
        for sid in "abcdef":
            store.set(sid, {"damaged": True})
        assert [] == pages(store, 2)

    def test_sessions_that_come_and_go_between_pages(self) -> None:
        """What stays is seen exactly once, though the last of the page before may be gone."""
        store = self.store()
        order = self.fill(store, "bdfhj")
        assert order[:2] == [each.id for each in store.scan(limit=2)]
        store.destroy(order[1])
        store.destroy(order[2])
        self.fill(store, "ag")
        later = [each.id for each in store.scan(after=order[1])]
        assert order[3:] == [sid for sid in later if sid in order]
        if not self.hides_ids:
            assert ["g", "h", "j"] == later
        store.set(later[0], {"mine": "again"})
        assert later[1:] == [each.id for each in store.scan(after=later[0])]
        assert [] == store.scan(after=later[-1], limit=2)

    def test_sessions_that_expire_between_pages(self) -> None:
        """A page is of the moment in which it is asked for."""
        store = self.store(ttl=60)
        order = self.fill(store, "abcd")
        store.set(order[2], {"cookie": {"maxAge": 1000}})
        assert order[:2] == [each.id for each in store.scan(limit=2)]
        self.clock.advance(1)
        assert order[3:] == [each.id for each in store.scan(after=order[1], limit=2)]

    @pytest.mark.parametrize("limit", [2**63 - 1, 2**63, 10**30])
    def test_a_page_may_be_as_large_as_you_like(self, limit: int) -> None:
        """A limit beyond all there is means all there is, for `sweep` as well."""
        store = self.store()
        self.fill(store, "ab")
        assert ["a", "b"] == sorted(each.id for each in store.scan(limit=limit))
        assert 0 == store.sweep(limit)

    @pytest.mark.parametrize("limit", [0, -1])
    def test_a_page_has_at_least_one_place(self, limit: int) -> None:
        """A limit below 1 would look like the end, so it is an error."""
        with pytest.raises(ValueError, match="limit"):
            self.store().scan(limit=limit)
