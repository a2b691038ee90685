"""Typed sessions at every door that has sessions of ours: the same model, checked alike."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiohttp_session import get_session
from litestar import Request, get

from connect_sqlite import handle_of
from connect_sqlite.typed import typed

from . import aiohttp_site, flask_like_site, litestar_site, pyramid_site


@dataclass
class Account:
    name: str = ""
    notes: list[str] = field(default_factory=list)


class Visit(msgspec.Struct):
    began: datetime | None = None


NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def show(session):
    account = typed(session, Account)
    return {"name": account.name, "notes": account.notes}


def sign_in(session):
    typed(session, Account).name = "Mira"
    typed(session, Account).notes.append("tea")
    return {}


def wrong(session):
    typed(session, Account).name = 7
    return {}


VIEWS = {"/": show, "/in": sign_in, "/wrong": wrong}


class Pyramid:
    def __init__(self, path, **options):
        views = {p: lambda request, view=view: view(request.session) for p, view in VIEWS.items()}
        self.site = pyramid_site.Site(path, views, **options)
        self.rows, self.browser = self.site.store, self.site.browser()

    def get(self, path):
        return self.browser.get(path).json

    def close(self):
        self.site.close()


class FlaskLike:
    kind = "flask"

    def __init__(self, path, **options):
        self.site = flask_like_site.SITES[self.kind](path, VIEWS, **options)
        self.rows, self.browser = self.site.rows, self.site.browser()

    def get(self, path):
        answer = self.browser(path)
        assert answer.status == 200, "refused"
        return answer.json

    def close(self):
        self.site.close()


class Quart(FlaskLike):
    kind = "quart"


class Litestar:
    def __init__(self, path, **options):
        def handler(where, view):
            async def handle(request: Request) -> dict[str, Any]:
                return view(request.session)

            return get(where)(handle)

        handlers = [handler(where, view) for where, view in VIEWS.items()]
        self.site = litestar_site.Site(path, handlers, **options)
        self.rows, self.browser = self.site.rows, self.site.client()

    def get(self, path):
        answer = self.browser.get(path)
        assert answer.status_code == 200, "refused"
        return answer.json()

    def close(self):
        self.site.close()


class Aiohttp:
    def __init__(self, path, **options):
        def handler(view):
            async def handle(request):
                return view(await get_session(request))

            return handle

        handlers = {where: handler(view) for where, view in VIEWS.items()}
        self.site = aiohttp_site.Site(path, handlers, **options)
        self.rows, self.browser = self.site.rows, self.site.browser()

    def get(self, path):
        answer = self.browser.get(path)
        assert answer.status == 200, "refused"
        return msgspec.json.decode(answer.body)

    def close(self):
        self.site.close()


EACH = pytest.mark.parametrize("door", [Pyramid, FlaskLike, Quart, Litestar, Aiohttp])


@pytest.fixture
def site(door, tmp_path):
    sites = []

    def make(**options):
        sites.append(door(tmp_path / "sessions.db", model=Account, **options))
        return sites[-1]

    yield make
    for each in sites:
        each.close()


def plant(site, **data):
    """Change the only session's row, as another version of the program would have."""
    (row,) = site.rows.all()
    site.rows.merge(row.id, data)
    return row.id


@EACH
@aiohttp_site.IGNORING
def test_an_instance_is_kept(site):
    """What a handler changes in its instance is there at the next request."""
    site = site()
    assert {"name": "", "notes": []} == site.get("/")
    assert 0 == site.rows.length()
    for notes in (["tea"], ["tea", "tea"]):
        site.get("/in")
        assert {"name": "Mira", "notes": notes} == site.get("/")


@EACH
@aiohttp_site.IGNORING
def test_what_does_not_fit_is_not_saved(site):
    """It is an error at that request, and the session stays as it was."""
    site = site()
    site.get("/in")
    with pytest.raises((AssertionError, ValueError), match=r"refused|does not fit"):
        site.get("/wrong")
    assert "Mira" == site.get("/")["name"]


@EACH
@aiohttp_site.IGNORING
def test_a_misfit_starts_anew_or_is_migrated(site, caplog):
    """Without `migrate` it is ended, and said in the log by its handle; with it, it fits again."""
    plain = site()
    plain.get("/in")
    sid = plant(plain, name=["Mira", "Sol"])
    assert "" == plain.get("/")["name"]
    assert 0 == plain.rows.length()
    assert handle_of(sid) in caplog.text
    helped = site(migrate=lambda data: {**data, "name": " ".join(data["name"])})
    helped.get("/in")
    plant(helped, name=["Mira", "Sol"])
    assert {"name": "Mira Sol", "notes": ["tea"]} == helped.get("/")


@pytest.mark.parametrize("kind", ["flask", "quart"])
def test_a_struct_writes_what_it_reads_beside_flasks_tags(tmp_path, kind):
    """A Struct's time is kept as the Struct has it; one that Flask would tag does not fit it."""
    views = {
        "/": lambda session: {"began": str(typed(session, Visit).began)},
        "/begin": lambda session: setattr(typed(session, Visit), "began", NOON) or {},
        "/tagged": lambda session: session.update(began=NOON) or {},
    }
    site = flask_like_site.SITES[kind](tmp_path / "sessions.db", views, model=Visit)
    get = site.browser()
    get("/begin")
    assert {"began": str(NOON)} == get("/").json
    assert 500 == get("/tagged").status
    assert {"began": str(NOON)} == get("/").json
    site.close()
