"""The configuration of aiohttp's sessions: aiohttp-session's names, and what cannot be."""

import aiohttp_session
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from connect_sqlite import AsyncSQLiteStore, SQLiteStore
from connect_sqlite.aiohttp import AAL3, SessionStorage

from .aiohttp_site import BASIC, IGNORING, SECRET

pytestmark = IGNORING


def test_the_cookie_is_as_aiohttp_sessions_options_say(aiohttp_site):
    """Name, domain, path, `Secure`, `HttpOnly` and `SameSite` are what the options say."""
    site = aiohttp_site(
        BASIC,
        cookie_name="sid",
        domain="127.0.0.1",
        path="/count",
        httponly=False,
        samesite="Strict",
        cookie={"priority": "high"},
    )
    (cookie,) = site.browser().get("/count").set_cookies
    name, _, rest = cookie.partition("=")
    assert "sid" == name
    expected = "; Domain=127.0.0.1; Path=/count; Priority=High; SameSite=Strict"
    assert rest.endswith(expected)


def test_by_default_the_cookie_is_the_one_of_all_others(aiohttp_site):
    """Without options the cookie is what the other frameworks' sessions send, and is shared."""
    (cookie,) = aiohttp_site(BASIC).browser().get("/count").set_cookies
    assert cookie.startswith("connect.sid=s%3A")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")


def test_the_storage_tells_its_settings():
    """`cookie_name`, `max_age` and `cookie_params` say what was configured."""
    storage = SessionStorage(AsyncSQLiteStore(), secret=SECRET, max_age=60, secure=True)
    assert ("connect.sid", 60) == (storage.cookie_name, storage.max_age)
    assert (True, "/") == (storage.cookie_params["secure"], storage.cookie_params["path"])


def test_timeouts_are_the_servers(aiohttp_site):
    """A preset of timeouts holds here too, whatever the cookie says."""
    site = aiohttp_site(BASIC, **AAL3)
    browser = site.browser()
    browser.get("/count")
    site.clock.advance(15 * 60 + 1)
    assert "{}" == browser.get("/").text


@pytest.mark.parametrize("options", [{"skip": ["/"]}, {"path": "/elsewhere"}])
def test_a_path_without_sessions_has_none(aiohttp_site, options):
    """Asking for a session where the options say that there is none is an error."""
    site = aiohttp_site(BASIC, **options)
    assert 500 == site.browser().get("/count").status


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"secret": ""}, ValueError, "secret"),
        ({"name": "sid"}, TypeError, "called cookie_name"),
        ({"encoder": str}, TypeError, "encoder"),
        ({"samesite": "None"}, ValueError, "secure"),
        ({"max_age": -1}, ValueError, "max_age"),
        ({"cookie": {"colour": 1}}, TypeError, "colour"),
        ({"cookie": {"max_age": 60}}, TypeError, "max_age"),
        ({"cookie": lambda request: {}}, TypeError, "dict"),
        ({"sessions_per_owner": 3}, ValueError, "owner"),
        ({"store": SQLiteStore()}, TypeError, "AsyncSQLiteStore"),
    ],
)
def test_what_cannot_be_is_said_when_the_storage_is_made(options, error, words):
    """An option that does not exist, or a value that could not work, is an error at once."""
    given = {"store": AsyncSQLiteStore(), "secret": SECRET, **options}
    with pytest.raises(error, match=words):
        SessionStorage(given.pop("store"), **given)


def test_a_store_given_by_its_path_is_opened_and_closed(aiohttp_site, tmp_path):
    """A path is opened with an index on the owner, and closed as the application ends."""
    site = aiohttp_site({})
    storage = SessionStorage(tmp_path / "own.db", secret=SECRET, owner="user.id")

    async def visit():
        app = web.Application()
        aiohttp_session.setup(app, storage)
        app.on_cleanup.append(storage.close)
        app.router.add_get("/in", _answering(BASIC["/in"]))
        async with TestClient(TestServer(app)) as client, client.get("/in") as answer:
            return answer.status

    assert 200 == site.runner.run(visit())
    assert not (tmp_path / "own.db-wal").exists()
    with SQLiteStore(tmp_path / "own.db", indexes=("user.id",)) as rows:
        assert 1 == len(rows.find("user.id", 7))


def _answering(handler):
    async def answering(request):
        return web.json_response(await handler(request))

    return answering


async def anew(request):
    (await aiohttp_session.new_session(request))["n"] = 1
    return {}


@pytest.mark.parametrize("path", ["/count", "/anew"])
@pytest.mark.parametrize(("secure", "expected"), [("auto", True), (None, False), (True, True)])
def test_the_cookie_is_secure_on_https(aiohttp_site, path, secure, expected):
    """By default the cookie is `Secure` when the request came over HTTPS; None is never."""
    site = aiohttp_site({**BASIC, "/anew": anew}, secure=secure, proxy=True)
    (cookie,) = site.browser().get(path, headers={"X-Forwarded-Proto": "https"}).set_cookies
    assert expected == ("; Secure" in cookie)


@pytest.mark.parametrize("path", ["/count", "/anew"])
def test_ids_are_made_from_the_request(aiohttp_site, path):
    """`genid` is given aiohttp's request, also for a `new_session`."""
    site = aiohttp_site({**BASIC, "/anew": anew}, genid=lambda request: f"of {request.path}")
    site.browser().get(path)
    assert [f"of {path}"] == site.rows.ids()
