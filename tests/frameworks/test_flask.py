"""What is Flask's own about its sessions: test client, contexts, streams, files, other doors."""

import flask
import pytest
from werkzeug.test import create_environ

from connect_sqlite import SQLiteStore, StoreBusy
from connect_sqlite.flask import Session, SessionInterface
from connect_sqlite.wsgi import KEY, SessionMiddleware

from .flask_like_site import SECRET, FlaskSite, count, nothing, show


@pytest.fixture
def site(tmp_path):
    """Builds a site of these views in Flask; it is closed in the end."""
    sites = []

    def build(views, **options):
        sites.append(FlaskSite(tmp_path / "sessions.db", views, **options))
        return sites[-1]

    yield build
    for each in sites:
        each.close()


def test_the_test_client_opens_and_saves_a_session(site):
    """`session_transaction()` changes a session without a view, and sees what views change."""
    pages = site({"/": count})
    visit = pages.browser()
    with visit.client.session_transaction() as session:
        assert {} == session
        session["visits"] = 41
    assert "42" == visit("/").text
    with visit.client.session_transaction() as session:
        assert 42 == session["visits"]
        assert isinstance(session, Session)
        session.clear()
    assert 0 == pages.rows.length()
    assert "1" == visit("/").text


def test_a_client_that_keeps_its_context_shows_the_session(site):
    """After a request within `with client:` the session is there to look at, as it was saved."""
    visit = site({"/": count}).browser()
    with visit.client:
        visit("/")
        assert (1, True) == (flask.session["visits"], flask.session.modified)
        visit("/")
        assert 2 == flask.session["visits"]


def test_a_context_alone_saves_nothing(site):
    """`test_request_context()` has a session, one in another too, and neither is saved."""
    pages = site({})
    with pages.app.test_request_context("/"):
        flask.session["a"] = 1
        with pages.app.test_request_context("/"):
            assert {} == flask.session
        assert {"a": 1} == flask.session
    assert 0 == pages.rows.length()


def test_what_after_request_changes_is_saved(site):
    """Functions of `after_request` and of a blueprint may change the session too."""

    def prepare(app):
        shop = flask.Blueprint("shop", __name__)
        shop.add_url_rule("/shop", view_func=lambda: count(flask.session))

        @shop.after_request
        def of_the_shop(response):
            flask.session["shop"] = True
            return response

        @app.after_request
        def of_all(response):
            flask.session["all"] = True
            return response

        app.register_blueprint(shop)

    pages = site({"/show": show}, prepare=prepare)
    visit = pages.browser()
    visit("/shop")
    assert {"visits": 1, "shop": True, "all": True} == visit("/show").json


def streaming(chunks):
    """A view that streams what this function of the session gives."""

    def view(session):
        session["begun"] = True
        return flask.Response(flask.stream_with_context(chunks()))

    return view


def test_what_a_stream_changes_is_merged(site):
    """A stream that goes on changing the session has that saved as it ends, in a session that the
    browser already has."""

    def chunks():
        yield "a"
        flask.session["streamed"] = True
        yield "b"

    pages = site({"/": count, "/stream": streaming(chunks), "/show": show})
    visit = pages.browser()
    visit("/")
    assert "ab" == visit("/stream").text
    assert {"visits": 1, "begun": True, "streamed": True} == visit("/show").json


def test_what_a_stream_changed_before_it_failed_is_dropped(site):
    """As with any exception."""

    def chunks():
        yield "a"
        flask.session["streamed"] = True
        raise RuntimeError("no more")

    pages = site({"/": count, "/stream": streaming(chunks), "/show": show})
    visit = pages.browser()
    visit("/")
    with pytest.raises(RuntimeError, match="no more"):
        visit("/stream")
    assert {"visits": 1, "begun": True} == visit("/show").json


def test_a_stream_that_is_refused_is_closed(site):
    """When the session cannot be saved, the stream's own clean-up still runs, once."""
    closed = []

    class Chunks:
        def __iter__(self):
            return iter(["a"])

        def close(self):
            closed.append(True)

    def view(session):
        session["a"] = 1
        return flask.Response(Chunks())

    pages = site({"/": view})
    pages.store.failures["create"] = StoreBusy("busy")
    answer = pages.browser()("/")
    assert (503, "Service Unavailable") == (answer.status, answer.text)
    assert [True] == closed


def test_a_file_is_sent_as_it_is(site, tmp_path):
    """`send_file` keeps its quick way, with the session saved before it."""
    (tmp_path / "page.html").write_text("a page")

    def view(session):
        count(session)
        return flask.send_file(tmp_path / "page.html")

    pages = site({"/": view, "/show": show})
    visit = pages.browser()
    answer = visit("/")
    assert ("a page", ["6"]) == (answer.text, answer.all("Content-Length"))
    assert {"visits": 1} == visit("/show").json


def test_a_servers_own_way_to_send_files_is_used(site, tmp_path):
    """Nothing is put around what `wsgi.file_wrapper` makes of a file."""
    (tmp_path / "page.html").write_text("a page")

    class Wrapper:
        def __init__(self, file, size):
            self.close = file.close

    pages = site({"/": lambda session: flask.send_file(tmp_path / "page.html")})
    environ = create_environ("/") | {"wsgi.file_wrapper": Wrapper}
    body = pages.app(environ, lambda *_: None)
    assert Wrapper is type(body)
    body.close()


def test_a_session_that_is_taken_again_is_unmodified(site):
    """`reload()` drops what was changed, and `modified` says so."""

    def reload(session):
        session["a"] = 1
        session.reload()
        return [session.modified, dict(session)]

    visit = site({"/": count, "/reload": reload}).browser()
    visit("/")
    assert [False, {"visits": 1}] == visit("/reload").json


def test_asking_is_not_changing(site):
    """`pop` and `setdefault` that find nothing to do leave `modified` false, as Flask's own."""

    def ask(session):
        session.pop("nothing", None)
        session.setdefault("visits", 7)
        return [session.modified]

    visit = site({"/": count, "/ask": ask}).browser()
    visit("/")
    answer = visit("/ask")
    assert ([False], []) == (answer.json, answer.all("Set-Cookie"))


def test_a_token_from_before_the_sign_in_is_gone(site):
    """A sign-in that is saved at once takes the CSRF token with it, beside Flask's values too."""

    def begin(session):
        session["pair"] = (1, 2)
        session.csrf_token()
        return "begun"

    def sign_in(session):
        session["user"] = 7
        session.save()
        return sorted(session)

    pages = site({"/": begin, "/sign-in": sign_in, "/show": show}, owner="user")
    visit = pages.browser()
    visit("/")
    assert ["pair", "user"] == visit("/sign-in").json
    assert {"pair": [1, 2], "user": 7} == visit("/show").json


def test_a_kind_of_value_can_be_registered(site):
    """What Flask's serializer is taught, sessions keep."""

    class Money(int):
        pass

    from flask.json.tag import JSONTag, TaggedJSONSerializer

    class TagMoney(JSONTag):
        key = " money"

        def check(self, value):
            return isinstance(value, Money)

        def to_json(self, value):
            return int(value)

        def to_python(self, value):
            return Money(value)

    def pay(session):
        session["paid"] = Money(7)
        return "paid"

    def kind(session):
        return [type(session["paid"]).__name__, session["paid"]]

    pages = site({"/": pay, "/kind": kind})
    pages.interface.serializer = TaggedJSONSerializer()
    pages.interface.serializer.register(TagMoney, index=0)
    visit = pages.browser()
    visit("/")
    assert ["Money", 7] == visit("/kind").json


def test_two_requests_at_once_merge(site):
    """What a parallel request changed meanwhile stays."""

    def slow(session):
        quick("/quick")
        session["slow"] = True
        return "slow"

    def quickly(session):
        session["quick"] = True
        return "quick"

    pages = site({"/": count, "/slow": slow, "/quick": quickly, "/show": show})
    visit = pages.browser()
    value = visit("/").cookie()[0]
    other = pages.browser(use_cookies=False)

    def quick(path):
        other(path, headers={"Cookie": f"session={value}"})

    visit("/slow")
    assert {"visits": 1, "slow": True, "quick": True} == visit("/show").json


def test_the_cookie_can_be_shared_with_other_applications(site):
    """With the same name and secret, whoever signs in on Flask is known to any WSGI application
    with these sessions, and the other way round."""
    pages = site({"/": count}, config={"SESSION_COOKIE_NAME": "connect.sid"})

    def plain(environ, start_response):
        environ[KEY]["visits"] += 1
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(environ[KEY]["visits"]).encode()]

    other = SessionMiddleware(plain, store=pages.store, secret=SECRET, clock=pages.clock)
    visit = pages.browser()
    value = visit("/").cookie("connect.sid")[0]
    environ = {"PATH_INFO": "/", "HTTP_COOKIE": f"connect.sid={value}", "wsgi.url_scheme": "http"}
    assert [b"2"] == list(other(environ, lambda *_: None))
    assert "3" == visit("/").text


def test_a_cookie_can_be_read_on_its_own(site):
    """`read` finds the session that a `Cookie` header names, in the context of its application."""
    pages = site({"/": count})
    value = pages.browser()("/").cookie()[0]
    with pages.app.app_context():
        row = pages.interface.read(f"session={value}")
        assert pages.interface.read("session=made-up") is None
    assert (1, pages.row().id) == (row["visits"], row.id)


def test_it_can_be_rotated_saved_and_ended_by_hand(site):
    """`flask.session` has what every session here has."""

    def by_hand(session):
        before = session.id
        session.rotate()
        session["rotated"] = True
        session.save()
        found = pages.rows.get(session.id)
        return [before != session.id, "rotated" in found, found["cookie"]["sameSite"]]

    def end(session):
        session.destroy()
        return "ended"

    config = {"SESSION_COOKIE_SAMESITE": "Strict"}
    pages = site({"/": count, "/by-hand": by_hand, "/end": end}, config=config)
    visit = pages.browser()
    first = visit("/").cookie()[0]
    answer = visit("/by-hand")
    assert [True, True, "strict"] == answer.json
    assert first != answer.cookie()[0]
    assert "0" == visit("/end").cookie()[1]["Max-Age"]
    assert 0 == pages.rows.length()


def test_one_interface_serves_several_applications(tmp_path):
    """Each has its own settings, and both keep their sessions in one store."""
    with SQLiteStore(tmp_path / "sessions.db") as store:
        interface, names = SessionInterface(store), []
        for name in ("one", "two"):
            app = flask.Flask(name)
            app.session_interface = interface
            app.config.update(SECRET_KEY=name * 20, SESSION_COOKIE_NAME=name)
            app.add_url_rule("/", "count", lambda: count(flask.session))
            names.append(app.test_client().get("/").headers["Set-Cookie"].partition("=")[0])
        assert (["one", "two"], 2) == (names, store.length())


def test_what_a_failing_store_leaves_names_no_data(site):
    """The session of such a request can be shown in a debugger, and says what it is."""
    shown = []

    def prepare(app):
        @app.teardown_request
        def look(error):
            shown.append(repr(flask.session._get_current_object()))

    pages = site({"/": count, "/plain": nothing}, prepare=prepare)
    visit = pages.browser()
    visit("/")
    pages.store.failures["get"] = StoreBusy("busy")
    visit("/plain")
    assert ["<Session: known, 1 keys>", "<_Away: the store failed>"] == shown
