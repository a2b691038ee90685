# ruff: noqa: SIM300 - assert expected == actual
"""A store against a dict: random sequences of all calls, and after each both must hold the same.

Needs Hypothesis, and is imported only by who asks for it.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ..contract import AsyncStore, Store, StoredSession
from ..errors import InvalidSession, InvalidSessionId, SessionExists
from .blocking import as_sync
from .clock import Clock
from .naming import with_ids
from .promises.calls import WITH_A_SESSION, WITH_AN_ID
from .sessions import Life, contents, lives

__all__ = ["StoreMachine", "check_store"]

Open = Callable[..., Store | AsyncStore]
TTL = 60
IDS = ["a", "b", "A", "é", "a%", "'"]

ids = st.sampled_from(IDS)
values: st.SearchStrategy[Any] = st.sampled_from([1, 2, "1", "x", ""])


def check_store(
    open: Open,
    *,
    stores: int = 1,
    lasting: bool = False,
    hides_ids: bool = False,
    settings: settings | None = None,
) -> None:
    """Compare the store that `open` opens, of either face, with a dict.

    `open` gets `prefix`, `ttl`, `indexes` and `clock` as options and opens the same place at each
    call.  `stores`: so many on that place are used in turn.  `lasting`: what was saved is there
    again after `close`, so that is tried as well.  `hides_ids`: its lists name sessions by their
    `Handle`, as those of a sealed store do.
    """
    run_state_machine_as_test(
        lambda: StoreMachine(open, stores, lasting, hides_ids),  # type: ignore[arg-type]
        settings=settings or _THOROUGH,
    )


_THOROUGH = settings(
    deadline=None,
    max_examples=40,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
)


class StoreMachine(RuleBasedStateMachine):
    """A dict of what must be there, beside one store or several on the same place."""

    def __init__(
        self, open: Open, stores: int = 1, lasting: bool = False, hides_ids: bool = False
    ) -> None:
        super().__init__()
        self._hides_ids = hides_ids
        self._known: dict[str, str] = {}
        self._open = open
        self._lasting = lasting
        self._opened = ExitStack()
        self._runner = self._opened.enter_context(asyncio.Runner())
        self.clock = Clock()
        self.rows: dict[str, tuple[dict[str, Any], int]] = {}
        """What was saved and has not been ended, live or not: its data and its expiry."""
        self.stores = [self._store("a_") for _ in range(stores)]
        self.store = self.stores[0]
        self.neighbour = self._store("ab")
        self.store.clear()
        self.neighbour.clear()
        self.neighbour.set("a", {"user": {"id": 1}, "cookie": {"maxAge": 10**12}})

    def _store(self, prefix: str) -> Store:
        store = self._open(prefix=prefix, ttl=TTL, indexes=("user.id",), clock=self.clock)
        store = as_sync(store, self._runner)
        self._opened.callback(store.close)
        return with_ids(store, self._known) if self._hides_ids else store

    def teardown(self) -> None:
        self._opened.close()

    # ------------------------------------------------------------------ the model

    def now(self) -> int:
        return int(self.clock() * 1000)

    def live(self) -> dict[str, tuple[dict[str, Any], int]]:
        rows = sorted(self.rows.items())
        return {sid: row for sid, row in rows if row[1] > self.now()}

    def session(self, data: dict[str, Any], life: Life | None) -> dict[str, Any]:
        """What a caller hands over."""
        if life is None:
            return data
        return {**data, "cookie": life.cookie(self.clock.at(life.seconds))}

    def ends(self, life: Life | None) -> int:
        return self.now() + (TTL if life is None else life.seconds) * 1000

    def put(self, sid: str, session: dict[str, Any], ends: int) -> None:
        """Save it, or end what is there if it is over already."""
        self.rows.pop(sid, None)
        if ends > self.now():
            self.rows[sid] = as_saved(session), ends

    def having(self, value: object) -> list[str]:
        """The live sessions with that user, by value and type."""
        return [sid for sid, (session, _) in self.live().items() if user_of(session) == [value]]

    # ------------------------------------------------------------------ the reference's calls

    @rule(sid=ids)
    def get(self, sid: str) -> None:
        assert self.seen(sid) == shown(self.store.get(sid))

    @rule(sid=ids, data=contents(), life=lives)
    def set(self, sid: str, data: dict[str, Any], life: Life | None) -> None:
        session = self.session(data, life)
        self.store.set(sid, session)
        self.put(sid, session, self.ends(life))

    @rule(sid=ids)
    def destroy(self, sid: str) -> None:
        assert int(sid in self.live()) == self.store.destroy(sid)
        self.rows.pop(sid, None)

    @rule(sid=ids, data=contents(), life=lives)
    def touch(self, sid: str, data: dict[str, Any], life: Life | None) -> None:
        found = self.store.touch(sid, self.session(data, life))
        ends = self.ends(life)
        is_live = sid in self.live()
        assert ("OK" if is_live and ends > self.now() else "EXPIRED") == found
        if is_live:
            self.put(sid, self.rows[sid][0], ends)

    @rule()
    def length_and_ids(self) -> None:
        assert len(self.live()) == self.store.length()
        assert list(self.live()) == self.store.ids()

    @precondition(lambda self: len(self.rows) > 3)
    @rule()
    def clear(self) -> None:
        assert len(self.live()) == self.store.clear()
        self.rows.clear()

    # ------------------------------------------------------------------ the calls beyond

    @rule(sid=ids, data=contents(), life=lives)
    def create(self, sid: str, data: dict[str, Any], life: Life | None) -> None:
        session = self.session(data, life)
        if sid in self.live():
            with pytest.raises(SessionExists):
                self.store.create(sid, session)
            return
        self.store.create(sid, session)
        if self.ends(life) > self.now():
            self.put(sid, session, self.ends(life))

    @rule(
        sid=ids,
        changed=contents(),
        removed=st.lists(st.sampled_from(["user", "cart", "é", "cookie", "none"]), max_size=3),
        seconds=st.none() | st.sampled_from([30, 3600, 0, -1]),
    )
    def merge(
        self, sid: str, changed: dict[str, Any], removed: list[str], seconds: int | None
    ) -> None:
        expires = None if seconds is None else self.clock.at(seconds)
        merged = self.store.merge(sid, changed, removed, expires)
        if sid in self.live():
            old, ends = self.rows[sid]
            kept = {key: value for key, value in old.items() if key not in removed}
            self.put(sid, kept | changed, ends if seconds is None else self.now() + seconds * 1000)
        assert self.seen(sid) == shown(merged)

    @rule(old=ids, new=ids, data=contents(), life=lives)
    def rotate(self, old: str, new: str, data: dict[str, Any], life: Life | None) -> None:
        session = self.session(data, life)
        if old not in self.live():
            assert False is self.store.rotate(old, new, session)
        elif new in self.live():
            with pytest.raises(SessionExists):
                self.store.rotate(old, new, session)
        else:
            assert True is self.store.rotate(old, new, session)
            del self.rows[old]
            if self.ends(life) > self.now():
                self.put(new, session, self.ends(life))

    @rule(value=values)
    def find(self, value: str | int) -> None:
        expected = [self.seen(sid) for sid in self.having(value)]
        assert expected == [shown(each) for each in self.store.find("user.id", value)]

    @rule(value=values, keep=st.sets(ids, max_size=2))
    def destroy_where(self, value: str | int, keep: Collection[str]) -> None:
        ended = [sid for sid in self.having(value) if sid not in keep]
        assert len(ended) == self.store.destroy_where("user.id", value, keep=keep)
        for sid in ended:
            del self.rows[sid]

    @rule(sids=st.lists(ids, max_size=4))
    def destroy_many(self, sids: list[str]) -> None:
        assert len(self.live().keys() & sids) == self.store.destroy_many(sids)
        for sid in sids:
            self.rows.pop(sid, None)

    @rule(limit=st.integers(1, 4))
    def scan(self, limit: int) -> None:
        found: list[str] = []
        for _ in range(len(IDS) + 1):
            page = self.store.scan(after=found[-1] if found else None, limit=limit)
            assert len(page) <= limit
            assert [self.seen(each.id) for each in page] == [shown(each) for each in page]
            found += [each.id for each in page]
        assert list(self.live()) == (sorted(found) if self._hides_ids else found)

    @rule(limit=st.integers(1, 3))
    def sweep(self, limit: int) -> None:
        """A store sweeps by itself too, so it may find fewer than the model knows of."""
        expired = len(self.rows) - len(self.live())
        deleted = [self.store.sweep(limit) for _ in range(len(IDS) + 1)]
        assert max(deleted) <= limit
        assert sum(deleted) <= expired
        assert 0 == self.store.stats()["expired"]
        self.rows = self.live()

    @rule()
    def stats(self) -> None:
        stats = self.store.stats()
        assert len(self.live()) == stats["live"]
        assert stats["expired"] <= len(self.rows) - len(self.live())

    # ------------------------------------------------------------------ what happens besides

    @rule(call=st.sampled_from(sorted(WITH_A_SESSION)), sid=ids, value=st.just({1, 2}))
    def refused_session(self, call: str, sid: str, value: object) -> None:
        with pytest.raises(InvalidSession, match="culprit"):
            WITH_A_SESSION[call](self.store, sid, {"culprit": value})

    @rule(call=st.sampled_from(sorted(WITH_AN_ID)), sid=st.sampled_from(["", "a\0", "a" * 256]))
    def refused_id(self, call: str, sid: str) -> None:
        with pytest.raises(InvalidSessionId):
            WITH_AN_ID[call](self.store, sid)

    @rule(seconds=st.sampled_from([1, 29, 30, 31, 60, 3600]))
    def time_passes(self, seconds: int) -> None:
        """Never backwards: what was swept away would have to come back."""
        self.clock.advance(seconds)

    @precondition(lambda self: len(self.stores) > 1)
    @rule(which=st.integers(0, 7))
    def use_another(self, which: int) -> None:
        self.store = self.stores[which % len(self.stores)]

    @precondition(lambda self: self._lasting)
    @rule()
    def close_and_open_again(self) -> None:
        at = self.stores.index(self.store)
        self.store.close()
        self.store = self.stores[at] = self._store("a_")

    @invariant()
    def every_store_holds_the_same(self) -> None:
        expected = [self.seen(sid) for sid in self.live()]
        for store in self.stores:
            assert expected == [shown(each) for each in store.all()]

    @invariant()
    def the_neighbour_is_untouched(self) -> None:
        found = self.neighbour.get("a")
        assert {"user": {"id": 1}, "cookie": {"maxAge": 10**12}} == found

    def seen(self, sid: str) -> tuple[str, str, int] | None:
        """A row of the model as `shown` shows one of the store."""
        row = self.live().get(sid)
        return None if row is None else (sid, as_text(row[0]), row[1])


def shown(found: StoredSession | None) -> tuple[str, str, int] | None:
    return None if found is None else (found.id, as_text(found), found.expires_ms)


def as_text(session: Mapping[str, Any]) -> str:
    """To compare by: 1, 1.0 and true are equal in Python, and not in JSON."""
    return json.dumps(session, sort_keys=True)


def as_saved(session: dict[str, Any]) -> dict[str, Any]:
    """A cookie's `datetime` is kept as text, in UTC and as JavaScript writes it."""
    expires = session.get("cookie", {}).get("expires")
    if not isinstance(expires, datetime):
        return session
    text = expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {**session, "cookie": {**session["cookie"], "expires": text}}


def user_of(session: Mapping[str, Any]) -> list[Any]:
    """What the index `user.id` knows of a session: one value, or none."""
    user = session.get("user")
    value = user.get("id") if isinstance(user, dict) else None
    return [value] if type(value) in (int, str) else []
