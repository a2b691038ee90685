"""Stored sessions that do not fit the model: migrated, or ended."""

import logging

import pytest

from connect_sqlite import handle_of

from .accounts import EACH, EACH_INSTANCE, Plain, handlers, planted
from .conftest import BOTH


@BOTH
@EACH
def test_a_stored_session_that_does_not_fit_starts_anew(site, store, model, caplog):
    """It is ended, its handle and the key are logged, and the visitor has a new and empty one."""
    pages = site(handlers(model), model=model)
    browser = pages.browser()
    old = planted(pages, browser, store, {"name": ["a secret"], "notes": []})
    with caplog.at_level(logging.WARNING, "connect_sqlite"):
        assert {"name": "", "notes": []} == browser.get("/").json()
    assert pages.run(store.get(old)) is None
    (record,) = caplog.records
    assert handle_of(old) in record.message
    assert "name: expected" in record.message
    assert "secret" not in caplog.text
    assert old not in caplog.text
    browser.get("/in?name=Mira")
    assert old != browser.sid


@BOTH
@EACH
def test_a_session_that_does_not_fit_is_migrated(site, store, model):
    """`migrate` is given the old data, and what it returns is saved at once, under the same id."""
    given = []

    def migrate(data):
        given.append(data)
        return {"name": " ".join(data["name"]), "notes": []}

    pages = site(handlers(model), model=model, migrate=migrate)
    browser = pages.browser()
    old = planted(pages, browser, store, {"name": ["Mira", "Sol"], "_flash": [["a", "b"]], "x": 1})
    assert {"name": "Mira Sol", "notes": []} == browser.get("/").json()
    assert [{"name": ["Mira", "Sol"], "x": 1}] == given
    row = pages.run(store.get(old))
    assert {"name", "notes", "_flash", "cookie", "_session"} == set(row)
    browser.get("/")
    assert 1 == len(given)


@BOTH
@EACH_INSTANCE
def test_migrate_may_return_an_instance(site, store, model):
    """What `migrate` returns can be an instance of the model."""
    migrate = lambda data: model(name=data["name"][0])  # noqa: E731
    pages = site(handlers(model), model=model, migrate=migrate)
    browser = pages.browser()
    planted(pages, browser, store, {"name": ["Mira"]})
    assert "Mira" == browser.get("/").json()["name"]


def give_up(data):
    """None: start anew."""


def fail(data):
    raise ValueError(data)


def miss(data):
    return {"name": 3}


@BOTH
@pytest.mark.parametrize("migrate", [give_up, fail, miss])
def test_where_migrate_cannot_help_the_session_starts_anew(site, store, caplog, migrate):
    """None, an exception, and data that still do not fit end the session, and say no data."""
    ended = []
    hooks = {"on_destroyed": lambda event: ended.append(event.handle)}
    pages = site(handlers(Plain), model=Plain, migrate=migrate, **hooks)
    browser = pages.browser()
    old = planted(pages, browser, store, {"name": ["a secret"]})
    with caplog.at_level(logging.WARNING, "connect_sqlite"):
        assert "" == browser.get("/").json()["name"]
    assert pages.run(store.get(old)) is None
    assert [handle_of(old)] == ended
    assert "secret" not in caplog.text


@BOTH
def test_migrating_is_no_sign_in(site, store):
    """A session that is migrated keeps its id and its times, though the owner stands elsewhere."""
    pages = site(
        handlers(Plain), model=Plain, owner="name", migrate=lambda data: {"name": data["name"][0]}
    )
    browser = pages.browser()
    old = planted(pages, browser, store, {"name": ["Mira"]})
    before = pages.run(store.get(old))["_session"]
    browser.get("/")
    assert old == browser.sid
    assert before == pages.run(store.get(old))["_session"]
