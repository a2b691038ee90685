"""Sessions with a model: checked when they are loaded and before they are saved."""

import traceback
from dataclasses import dataclass

import msgspec
import pytest

from connect_sqlite import InvalidSession, SessionGone
from connect_sqlite.typed import put, typed

from . import accounts
from .accounts import EACH, EACH_INSTANCE, Loose, Plain, Pydantic, Struct, handlers
from .conftest import BOTH
from .site import show


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
@EACH_INSTANCE
def test_defaults_are_kept_with_the_first_change(site, model):
    """What a default was stays so, also when a later version of the model has another."""
    browser = site(handlers(model), model=model).browser()
    browser.get("/in?name=Mira")
    assert {"name": "Mira", "notes": []} == browser.get("/raw").json()


class Sparse(msgspec.Struct, omit_defaults=True):
    """A model that leaves out of the data what is as it was given."""

    name: str = ""
    notes: list[str] = []


@BOTH
def test_what_a_model_leaves_out_is_removed(site):
    """A field that an instance does not write any more is gone from the session."""

    def reset(request):
        typed(request.session, Sparse).name = ""
        return {}

    browser = site(handlers(Sparse) | {"/reset": reset}, model=Sparse).browser()
    browser.get("/in?name=Mira")
    browser.get("/note?text=tea")
    browser.get("/reset")
    assert {"notes": ["tea"]} == browser.get("/raw").json()


@pytest.mark.parametrize("gateway", ["wsgi"], indirect=True)
@EACH
def test_reloading_checks_and_forgets_instances(site, store, model):
    """After `reload` the instance is of what was stored; of what does not fit there is none."""
    said = []

    def reload(request):
        session = request.session
        accounts.rename(typed(session, model), "not saved")
        session.reload()
        said.append(accounts.name(typed(session, model)))
        store.merge(session.id, {"name": 7})
        try:
            session.reload()
        except SessionGone as error:
            said.append(str(error))
        return {}

    browser = site(handlers(model) | {"/reload": reload}, model=model).browser()
    browser.get("/in?name=Mira")
    browser.get("/reload")
    assert ["Mira", "the session does not fit its model any more"] == said


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
            if "stay" in request.query_params:
                request.session["theirs"] = 1
            return {}

        return handler

    ways = ("destroy", "clear", "regenerate")
    pages = site(handlers(model) | {f"/{way}": leave(way) for way in ways}, model=model)
    for way in ways:
        browser = pages.browser()
        browser.get("/in?name=Mira")
        browser.get(f"/{way}")
        assert {} == browser.get("/raw").json()
    for way in ("destroy", "regenerate"):
        browser.get("/in?name=Mira")
        browser.get(f"/{way}?stay=1")
        assert {"theirs": 1} == browser.get("/raw").json()


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

    browser = site({"/": account, "/in": sign_in, "/raw": show}, model=model).browser()
    assert "name: expected a value, and it is missing" in browser.get("/").json()["error"]
    assert ["_flash"] == list(browser.get("/raw").json())
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
        ({"migrate": dict}, ValueError, "migrate needs model"),
        ({"model": Plain, "migrate": "x"}, TypeError, "migrate is a plain function"),
    ],
)
def test_wrong_options_are_errors_when_the_application_is_built(site, options, error, words):
    """What is no model, and a migration without one, are refused by name."""
    with pytest.raises(error, match=words):
        site({}, **options)
