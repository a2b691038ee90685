"""The configuration of Litestar's sessions: Litestar's names, and what cannot be."""

import asyncio

import pytest
from litestar import Litestar, Request, get
from litestar.exceptions import ImproperlyConfiguredException
from litestar.testing import TestClient

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed
from connect_sqlite.litestar import AAL3, SessionConfig

from .litestar_site import BASIC, SECRET


def test_the_fields_may_be_set_after_the_config_was_made(litestar_site):
    """`domain`, `key` and `max_age` count as they are when a request comes."""
    site = litestar_site(*BASIC)
    site.config.domain, site.config.key, site.config.max_age = "testserver.local", "sid", 60
    (cookie,) = site.client().post("/count").headers.get_list("set-cookie")
    assert cookie.startswith("sid=")
    assert "; Domain=testserver.local; Path=/; " in cookie
    assert "; Max-Age=60; " in cookie


def test_a_session_lives_as_long_as_litestars(litestar_site):
    """The cookie and the row end after 14 days; with `max_age=None` the cookie with the browser."""
    site_14 = litestar_site(*BASIC)
    assert "Max-Age=1209600;" in site_14.client().post("/count").headers["set-cookie"]
    (row,) = site_14.rows.all()
    assert 1_209_600 == row.expires.timestamp() - site_14.clock()
    cookie = litestar_site(*BASIC, max_age=None).client().post("/count").headers["set-cookie"]
    assert "Max-Age" not in cookie
    assert "Expires" not in cookie


def test_timeouts_are_the_servers(litestar_site):
    """A preset of timeouts holds here too, whatever the cookie says."""
    site = litestar_site(*BASIC, **AAL3)
    client = site.client()
    client.post("/count")
    site.clock.advance(15 * 60 + 1)
    assert {} == client.get("/").json()


def installed(request: Request) -> dict[str, bool]:
    return {"installed": "session" in request.scope}


@get("/north")
async def north(request: Request) -> dict[str, bool]:
    return installed(request)


@get("/south", no_session=True)
async def south(request: Request) -> dict[str, bool]:
    return installed(request)


@get("/west")
async def west(request: Request) -> dict[str, bool]:
    return installed(request)


@pytest.mark.parametrize("options", [{"exclude": ["east", "north"]}, {"skip": ["/north"]}])
def test_some_paths_have_no_session(litestar_site, options):
    """`exclude` and `exclude_opt_key` leave routes out, and so does our own `skip`."""
    site = litestar_site(north, south, west, exclude_opt_key="no_session", **options)
    client = site.client()
    has = [client.get(path).json()["installed"] for path in ("/north", "/south", "/west")]
    assert [False, False, True] == has


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"secret": ""}, ValueError, "secret"),
        ({"name": "sid"}, TypeError, "called key"),
        ({"key": ""}, ImproperlyConfiguredException, "key"),
        ({"max_age": 0}, ImproperlyConfiguredException, "max_age"),
        ({"samesite": "none"}, ValueError, "secure"),
        ({"idle": 3}, TypeError, "idle"),
        ({"cookie": {"colour": 1}}, TypeError, "colour"),
        ({"cookie": {"max_age": 60}}, TypeError, "max_age"),
        ({"cookie": lambda request: {}}, TypeError, "dict"),
        ({"sessions_per_owner": 3}, ValueError, "owner"),
        ({"store": SQLiteStore()}, TypeError, "AsyncSQLiteStore"),
    ],
)
def test_what_cannot_be_is_said_when_the_config_is_made(options, error, words):
    """An option that does not exist, or a value that could not work, is an error at once."""
    given = {"store": AsyncSQLiteStore(), "secret": SECRET, **options}
    with pytest.raises(error, match=words):
        SessionConfig(given.pop("store"), **given)


def test_the_config_does_not_show_the_secret():
    """The secret is not in what is printed of the configuration."""
    assert SECRET not in repr(SessionConfig(AsyncSQLiteStore(), secret=SECRET))


def test_a_store_given_by_its_path_is_opened_and_closed(tmp_path):
    """A path is opened with an index on the owner, closed at shutdown, and opened again."""
    config = SessionConfig(tmp_path / "own.db", secret=SECRET, owner="user.id")
    app = Litestar(BASIC, middleware=[config.middleware], on_shutdown=[config.close])
    for expected in (1, 2):
        with TestClient(app) as client:
            client.post("/in")
            store = config.sessions.store
            assert {"user.id"} == set(store.indexes)
        with pytest.raises(StoreClosed):
            asyncio.run(store.length())
        with SQLiteStore(tmp_path / "own.db", indexes=("user.id",)) as rows:
            assert expected == len(rows.find("user.id", 7))
