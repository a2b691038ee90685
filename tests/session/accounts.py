"""The same model of an account in four ways, and what tests do with whichever it is."""

from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

import msgspec
import pydantic
import pytest

from connect_sqlite.typed import typed

from .site import show, sign_out


class Loose(TypedDict):
    """As a `TypedDict`: the session itself."""

    name: NotRequired[str]
    notes: NotRequired[list[str]]


@dataclass
class Plain:
    name: str = ""
    notes: list[str] = field(default_factory=list)


class Struct(msgspec.Struct):
    name: str = ""
    notes: list[str] = []


class Pydantic(pydantic.BaseModel):
    name: str = ""
    notes: list[str] = []


INSTANCES = [Plain, Struct, Pydantic]
ALL = [Loose, *INSTANCES]


def name(account):
    return account.get("name", "") if isinstance(account, dict) else account.name


def notes(account):
    return account.setdefault("notes", []) if isinstance(account, dict) else account.notes


def rename(account, value):
    if isinstance(account, dict):
        account["name"] = value
    else:
        account.name = value


EACH = pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
EACH_INSTANCE = pytest.mark.parametrize("model", INSTANCES, ids=lambda model: model.__name__)


def handlers(model):
    """Pages that use the session by its model only."""

    def account(request):
        found = typed(request.session, model)
        return {"name": name(found), "notes": list(notes(found))}

    def sign_in(request):
        rename(typed(request.session, model), request.query_params["name"])
        return {}

    def note(request):
        notes(typed(request.session, model)).append(request.query_params["text"])
        return {}

    def wrong(request):
        rename(typed(request.session, model), 7)
        return {}

    pages = {"/": account, "/in": sign_in, "/note": note, "/wrong": wrong}
    return pages | {"/raw": show, "/out": sign_out}


def planted(site, browser, store, data):
    """A browser whose session was saved with these data, by another version of the program."""
    browser.get("/in?name=Mira")
    row = site.run(store.get(browser.sid))
    site.run(store.set(browser.sid, {**data, "cookie": row["cookie"], "_session": row["_session"]}))
    return browser.sid
