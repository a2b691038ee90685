# ruff: noqa: SIM300 - assert expected == actual
"""`rotate`: the session under a new id, and the old one dead."""

import pytest

from ...errors import InvalidSession, InvalidSessionId, SessionExists
from .base import Promise, rows

__all__ = ["Rotating"]


class Rotating(Promise):
    def test_rotate_moves_the_session_to_a_new_id(self) -> None:
        """True: the session given is live under the new id, and the old id is dead."""
        store = self.store(ttl=60)
        store.set("old", {"user": 1, "cart": []})
        self.clock.advance(30)
        assert True is store.rotate("old", "new", {"user": 2})
        assert store.get("old") is None
        assert {"user": 2} == store.get("new")
        assert ["new"] == store.ids()
        assert [self.clock.at(60)] == [each.expires for each in store.all()]

    def test_the_old_id_cannot_be_used_again(self) -> None:
        """Nothing that only knows the old id brings it back."""
        store = self.store()
        store.set("old", {"user": 1})
        store.rotate("old", "new", {"user": 1})
        assert "EXPIRED" == store.touch("old", {"user": 1})
        assert store.merge("old", {"user": 1}) is None
        assert 0 == store.destroy("old")
        assert not store.rotate("old", "newer", {"user": 1})
        assert ["new"] == store.ids()

    def test_of_two_rotations_one_succeeds(self) -> None:
        """Parallel requests never fork a session into two."""
        store = self.store()
        store.set("old", {"user": 1})
        assert [True, False] == [store.rotate("old", new, {"user": 1}) for new in ("a", "b")]
        assert ["a"] == store.ids()

    def test_rotate_of_an_absent_session_is_false(self) -> None:
        """Without an old session nothing is written."""
        store = self.store()
        store.set("other", {})
        assert False is store.rotate("old", "new", {"user": 1})
        assert ["other"] == store.ids()

    def test_rotate_after_destroy_is_false(self) -> None:
        """A logout wins over a rotation."""
        store = self.store()
        store.set("old", {"user": 1})
        store.destroy("old")
        assert not store.rotate("old", "new", {"user": 1})
        assert [] == store.ids()

    def test_rotate_of_an_expired_session_is_false(self) -> None:
        """What has expired does not live on under a new id."""
        store = self.store(ttl=60)
        store.set("old", {"user": 1})
        self.clock.advance(60)
        assert not store.rotate("old", "new", {"user": 1})
        assert [] == store.ids()

    def test_rotate_refuses_a_live_id(self) -> None:
        """`SessionExists`, and both sessions are as they were."""
        store = self.store(ttl=60)
        store.set("old", {"user": 1})
        store.set("new", {"user": 2})
        before = rows(store)
        self.clock.advance(30)
        with pytest.raises(SessionExists):
            store.rotate("old", "new", {"user": 3})
        assert before == rows(store)

    def test_rotate_to_the_same_id_is_refused(self) -> None:
        """The old id is live, so it is no new one."""
        store = self.store()
        store.set("old", {"user": 1})
        with pytest.raises(SessionExists):
            store.rotate("old", "old", {"user": 2})
        assert {"user": 1} == store.get("old")

    def test_rotate_without_an_old_session_leaves_the_new_id_alone(self) -> None:
        """Where the old session is gone, a live session under the new id stays as it is."""
        store = self.store()
        store.set("new", {"user": 2})
        assert False is store.rotate("old", "new", {"user": 3})
        assert {"user": 2} == store.get("new")

    def test_rotate_over_an_expired_session(self) -> None:
        """A new id whose session has expired is free."""
        store = self.store(ttl=60)
        store.set("new", {"user": 2})
        self.clock.advance(60)
        store.set("old", {"user": 1})
        assert store.rotate("old", "new", {"user": 1})
        assert [("new", {"user": 1})] == [row[:2] for row in rows(store)]

    @pytest.mark.parametrize("cookie", [{"maxAge": -1}, {"maxAge": 0}, {"expires": 0}], ids=repr)
    def test_rotate_to_an_expired_session_ends_both(self, cookie: dict[str, int]) -> None:
        """A session that is already expired is destroyed, not saved: nothing is left."""
        store = self.store()
        store.set("old", {"user": 1})
        assert store.rotate("old", "new", {"user": 1, "cookie": cookie})
        assert (0, 0) == (store.stats()["live"], store.stats()["expired"])

    def test_rotate_refuses_what_cannot_be_saved(self) -> None:
        """A refused session or id leaves the old session alive."""
        store = self.store()
        store.set("old", {"user": 1})
        before = rows(store)
        with pytest.raises(InvalidSession, match="tags"):
            store.rotate("old", "new", {"tags": {1}})
        with pytest.raises(InvalidSessionId):
            store.rotate("old", "", {})
        with pytest.raises(InvalidSessionId):
            store.rotate("", "new", {})
        assert before == rows(store)

    def test_rotate_moves_what_find_knows(self) -> None:
        """A rotated session is found under its new id only."""
        store = self.store(indexes=("user.id",))
        store.set("old", {"user": {"id": 1}})
        store.rotate("old", "new", {"user": {"id": 1}})
        assert ["new"] == [each.id for each in store.find("user.id", 1)]

    def test_rotate_with_changes_keeps_what_others_saved(self) -> None:
        """With `changed`, what a parallel request saved meanwhile goes along to the new id."""
        store = self.store(ttl=60)
        store.set("old", {"cart": [1], "seen": 1, "dropped": 1})
        mine = {"cart": [1], "user": 7}
        store.merge("old", {"cart": [1, 2]})
        self.clock.advance(30)
        assert True is store.rotate("old", "new", mine, {"user": 7}, ["dropped"])
        assert store.get("old") is None
        assert {"cart": [1, 2], "seen": 1, "user": 7} == store.get("new")
        assert [self.clock.at(60)] == [each.expires for each in store.all()]

    def test_rotate_with_changes_of_an_absent_session_is_false(self) -> None:
        """Changes make no session out of none: a logout wins."""
        store = self.store()
        assert False is store.rotate("old", "new", {"user": 1}, {"user": 1})
        assert [] == store.ids()

    def test_rotate_refuses_changes_that_cannot_be_kept(self) -> None:
        """A change that is no JSON is refused, and the old session stays as it was."""
        store = self.store()
        store.set("old", {"user": 1})
        with pytest.raises(InvalidSession):
            store.rotate("old", "new", {"user": 1}, {"user": {1, 2}})
        assert {"user": 1} == store.get("old")
        assert ["old"] == store.ids()
