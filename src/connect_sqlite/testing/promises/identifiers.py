# ruff: noqa: SIM300 - assert expected == actual
"""Session ids: what may be one, and that it is only data."""

from enum import Enum
from typing import Any

import pytest

from ...errors import InvalidSessionId
from .base import Promise, rows
from .calls import WITH_AN_ID

__all__ = ["Identifiers"]

REFUSED: dict[str, Any] = {
    "empty": "",
    "256 bytes": "a" * 256,
    "256 bytes in fewer characters": "é" * 128,
    "NUL": "abc\0def",
    "NUL alone": "\0",
    "a lone surrogate": "abc\ud800",
    "None": None,
    "int": 123,
    "bytes": b"abc123",
    "list": ["abc123"],
}
ODD = [
    *("'; DROP TABLE sessions; --", "%", "_", "a%", "?1", ":sid", "$sid", '"', "`", "\\", "*"),
    *("sess:", "sess:sess:", "..", "/", "#", "a b", " ", "a ", "\n", "\x01", "\x7f"),
    *("é", "e\u0301", "ß", "\U0001f36a", "\ufffe", "A", "a", "0", "00", "null", "-1"),
    "a" * 255,
    "é" * 127 + "a",
]


class Name(str, Enum):  # noqa: UP042 - str() of a StrEnum is its text
    ADMIN = "admin"


class Misleading(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another\0" * 100


class Identifiers(Promise):
    @pytest.mark.parametrize("sid", [Name.ADMIN, Misleading("admin")], ids=["enum", "str"])
    def test_an_id_that_is_more_than_text_is_its_text(self, sid: str) -> None:
        """An id that is an enum, or another kind of `str`, means what it equals."""
        store = self.store(prefix=sid)
        store.create(sid, {"user": 1})
        assert ["admin"] == store.ids()
        for found in (store.get(sid), store.get("admin"), store.merge(sid, {}), *store.all()):
            assert found is not None
            assert ("admin", str) == (found.id, type(found.id))
        assert [] == store.scan(after=sid)
        assert store.rotate(sid, "plain", {})
        assert store.rotate("plain", sid, {})
        assert 1 == store.destroy_many([sid])

    @pytest.mark.parametrize("call", WITH_AN_ID)
    @pytest.mark.parametrize("kind", REFUSED)
    def test_what_is_no_id_is_refused(self, call: str, kind: str) -> None:
        """Empty, too long, with NUL or a lone surrogate, or no text: refused (threat 1)."""
        store = self.store(indexes=("user.id",))
        store.set("here", {"user": {"id": 1}})
        before = rows(store)
        if (call, kind) == ("scan behind", "None"):
            return  # that is the first page
        with pytest.raises(InvalidSessionId) as caught:
            WITH_AN_ID[call](store, REFUSED[kind])
        assert isinstance(caught.value, ValueError)
        assert before == rows(store)

    @pytest.mark.parametrize("sid", ODD, ids=ascii)
    def test_every_other_text_is_an_id(self, sid: str) -> None:
        """Quotes, wildcards, spaces and every alphabet are only data (threat 1)."""
        store = self.store()
        store.create(sid, {"user": 1})
        assert "OK" == store.touch(sid, {})
        assert {"user": 1, "seen": 2} == store.merge(sid, {"seen": 2})
        found = store.get(sid)
        assert found is not None
        assert sid == found.id
        assert [sid] == store.ids()
        assert store.rotate(sid, "plain", {"user": 3})
        assert store.rotate("plain", sid, {"user": 4})
        assert [sid] == [each.id for each in store.scan()]
        assert 1 == store.destroy_many([sid])
        store.set(sid, {})
        assert 1 == store.destroy(sid)

    def test_ids_are_never_patterns(self) -> None:
        """An odd id means that one session, and never another that looks like it."""
        store = self.store()
        for sid in ODD:
            store.set(sid, {"mine": sid})
        assert sorted(ODD) == store.ids()
        assert [{"mine": sid} for sid in ODD] == [store.get(sid) for sid in ODD]
        left = set(ODD)
        for sid in ODD:
            assert 1 == store.destroy(sid)
            left.remove(sid)
            assert sorted(left) == store.ids()
