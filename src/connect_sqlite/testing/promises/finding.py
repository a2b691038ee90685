# ruff: noqa: SIM300 - assert expected == actual
"""`find`: live sessions by a declared index."""

from typing import Any

import pytest

from ...contract import Store, StoredSession
from ...errors import UnknownIndex
from .base import Promise
from .serializers import Damaging

__all__ = ["Finding"]

ALIKE: dict[str, Any] = {
    "int": 1,
    "text": "1",
    "true": True,
    "float": 1.0,
    "list": [1],
    "object": {"1": 1},
    "more text": "1.0",
    "padded text": " 1",
    "null": None,
    "zero": 0,
    "false": False,
    "empty": "",
    "word": "true",
    "null as text": "null",
}
EXACT = [
    *(0, -1, 2**53 + 1, 2**63 - 1, -(2**63)),
    *("", "é", "e\u0301", "\U0001f36a", "a'b\"c", "%", "x" * 5000),
    *("\n\t", "null", "NaN", "a\0b", "$.user"),
]
ASIDE: list[dict[str, Any]] = [
    *({}, {"user": None}, {"user": 1}, {"user": "id"}, {"user": [1]}, {"user": [{"id": 1}]}),
    *({"user": {"ID": 1}}, {"user.id": 1}, {"id": 1}, {"user": {"id": {"id": 1}}}),
    *({"user": {"id": [1]}}, {"cookie": {"user": {"id": 1}}}, {"user": {"user.id": 1}}),
]


class Finding(Promise):
    def test_find_returns_the_sessions_with_the_value(self) -> None:
        """All live sessions of a user are found, each with its data, id and expiry, in order."""
        store = self.store(prefix="app:", ttl=60, indexes=("user.id",))
        for sid, user in (("c", 1), ("a", 1), ("b", 2)):
            store.set(sid, {"user": {"id": user}, "mine": sid})
        found = store.find("user.id", 1)
        assert ["a", "c"] == [each.id for each in found]
        assert [{"user": {"id": 1}, "mine": sid} for sid in "ac"] == found
        assert [StoredSession, StoredSession] == [type(each) for each in found]
        assert [self.clock.at(60)] * 2 == [each.expires for each in found]
        assert [] == store.find("user.id", 3)

    def test_every_declared_index_works(self) -> None:
        """A store has as many indexes as it declares, near the top or deep below."""
        store = self.store(indexes=("role", "user.id", "org.team.lead.name"))
        store.set("a", {"role": "admin"})
        store.set("b", {"user": {"id": 7}})
        store.set("c", {"org": {"team": {"lead": {"name": "Zoë"}}}})
        assert ["a"] == ids(store, "role", "admin")
        assert ["b"] == ids(store, "user.id", 7)
        assert ["c"] == ids(store, "org.team.lead.name", "Zoë")

    @pytest.mark.parametrize("kind", ["int", "text", "zero", "empty", "word", "null as text"])
    def test_values_of_different_types_are_different(self, kind: str) -> None:
        """1 is neither `"1"` nor `true` nor 1.0, and an empty text is not null."""
        store = self.store(indexes=("user.id",))
        for sid, value in ALIKE.items():
            store.set(sid, {"user": {"id": value}})
        store.set("none", {"user": {}})
        assert [kind] == ids(store, "user.id", ALIKE[kind])
        assert 1 == store.destroy_where("user.id", ALIKE[kind])
        assert set(ALIKE) - {kind} | {"none"} == set(store.ids())

    @pytest.mark.parametrize("value", EXACT, ids=lambda value: ascii(value)[:20])
    def test_values_are_exact(self, value: str | int) -> None:
        """Large numbers, odd text and long text are found as they are."""
        store = self.store(indexes=("user.id",))
        near = f"{value}x" if isinstance(value, str) else value + (1 if value < 0 else -1)
        store.set("a", {"user": {"id": value}})
        store.set("b", {"user": {"id": near}})
        assert ["a"] == ids(store, "user.id", value)

    def test_text_is_compared_exactly(self) -> None:
        """Neither case nor accents nor spaces are ignored."""
        store = self.store(indexes=("name",))
        for sid, name in (("a", "zoe"), ("b", "Zoe"), ("c", "zoë"), ("d", "zoe "), ("e", "zo%")):
            store.set(sid, {"name": name})
        assert ["a"] == ids(store, "name", "zoe")

    @pytest.mark.parametrize("session", ASIDE, ids=repr)
    def test_a_path_leads_through_objects_only(self, session: dict[str, Any]) -> None:
        """A session without a value at the path is not found, whatever else it holds."""
        store = self.store(indexes=("user.id",))
        store.set("a", session)
        store.set("b", {"user": {"id": 1}})
        assert ["b"] == ids(store, "user.id", 1)
        assert 1 == store.destroy_where("user.id", 1)
        assert session == store.get("a")

    def test_paths_that_differ_in_case_differ(self) -> None:
        """Each has an index of its own, and declared paths may be any iterable."""
        store = self.store(indexes=(f"user.{name}" for name in ("id", "ID", "iD")))
        store.set("a", {"user": {"id": 1, "ID": 2, "iD": 3}})
        store.set("b", {"user": {"id": 3, "ID": 1, "iD": 2}})
        assert ["b"] == ids(store, "user.ID", 1)
        assert ["a"] == ids(store, "user.id", 1)
        assert ["a"] == ids(store, "user.iD", 3)

    def test_find_sees_live_sessions_only(self) -> None:
        """Expired, destroyed and replaced sessions are not found."""
        store = self.store(ttl=60, indexes=("user",))
        store.set("expired", {"user": 1, "cookie": {"maxAge": 1000}})
        store.set("destroyed", {"user": 1})
        store.set("replaced", {"user": 1})
        store.set("merged", {"user": 1})
        store.set("removed", {"user": 1})
        store.set("live", {"user": 1})
        self.clock.advance(1)
        store.destroy("destroyed")
        store.set("replaced", {"user": 2})
        store.merge("merged", {"user": 2})
        store.merge("removed", {}, ["user"])
        assert ["live"] == ids(store, "user", 1)
        assert ["merged", "replaced"] == ids(store, "user", 2)
        self.clock.advance(59)
        assert [] == store.find("user", 1)

    def test_find_follows_every_way_to_save(self) -> None:
        """What `create`, `set`, `merge` and `rotate` saved is found, and a touch loses nothing."""
        store = self.store(indexes=("user",))
        store.create("a", {"user": 1})
        store.set("b", {"user": 1})
        store.set("c", {})
        store.merge("c", {"user": 1})
        store.set("x", {})
        store.rotate("x", "d", {"user": 1})
        store.touch("a", {})
        assert ["a", "b", "c", "d"] == ids(store, "user", 1)

    def test_an_unreadable_row_hides_no_other_from_find(self) -> None:
        """A session that cannot be read is left out of what `find` returns."""
        store = self.store(serializer=Damaging(), indexes=("user",))
        store.set("a", {"user": 1})
        store.set("b", {"user": 1, "damaged": True})
        store.set("c", {"user": 1})
        assert ["a", "c"] == ids(store, "user", 1)

    @pytest.mark.parametrize("path", ["user", "user.id.x", "id", "", "USER.ID", "user.name"])
    def test_an_index_must_be_declared(self, path: str) -> None:
        """`UnknownIndex`, which is a `LookupError`, for a path that the store does not index."""
        store = self.store(indexes=("user.id",))
        store.set("a", {"user": {"id": 1, "name": 1}, "id": 1})
        for call in (store.find, store.destroy_where):
            with pytest.raises(UnknownIndex) as caught:
                call(path, 1)
            assert isinstance(caught.value, LookupError)
            assert path in str(caught.value)
        assert ["a"] == store.ids()

    def test_without_indexes_every_path_is_unknown(self) -> None:
        """A store that declares no index finds nothing, and says so."""
        store = self.store()
        with pytest.raises(UnknownIndex):
            store.find("user.id", 1)

    @pytest.mark.parametrize(
        "value", [None, 1.0, True, b"1", [1], {}, 2**63, 10**400, "a\ud800"], ids=ascii
    )
    def test_an_index_is_asked_for_text_or_an_integer(self, value: Any) -> None:
        """Anything else is a mistake of the program, and ends no session."""
        store = self.store(indexes=("user.id",))
        for sid, user in ALIKE.items():
            store.set(sid, {"user": {"id": user}})
        for call in (store.find, store.destroy_where):
            with pytest.raises((TypeError, ValueError, OverflowError)) as caught:
                call("user.id", value)
            assert not isinstance(caught.value, UnicodeError)  # which would quote the value
        assert len(ALIKE) == store.length()


def ids(store: Store, path: str, value: str | int) -> list[str]:
    return [each.id for each in store.find(path, value)]
