"""All examples that share the cookie, at once on one file: who signs in at one is known at all."""

import pytest
from apps import NEIGHBOURS
from browsers import anybody

pytestmark = pytest.mark.xdist_group("neighbours")  # who start them once
FRAMEWORKS = [app.framework for app in NEIGHBOURS]
at_each = pytest.mark.parametrize("place", range(len(FRAMEWORKS)), ids=FRAMEWORKS)


@at_each
def test_who_signs_in_at_one_is_known_at_all(neighbours, browser, place):
    """All answer with the same user, notes and handle, and each says that it is itself."""
    name = anybody()
    home = browser(neighbours[place]).sign_in(name)
    home.note("from home")
    everywhere = [home.at(server) for server in neighbours]
    expected = {"user": name, "notes": ["from home"]}
    assert [{"framework": each, **expected} for each in FRAMEWORKS] == [
        each.account for each in everywhere
    ]
    assert {home.handle} == {each.handle for each in everywhere}
    assert {FRAMEWORKS[place]} == {each.sessions[0]["framework"] for each in everywhere}


@at_each
def test_what_is_changed_at_one_is_changed_at_all(neighbours, browser, place):
    """Notes written at every app are in one list, and an id that one rotated is dead at all."""
    visitor = browser(neighbours[place]).sign_in(anybody())
    everywhere = [visitor.at(server) for server in neighbours]
    for each, framework in zip(everywhere, FRAMEWORKS, strict=True):
        each.note(f"at {framework}")
    assert [f"at {framework}" for framework in FRAMEWORKS] == visitor.account["notes"]
    visitor.sign_in(anybody("Jonas"))
    assert {False} == {each.is_known for each in everywhere}
    assert len(FRAMEWORKS) == len(visitor.at(neighbours[place - 1]).account["notes"])


@at_each
def test_who_is_ended_at_one_is_ended_at_all(neighbours, browser, place):
    """Sign-out, ending one other and ending all others reach sessions of every app."""
    name = anybody()
    visitor = browser(neighbours[place]).sign_in(name)
    others = [browser(server).sign_in(name) for server in neighbours]
    assert {visitor.handle, *(each.handle for each in others)} == {
        line["handle"] for line in visitor.sessions
    }
    first = others[0]
    visitor.good("DELETE", f"/sessions/{first.handle}")
    assert {False} == {first.at(server).is_known for server in neighbours}
    visitor.good("DELETE", "/sessions")
    assert {False} == {each.is_known for each in others}
    copy = visitor.copy()
    visitor.at(neighbours[place - 1]).good("POST", "/sign-out")
    assert {False} == {copy.at(server).is_known for server in neighbours}
