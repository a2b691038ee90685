"""Flask's and Quart's session while the store fails: nothing of it is answered as a stranger's."""

from dataclasses import dataclass

import pytest

from connect_sqlite import StoreBusy
from connect_sqlite.typed import put, typed

from .flask_like_site import SITES


@dataclass
class Account:
    name: str = "a stranger"


def sign_in(session):
    session["name"] = "Mira"
    return "in"


def rename(session):
    put(session, Account("Ada"))
    return "renamed"


def end(session):
    session.cookie.max_age = 1
    return "ends"


VIEWS = {
    "/in": sign_in,
    "/typed": lambda session: typed(session, Account).name,
    "/put": rename,
    "/proof": lambda session: str(session.authenticated_within(60)),
    "/proved": lambda session: str(session.authenticated_at),
    "/created": lambda session: str(session.created),
    "/seen": lambda session: str(session.last_seen),
    "/left": lambda session: str(session.time_left),
    "/ends": lambda session: str(session.expires),
    "/shorten": end,
    "/save": lambda session: session.save() or "saved",
    "/reload": lambda session: session.reload() or "reloaded",
    "/token": lambda session: str(session.check_csrf("a token")),
}


@pytest.mark.parametrize("kind", SITES)
def test_no_word_of_a_session_that_the_store_could_not_give_is_answered(kind, tmp_path):
    """Whatever a view asks of the session, of a model of it, or wants to become of it: 503."""
    pages = SITES[kind](tmp_path / "sessions.db", VIEWS, model=Account)
    try:
        visit = pages.browser()
        visit("/in")
        pages.store.failures["get"] = StoreBusy("busy")
        statuses = {path: visit(path).status for path in VIEWS}
        assert dict.fromkeys(VIEWS, 503) == statuses
        pages.store.failures.clear()
        assert "Mira" == visit("/typed").text
    finally:
        pages.close()
