"""Flask's and Quart's settings and overrides, the options that are ours, and a store that fails."""

from datetime import UTC, datetime

import pytest

from connect_sqlite import AsyncSQLiteStore, InvalidSession, SQLiteStore, StoreBusy, handle_of
from connect_sqlite.testing import Clock

from .flask_like_site import SECRET, SITES, count, nothing, show

DAY = 86_400


@pytest.fixture(params=SITES)
def kind(request):
    return SITES[request.param]


@pytest.fixture
def site(kind, tmp_path):
    """Builds a site of these views in Flask, or Quart; it is closed in the end."""
    sites = []

    def build(views, *, subclass=None, **options):
        chosen = kind if subclass is None else type(kind.__name__, (kind,), {"door": subclass})
        sites.append(chosen(tmp_path / "sessions.db", views, **options))
        return sites[-1]

    yield build
    for each in sites:
        each.close()


@pytest.fixture
def overriding(kind):
    """Makes a door whose interface overrides these methods."""

    def make(**methods):
        interface = type("Interface", (kind.door.SessionInterface,), methods)
        return type("Door", (), {"SessionInterface": interface})

    return make


def test_without_a_secret_key_the_first_write_says_so(site):
    """Reading is allowed, writing raises the framework's own error (case 23)."""

    def write(session):
        with pytest.raises(RuntimeError, match="secret key"):
            session["a"] = 1
        return show(session)

    pages = site({"/": write}, config={"SECRET_KEY": None})
    answer = pages.browser()("/")
    assert (200, {}) == (answer.status, answer.json)


def test_a_secret_that_was_replaced_is_accepted_as_a_fallback(site):
    """`SECRET_KEY_FALLBACKS` are accepted, and the present key signs what is sent."""
    pages = site({"/": count})
    visit = pages.browser()
    old = visit("/").cookie()[0]
    pages.app.config.update(SECRET_KEY="another " + SECRET, SECRET_KEY_FALLBACKS=[SECRET])
    new = visit("/").cookie()[0]
    assert (old.split(".")[0], "2") == (new.split(".")[0], str(pages.row()["visits"]))
    assert old != new
    pages.app.config.update(SECRET_KEY_FALLBACKS=[])
    assert "3" == visit("/").text
    pages.app.config.update(SECRET_KEY="a third " + SECRET)
    assert "1" == visit("/").text


def test_a_short_key_is_warned_of(site, kind):
    """A key that can be guessed works, with a warning that says how to make one."""
    pages = site({"/": count}, config={"SECRET_KEY": f"dev {kind.__name__}"})
    visit = pages.browser()
    with pytest.warns(UserWarning, match=r"secrets\.token_urlsafe"):
        visit("/")
    assert "2" == visit("/").text


def test_an_unknown_id_is_never_adopted(site):
    """A cookie that somebody made up, or that is over, gets another id."""
    pages = site({"/": count})
    visit = pages.browser()
    value = visit("/").cookie()[0]
    pages.rows.clear()
    assert ("1", False) == (visit("/").text, value == visit("/").cookie()[0])
    pretended = pages.browser(use_cookies=False)
    for made_up in ("s%3Aabc", "abc", "s%3Aabc.def"):
        assert "1" == pretended("/", headers={"Cookie": f"session={made_up}"}).text


SETTINGS = {
    "SESSION_COOKIE_NAME": ("sid", None),
    "SESSION_COOKIE_DOMAIN": (".example.com:8080", ("Domain", "example.com")),
    "SESSION_COOKIE_PATH": ("/ä", ("Path", "/%C3%A4")),
    "APPLICATION_ROOT": ("/root", ("Path", "/root")),
    "SESSION_COOKIE_SECURE": (True, ("Secure", "")),
    "SESSION_COOKIE_SAMESITE": ("Strict", ("SameSite", "Strict")),
    "SESSION_COOKIE_PARTITIONED": (True, ("Partitioned", "")),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_each_setting_of_the_cookie_means_what_it_says(site, setting):
    """The cookie has what its settings say, also over plain HTTP, as from the framework itself."""
    value, attribute = SETTINGS[setting]
    name = value if setting == "SESSION_COOKIE_NAME" else "session"
    _, attributes = site({"/": count}, config={setting: value}).browser()("/").cookie(name)
    expected = {"Path": "/", "HttpOnly": ""} | dict([attribute] if attribute else ())
    if setting == "SESSION_COOKIE_PARTITIONED":
        expected["Secure"] = ""
    assert expected == attributes


def test_the_cookie_may_be_open_to_scripts(site):
    """`SESSION_COOKIE_HTTPONLY` can be switched off."""
    pages = site({"/": count}, config={"SESSION_COOKIE_HTTPONLY": False})
    assert {"Path": "/"} == pages.browser()("/").cookie()[1]


def test_a_setting_that_no_browser_would_take_is_named(site):
    """`SameSite=None` without `Secure` is an error that says so, not a cookie that is dropped."""
    config = {"SESSION_COOKIE_SAMESITE": "None", "PROPAGATE_EXCEPTIONS": True}
    pages = site({"/": count}, config=config)
    with pytest.raises(ValueError, match=r"SESSION_COOKIE_…: .*set secure=True"):
        pages.browser()("/")


def test_settings_may_depend_on_the_request(site, overriding):
    """Overrides of `get_cookie_name` and its siblings see the request, and what it has in `g`."""

    def get_cookie_name(self, app):
        return "shop" if pages.module.request.path.startswith("/shop") else "session"

    def get_cookie_domain(self, app):
        return pages.module.g.domain

    def prepare(app):
        @app.before_request
        def domain():
            pages.module.g.domain = f"{pages.module.request.args['at']}.example"

    door = overriding(get_cookie_name=get_cookie_name, get_cookie_domain=get_cookie_domain)
    pages = site({"/": count, "/shop": count}, subclass=door, prepare=prepare)
    visit = pages.browser()
    assert "a.example" == visit("/?at=a").cookie("session")[1]["Domain"]
    assert "b.example" == visit("/shop?at=b").cookie("shop")[1]["Domain"]
    assert 2 == pages.rows.length()


def test_an_expiration_of_ones_own_is_kept_to(site, overriding):
    """An override of `get_expiration_time` says when cookie and row end, and pages that only read
    write nothing for that."""
    now = Clock(1_800_000_000.0)

    def get_expiration_time(self, app, session):
        # A moment before the row is written, as in life.
        return datetime.fromtimestamp(now() + 3600 - 0.001, UTC)

    door = overriding(get_expiration_time=get_expiration_time)
    pages = site({"/": count, "/plain": nothing}, subclass=door, clock=now)
    visit = pages.browser()
    assert "3600" == visit("/").cookie()[1]["Max-Age"]
    assert 3600 == pages.row().expires.timestamp() - now()
    pages.store.calls.clear()
    visit("/plain")
    assert {"get": 1} == pages.store.calls


def test_when_the_cookie_is_sent_may_be_ones_own_choice(site, overriding):
    """An override of `should_set_cookie` has the cookie sent by a page that only reads."""
    door = overriding(should_set_cookie=lambda self, app, session: True)
    pages = site({"/": count, "/plain": nothing}, subclass=door)
    visit = pages.browser()
    assert visit("/").cookie() == visit("/plain").cookie()


def test_what_an_override_looks_at_is_no_look_of_the_page(site, overriding):
    """A page that leaves the session alone sends no `Vary`, though an override reads it."""
    door = overriding(should_set_cookie=lambda self, app, session: "sent" in session)
    pages = site({"/": count, "/plain": nothing}, subclass=door)
    visit = pages.browser()
    visit("/")
    assert [] == visit("/plain").vary


def test_a_sign_in_gets_a_new_id(site):
    """With `owner` the id rotates as somebody signs in, and the old one is dead."""

    def sign_in(session):
        session["user"] = {"id": 7}
        return "signed in"

    options = {"owner": "user.id", "store": {"indexes": ("user.id",)}}
    pages = site({"/": count, "/sign-in": sign_in}, **options)
    visit = pages.browser()
    visit("/")
    before = pages.row().id
    visit("/sign-in")
    assert before != pages.row().id
    assert {"visits": 1, "user": {"id": 7}} == {key: pages.row()[key] for key in ("visits", "user")}


def test_more_sessions_than_an_owner_may_have_are_refused(site):
    """With `at_limit="refuse"` one sign-in too many is answered 403, and makes no session."""

    def sign_in(session):
        session["user"] = 7
        return "signed in"

    options = {"owner": "user", "sessions_per_owner": 1, "at_limit": "refuse"}
    pages = site({"/": sign_in}, store={"indexes": ("user",)}, **options)
    assert 200 == pages.browser()("/").status
    answer = pages.browser()("/")
    assert (403, []) == (answer.status, answer.all("Set-Cookie"))
    assert 1 == pages.rows.length()


def test_timeouts_end_a_session(site):
    """`idle_timeout` and `absolute_timeout` are the server's own."""
    pages = site({"/": count}, idle_timeout=60, absolute_timeout=100)
    visit = pages.browser()
    visit("/")
    pages.clock.advance(59)
    assert "2" == visit("/").text
    pages.clock.advance(59)
    assert "1" == visit("/").text


def test_skipped_paths_have_a_session_that_is_kept_nowhere(site):
    """`skip` leaves paths out, without a read; what they put into the session is dropped."""
    pages = site({"/": count, "/static": count, "/static/file": nothing}, skip=("/static",))
    visit = pages.browser()
    visit("/")
    pages.store.calls.clear()
    answer = visit("/static")
    assert ("1", []) == (answer.text, answer.all("Set-Cookie"))
    assert [] == visit("/static/file").vary
    assert 0 == pages.store.calls.total()


def test_an_id_may_be_made_from_the_request(site):
    """`genid` is given the framework's request."""
    pages = site({"/tenant": count}, genid=lambda request: f"{request.path[1:]}-7")
    pages.browser()("/tenant")
    assert "tenant-7" == pages.row().id


def test_hooks_are_told(site):
    """`on_created` is told of a session by its handle."""
    events = []
    pages = site({"/": count}, on_created=events.append)
    pages.browser()("/")
    assert [handle_of(pages.row().id)] == [event.handle for event in events]


@pytest.mark.parametrize(
    "option", ["secret", "name", "cookie", "rolling", "proxy", "unset", "max_age", "app"]
)
def test_an_option_that_is_a_setting_is_refused(kind, option, tmp_path):
    """An option for which the framework has a setting, or that is none, is named at once."""
    with pytest.raises(TypeError, match=option):
        kind.door.SessionInterface(tmp_path / "sessions.db", **{option: "x"})


def test_the_wrong_kind_of_store_is_refused(kind):
    """A store that is awaited for Flask, or that blocks for Quart, is an error that says so."""
    wrong = AsyncSQLiteStore if kind.__name__ == "FlaskSite" else SQLiteStore
    with pytest.raises(TypeError, match=wrong.__name__):
        kind.door.SessionInterface(wrong(":memory:"))


def fail(session):
    session["left"] = "behind"
    raise RuntimeError("no")


@pytest.mark.parametrize("saves", [False, True])
def test_a_view_that_fails_saves_nothing(site, saves):
    """What a view did before it failed is dropped, unless `save_on_error` says so (case 13)."""
    pages = site({"/": count, "/fail": fail, "/show": show}, save_on_error=saves)
    visit = pages.browser()
    visit("/")
    assert 500 == visit("/fail").status
    assert saves == ("left" in visit("/show").json)


def test_an_error_that_is_answered_is_saved(site):
    """A counter that is raised by a view that ends in 401 goes on (case 9)."""

    def refuse(session):
        session["failed"] = session.get("failed", 0) + 1
        pages.module.abort(401, description=str(session["failed"]))

    pages = site({"/": refuse, "/show": show})
    visit = pages.browser()
    assert [401, 401] == [visit("/").status for _ in range(2)]
    assert {"failed": 2} == visit("/show").json


def test_a_value_that_cannot_be_kept_fails_the_request(site):
    """A set in the session is an error that names its key, and nothing of it is saved."""

    def put(session):
        session["things"] = {1, 2}
        return "put"

    pages = site({"/": put}, config={"PROPAGATE_EXCEPTIONS": True})
    with pytest.raises(InvalidSession, match="things"):
        pages.browser()("/")
    assert 0 == pages.rows.length()


def test_a_store_that_fails_is_no_anonymous_session(site, caplog):
    """Who asks for the session while the store cannot be read is answered 503, also before the
    view; a page that does not ask for it is served."""

    def prepare(app):
        @app.before_request
        def guard():
            if pages.module.request.path == "/guarded" and "visits" not in pages.module.session:
                return "strangers, sign in"
            return None

    views = {"/": count, "/guarded": nothing, "/plain": nothing, "/show": show}
    pages = site(views, prepare=prepare)
    visit = pages.browser()
    visit("/")
    pages.store.failures["get"] = StoreBusy("busy")
    assert [503, 503, 503] == [visit(path).status for path in ("/", "/guarded", "/show")]
    assert (200, []) == (visit("/plain").status, visit("/plain").all("Set-Cookie"))
    assert "The session store failed" in caplog.text
    pages.store.failures.clear()
    assert "2" == visit("/").text


def test_who_hides_that_the_store_failed_answers_503_all_the_same(site):
    """A view that catches whatever reading the session raises does not serve a stranger's page."""

    def hide(session):
        try:
            return f"for {session['visits']}"
        except Exception:  # noqa: BLE001 - as some do
            return "for a stranger"

    pages = site({"/": count, "/hide": hide})
    visit = pages.browser()
    visit("/")
    pages.store.failures["get"] = StoreBusy("busy")
    answer = visit("/hide")
    assert (503, "Service Unavailable") == (answer.status, answer.text)


def test_the_applications_own_page_for_503_is_shown(site):
    """An error handler for 503 answers as the application wants."""

    def prepare(app):
        app.register_error_handler(503, lambda error: ("back soon", 503))

    pages = site({"/": count}, prepare=prepare)
    visit = pages.browser()
    visit("/")
    pages.store.failures["get"] = StoreBusy("busy")
    assert (503, "back soon") == (visit("/").status, visit("/").text)


def test_a_store_that_cannot_save_answers_503(site):
    """No page goes out whose changes were not saved."""
    pages = site({"/": count})
    pages.store.failures["create"] = StoreBusy("busy")
    answer = pages.browser()("/")
    assert (503, "Service Unavailable") == (answer.status, answer.text)
    assert ([], ["no-store"]) == (answer.all("Set-Cookie"), answer.all("Cache-Control"))


def test_the_stores_errors_can_be_the_applications(site):
    """With `on_store_error="raise"` an error handler of the application gets them."""

    def prepare(app):
        app.register_error_handler(StoreBusy, lambda error: ("busy", 429))

    pages = site({"/": count}, prepare=prepare, on_store_error="raise")
    visit = pages.browser()
    visit("/")
    pages.store.failures["get"] = StoreBusy("busy")
    assert (429, "busy") == (visit("/").status, visit("/").text)


def test_a_path_opens_a_store_that_is_closed_by_hand(kind, tmp_path):
    """The interface takes a path, makes the file there, and closes what it opened."""
    interface = kind.door.SessionInterface(tmp_path / "made.db", owner="user.id")
    assert ("user.id",) == tuple(interface.store.indexes)
    pages = kind(tmp_path / "other.db", {})
    pages.run(interface.close())
    pages.close()
