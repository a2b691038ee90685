"""Sessions in Pyramid: its own habits, and what ours add to them."""

import pytest
from pyramid.csrf import get_csrf_token, new_csrf_token
from pyramid.interfaces import ISession
from zope.interface.verify import verifyObject

from connect_sqlite import InvalidSession, SQLiteStore
from connect_sqlite.pyramid import SessionFactory
from connect_sqlite.testing import Clock

from .pyramid_site import SECRET, Site, cookie, show, sign_in


@pytest.fixture
def site(tmp_path):
    """Builds a site of these views; its store is closed in the end."""
    sites = []

    def build(views, **options):
        sites.append(Site(tmp_path / "sessions.db", views, **options))
        return sites[-1]

    yield build
    for each in sites:
        each.close()


def count(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return request.session["visits"]


def test_data_stay_from_one_request_to_the_next(site):
    """What a view puts into the session is there at the same browser's next request only."""
    pages = site({"/": count})
    mine, yours = pages.browser(), pages.browser()
    assert [1, 2, 3] == [mine.get("/").json for _ in range(3)]
    assert 1 == yours.get("/").json
    assert 2 == pages.store.length()


def test_a_change_deep_in_the_data_is_saved_without_changed(site):
    """A list in the session can be appended to; `changed()` may be called, and is not needed."""

    def start(request):
        request.session["basket"] = {"things": []}

    def add(request):
        request.session["basket"]["things"].append("tea")
        if "changed" in request.params:
            request.session.changed()

    visitor = site({"/start": start, "/add": add, "/": show}).browser()
    for path in ("/start", "/add", "/add?changed"):
        visitor.get(path)
    assert {"basket": {"things": ["tea", "tea"]}} == visitor.get("/").json


def test_it_is_what_pyramid_calls_a_session(site):
    """`request.session` provides ISession: it says if it is new, and when it began, in seconds."""
    clock = Clock(1_800_000_000.75)

    def look(request):
        session = request.session
        verifyObject(ISession, session)
        before = [session.new, session.created, type(session.created).__name__]
        session["a"] = 1
        return before

    visitor = site({"/": look}, clock=clock, store={"clock": clock}).browser()
    assert [True, 1_800_000_000, "int"] == visitor.get("/").json
    clock.advance(60)
    assert [False, 1_800_000_000, "int"] == visitor.get("/").json


def test_who_does_nothing_stays_unknown(site):
    """A visitor whose session is only looked at gets no cookie and costs no row."""
    pages = site({"/": show, "/new": lambda request: request.session.new})
    for path in ("/", "/new"):
        answer = pages.browser().get(path)
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" == answer.headers["Vary"]
    assert 0 == pages.store.length()


def test_a_request_that_does_not_ask_for_the_session_does_not_read_it(site):
    """A page without a session costs the store nothing, and may lie in any cache."""
    pages = site({"/": count, "/plain": lambda request: "plain"})
    visitor = pages.browser()
    visitor.get("/")
    before = pages.store.stats()["operations"]
    answer = visitor.get("/plain")
    assert before.get("get", 0) == pages.store.stats()["operations"].get("get", 0)
    assert "Vary" not in answer.headers
    assert "Cache-Control" not in answer.headers


def test_invalidate_ends_the_session(site):
    """After `invalidate()` the row is gone and the cookie is deleted."""

    def leave(request):
        request.session.invalidate()
        return request.session.copy()

    pages = site({"/": count, "/leave": leave})
    visitor = pages.browser()
    visitor.get("/")
    answer = visitor.get("/leave")
    assert {} == answer.json
    assert 0 == pages.store.length()
    assert "connect.sid" not in visitor.cookies
    assert "Path" in cookie(answer)[1]


def test_the_session_can_be_used_after_invalidate(site):
    """What is put in after `invalidate()` is a new session under a new id; the old id is dead."""

    def anew(request):
        request.session.invalidate()
        request.session["user"] = "Mira"

    pages = site({"/": count, "/anew": anew, "/show": show})
    visitor, thief = pages.browser(), pages.browser()
    visitor.get("/")
    old = visitor.cookies["connect.sid"]
    thief.set_cookie("connect.sid", old)
    visitor.get("/anew")
    assert old != visitor.cookies["connect.sid"]
    assert {"user": "Mira"} == visitor.get("/show").json
    assert {} == thief.get("/show").json


def test_flash_messages(site):
    """Messages wait in their queues for the page that pops them, which gets each once."""

    def say(request):
        session = request.session
        session.flash("Saved.")
        session.flash("Saved.", allow_duplicate=False)
        session.flash("Careful!", "warnings")

    def peek(request):
        return [request.session.peek_flash(), request.session.peek_flash("warnings")]

    def pop(request):
        return [request.session.pop_flash(), request.session.pop_flash("warnings")]

    visitor = site({"/say": say, "/peek": peek, "/pop": pop, "/": show}).browser()
    visitor.get("/say")
    assert {"_f_": ["Saved."], "_f_warnings": ["Careful!"]} == visitor.get("/").json
    assert [["Saved."], ["Careful!"]] == visitor.get("/peek").json
    assert [["Saved."], ["Careful!"]] == visitor.get("/pop").json
    assert [[], []] == visitor.get("/pop").json


def form(request):
    return request.session.get_csrf_token()


def require_csrf(config):
    config.set_default_csrf_options(require_csrf=True)


def require_csrf_in_the_session(config):
    from pyramid.csrf import SessionCSRFStoragePolicy

    config.set_csrf_storage_policy(SessionCSRFStoragePolicy())
    require_csrf(config)


@pytest.mark.parametrize("configure", [require_csrf, require_csrf_in_the_session])
def test_pyramids_csrf_check(site, configure):
    """With `require_csrf` a post needs the session's own token, which lies under `_csrft_`."""
    pages = site({"/form": form, "/post": lambda request: "done"}, configure=configure)
    visitor, other = pages.browser(), pages.browser()
    token, foreign = visitor.get("/form").json, other.get("/form").json
    assert [token] == [row["_csrft_"] for row in pages.store.all() if row["_csrft_"] != foreign]
    visitor.post("/post", {"csrf_token": foreign}, status=400)
    visitor.post("/post", status=400)
    assert "done" == visitor.post("/post", {"csrf_token": token}).json


@pytest.mark.parametrize(
    ("configure", "give"),
    [
        (require_csrf, new_csrf_token),
        (require_csrf, get_csrf_token),
        (require_csrf_in_the_session, new_csrf_token),
    ],
)
def test_a_csrf_token_ends_with_the_sign_in(site, configure, give):
    """Whoever knew the token before the sign-in cannot use it after; one given there is good."""

    def sign_in_with_form(request):
        request.session["user"] = "Jonas"
        return give(request)

    views = {"/form": form, "/in": sign_in, "/again": sign_in_with_form}
    pages = site({**views, "/post": lambda request: "done"}, configure=configure, owner="user")
    visitor = pages.browser()
    before = visitor.get("/form").json
    visitor.post("/in", {"name": "Mira", "csrf_token": before})
    visitor.post("/post", {"csrf_token": before}, status=400)
    token = visitor.get("/form").json
    fresh = visitor.post("/again", {"csrf_token": token}).json
    assert "done" == visitor.post("/post", {"csrf_token": fresh}).json


def test_a_sign_in_gives_a_new_id(site):
    """When the owner changes the id does too, and the old one is dead."""
    pages = site({"/": count, "/in": sign_in, "/show": show}, owner="user")
    visitor, planted = pages.browser(), pages.browser()
    visitor.get("/")
    planted.set_cookie("connect.sid", visitor.cookies["connect.sid"])
    visitor.get("/in?name=Mira")
    assert {"visits": 1, "user": "Mira"} == visitor.get("/show").json
    assert {} == planted.get("/show").json


def test_an_owners_sessions_are_limited(site):
    """One more than `sessions_per_owner` is refused with 403, and saved nowhere."""
    limits = {"sessions_per_owner": 1, "at_limit": "refuse", "store": {"indexes": ("user",)}}
    pages = site({"/in": sign_in}, owner="user", **limits)
    pages.browser().get("/in?name=Mira")
    answer = pages.browser().get("/in?name=Mira", status=403)
    assert "Set-Cookie" not in answer.headers
    assert 1 == pages.store.length()


def test_the_cookie_says_what_was_configured(site):
    """The cookie's name, lifetime and attributes are the options'; HTTPS makes it secure."""
    options = {"max_age": 60, "path": "/shop", "same_site": "strict"}
    pages = site({"/shop": count}, cookie=options)
    _, attributes = cookie(pages.browser().get("/shop"))
    assert ("60", "/shop", "Strict") == tuple(
        attributes[name] for name in ("Max-Age", "Path", "SameSite")
    )
    assert "HttpOnly" in attributes
    assert "Secure" not in attributes
    secure = pages.browser().get("/shop", extra_environ={"wsgi.url_scheme": "https"})
    assert "Secure" in cookie(secure)[1]


def test_a_secret_of_bytes_and_one_from_before(site):
    """A secret may be bytes, and a cookie that the one before signed is still good."""
    old = site({"/": count}, secret=b"\xffthe old secret, in bytes, long enough")
    visitor = old.browser()
    visitor.get("/")
    both = [SECRET, b"\xffthe old secret, in bytes, long enough"]
    known = site({"/": count}, secret=both).browser()
    known.set_cookie("connect.sid", visitor.cookies["connect.sid"])
    assert 2 == known.get("/").json


def test_remember_me(site):
    """One session's lifetime can be set, and moves its cookie and its row."""

    def remember(request):
        request.session["a"] = 1
        request.session.cookie.max_age = 3600

    pages = site({"/": remember})
    _, attributes = cookie(pages.browser().get("/"))
    assert "3600" == attributes["Max-Age"]
    (row,) = pages.store.all()
    assert 3_600_000 == row["cookie"]["originalMaxAge"]


def test_an_idle_session_ends(site):
    """With `idle_timeout`, a session that nobody used for so long is empty at its next request."""
    clock = Clock(1_800_000_000)
    options = {"idle_timeout": 600, "clock": clock, "store": {"clock": clock}}
    visitor = site({"/": count}, **options).browser()
    assert 1 == visitor.get("/").json
    clock.advance(590)
    assert 2 == visitor.get("/").json
    clock.advance(610)
    assert 1 == visitor.get("/").json


def test_saving_and_reloading_in_a_view(site):
    """`save()` writes at once; `reload()` takes what the store has and drops what is not saved."""

    def now(request):
        session = request.session
        session["a"] = 1
        session.save()
        stored = session.store.length()
        session["a"] = 2
        session.reload()
        return [stored, session["a"]]

    pages = site({"/": now, "/show": show})
    visitor = pages.browser()
    assert [1, 1] == visitor.get("/").json
    assert {"a": 1} == visitor.get("/show").json


def test_what_json_has_not_is_the_views_mistake(site):
    """A value that cannot be kept is an error that names the key, not a 503."""

    def wrong(request):
        request.session["when"] = object()

    with pytest.raises(InvalidSession, match="when"):
        site({"/": wrong}).browser().get("/")


def test_wrong_options_are_errors_when_the_factory_is_made(tmp_path):
    """An option that does not exist, no secret, and the async store are refused at once."""
    with SQLiteStore(":memory:") as store:
        with pytest.raises(TypeError, match="timeout_"):
            SessionFactory(store, secret=SECRET, timeout_=3)
        with pytest.raises(ValueError, match="secret"):
            SessionFactory(store)
    with pytest.raises(TypeError, match="store is"):
        SessionFactory(None, secret=SECRET)


def test_a_path_is_enough_for_a_store(tmp_path):
    """The factory opens the file that it is given the path of, with an index on the owner."""
    factory = SessionFactory(tmp_path / "s.db", secret=SECRET, owner="user.id")
    assert ["user.id"] == list(factory.store.indexes)
    factory.close()
