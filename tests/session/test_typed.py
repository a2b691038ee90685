"""Sessions with a model: checked when they are loaded and before they are saved."""

import logging
import traceback
from dataclasses import dataclass

import msgspec
import pytest

from connect_sqlite import InvalidSession, handle_of
from connect_sqlite.typed import put, typed

from . import accounts
from .accounts import ALL, INSTANCES, Loose, Plain, Pydantic, Struct
from .conftest import BOTH
from .site import show, sign_out

EACH = pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
EACH_INSTANCE = pytest.mark.parametrize("model", INSTANCES, ids=lambda model: model.__name__)


def handlers(model):
    """Pages that use the session by its model only."""

    def account(request):
        account = typed(request.session, model)
        return {"name": accounts.name(account), "notes": list(accounts.notes(account))}

    def sign_in(request):
        accounts.rename(typed(request.session, model), request.query_params["name"])
        return {}

    def note(request):
        accounts.notes(typed(request.session, model)).append(request.query_params["text"])
        return {}

    def wrong(request):
        accounts.rename(typed(request.session, model), 7)
        return {}

    pages = {"/": account, "/in": sign_in, "/note": note, "/wrong": wrong}
    return pages | {"/raw": show, "/out": sign_out}


def planted(site, browser, store, data):
    """A browser whose session was saved with these data, by another version of the program."""
    browser.get("/in?name=Mira")
    row = site.run(store.get(browser.sid))
    site.run(store.set(browser.sid, {**data, "cookie": row["cookie"], "_session": row["_session"]}))
    return browser.sid


@BOTH
@EACH
def test_what_a_handler_changes_in_the_model_is_saved(site, model):
    """Attributes that are set and lists that are appended to are there at the next request."""
    browser = site(handlers(model), model=model).browser()
    browser.get("/in?name=Mira")
    browser.get("/note?text=tea")
    browser.get("/note?text=milk")
    assert {"name": "Mira", "notes": ["tea", "milk"]} == browser.get("/").json()
    assert {"name": "Mira", "notes": ["tea", "milk"]} == browser.get("/raw").json()


@BOTH
@EACH_INSTANCE
def test_who_only_looks_costs_nothing(site, store, model):
    """An instance of defaults that nobody changed is not saved, and sets no cookie."""
    browser = site(handlers(model), model=model).browser()
    assert {"name": "", "notes": []} == browser.get("/").json()
    assert browser.cookie is None
    browser.get("/in?name=Mira")
    store.calls.clear()
    browser.get("/")
    assert {"get": 1} == dict(store.calls)


@BOTH
@EACH
def test_what_does_not_fit_is_not_saved(site, model):
    """A change that breaks the model is an error at that request; the session stays as it was."""
    pages = site(handlers(model), model=model)
    browser = pages.browser()
    browser.get("/in?name=Mira")
    assert 500 == browser.get("/wrong").status_code
    assert "Mira" == browser.get("/").json()["name"]


@EACH
@pytest.mark.parametrize("gateway", ["wsgi"], indirect=True)
def test_the_error_names_the_key_and_never_the_value(site, model):
    """What a handler meets that saves data which do not fit: the key, and what was expected."""
    said = []

    def wrong(request):
        request.session["name"] = ["a secret"]
        try:
            request.session.save()
        except InvalidSession as error:
            said.append(error)
        request.session.clear()
        return {}

    site({"/": wrong}, model=model).browser().get("/")
    (error,) = said
    assert f"the session does not fit {model.__name__}: name: expected str" in str(error)
    assert "secret" not in "".join(traceback.format_exception(error))


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
@EACH
def test_keys_of_others_stay(site, store, model):
    """What the model does not know is left alone: flash messages, tokens, another program's."""

    def flash(request):
        request.session.flash("Saved.")
        request.session.csrf_token()
        request.session["theirs"] = {"x": [1]}
        return {}

    pages = site(handlers(model) | {"/flash": flash}, model=model)
    browser = pages.browser()
    browser.get("/flash")
    browser.get("/in?name=Mira")
    row = pages.run(store.get(browser.sid))
    assert {"_flash", "_csrf", "theirs", "name"} <= set(row)


@BOTH
@EACH_INSTANCE
def test_signing_out_is_not_undone_by_an_instance(site, store, model):
    """After `destroy`, `clear` and `regenerate` a changed instance brings nothing back."""

    def leave(way):
        def handler(request):
            accounts.rename(typed(request.session, model), "changed")
            getattr(request.session, way)()
            return {}

        return handler

    ways = ("destroy", "clear", "regenerate")
    pages = site(handlers(model) | {f"/{way}": leave(way) for way in ways}, model=model)
    for way in ways:
        browser = pages.browser()
        browser.get("/in?name=Mira")
        browser.get(f"/{way}")
        assert {} == browser.get("/raw").json()


@BOTH
@EACH_INSTANCE
def test_the_session_and_its_instance_may_both_change(site, model):
    """Keys that are set or deleted in the session itself, and others in the instance, all count."""

    def both(request):
        account = typed(request.session, model)
        assert account is typed(request.session, model)
        accounts.rename(account, "Jonas")
        del request.session["notes"]
        request.session["theirs"] = 1
        return {}

    browser = site(handlers(model) | {"/both": both}, model=model).browser()
    browser.get("/in?name=Mira")
    browser.get("/note?text=tea")
    browser.get("/both")
    assert {"name": "Jonas", "theirs": 1} == browser.get("/raw").json()


@BOTH
@EACH
def test_put_makes_an_instance_the_data(site, model):
    """`put` replaces all that the model knows, and nothing else."""

    def replace(request):
        request.session["theirs"] = 1
        account = {"name": "Jonas"} if model is Loose else model(name="Jonas")
        put(request.session, account)
        accounts.notes(typed(request.session, model)).append("after")
        return {}

    browser = site(handlers(model) | {"/put": replace}, model=model).browser()
    browser.get("/in?name=Mira")
    browser.get("/note?text=tea")
    browser.get("/put")
    expected = {"name": "Jonas", "notes": ["after"], "theirs": 1}
    assert expected == browser.get("/raw").json()


@dataclass
class Customer:
    """A model that a session without data does not fit."""

    name: str


class Member(msgspec.Struct):
    name: str


@BOTH
@pytest.mark.parametrize("model", [Customer, Member])
def test_a_field_without_a_default_is_put_first(site, model):
    """While it is missing `typed` says so; a session that has none of the model may be saved."""

    def account(request):
        try:
            return {"name": typed(request.session, model).name}
        except InvalidSession as error:
            request.session.flash("Sign in first.")
            return {"error": str(error)}

    def sign_in(request):
        put(request.session, model(name="Mira"))
        return {}

    browser = site({"/": account, "/in": sign_in}, model=model).browser()
    assert "name: expected a value, and it is missing" in browser.get("/").json()["error"]
    assert browser.cookie
    browser.get("/in")
    assert {"name": "Mira"} == browser.get("/").json()


@BOTH
@EACH_INSTANCE
def test_an_instance_that_cannot_be_written_is_invalid(site, model, caplog):
    """A value that is no data at all is refused at that request, and the session stays."""

    def wrong(request):
        accounts.rename(typed(request.session, model), object())
        return {}

    browser = site(handlers(model) | {"/object": wrong}, model=model).browser()
    browser.get("/in?name=Mira")
    assert 500 == browser.get("/object").status_code
    assert "Mira" == browser.get("/").json()["name"]


@BOTH
def test_a_sign_in_by_the_model_rotates_the_id(site):
    """The owner is found in what an instance writes, and so the id changes with it."""
    browser = site(handlers(Struct), model=Struct, owner="name").browser()
    browser.get("/note?text=tea")
    before = browser.sid
    browser.get("/in?name=Mira")
    assert before != browser.sid
    assert {"name": "Mira", "notes": ["tea"]} == browser.get("/").json()


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


@BOTH
def test_without_a_model_there_is_no_typed_view(site):
    """`typed` says which option is missing, or which model was given, and what is no session."""
    said = []

    def ask(request):
        for model in (Plain, Struct):
            try:
                typed(request.session, model)
            except TypeError as error:
                said.append(str(error))
        return {}

    site({"/": ask}).browser().get("/")
    site({"/": ask}, model=Pydantic).browser().get("/")
    assert ["model=Plain", "model=Struct", "model=Pydantic", "model=Pydantic"] == [
        words.split()[-1] for words in said
    ]
    with pytest.raises(TypeError, match="no session"):
        typed({}, Plain)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"model": int}, TypeError, "model is a TypedDict"),
        ({"model": Plain()}, TypeError, "model is a TypedDict"),
        ({"migrate": give_up}, ValueError, "migrate needs model"),
        ({"model": Plain, "migrate": "x"}, TypeError, "migrate is a plain function"),
    ],
)
def test_wrong_options_are_errors_when_the_application_is_built(site, options, error, words):
    """What is no model, and a migration without one, are refused by name."""
    with pytest.raises(error, match=words):
        site({}, **options)
