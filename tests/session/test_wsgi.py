"""What PEP 3333 asks of a middleware: bodies, `write`, `exc_info`, and who closes what."""

import io
import sys
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import httpx
import pytest

from connect_sqlite import StoreBusy
from connect_sqlite.wsgi import KEY, SessionMiddleware

from .conftest import SECRET
from .site import set_cookies
from .wsgi_site import Server

TEXT = [("Content-Type", "text/plain")]


@pytest.fixture
def gateway():
    return "wsgi"


class Body:
    """A body that says when it is closed."""

    def __init__(self, *chunks, at_close=lambda: None):
        self.chunks = iter(chunks)
        self.closed = 0
        self.at_close = at_close

    def __iter__(self):
        return self.chunks

    def close(self):
        self.closed += 1
        self.at_close()


def told(environ, start_response, status="200 OK", **more):
    session = environ[KEY]
    session["n"] = session.get("n", 0) + 1
    return start_response(status, list(TEXT), **more)


def as_list(environ, start_response):
    told(environ, start_response)
    return [b"a", b"b"]


def as_tuple(environ, start_response):
    told(environ, start_response)
    return (b"ab",)


def as_generator(environ, start_response):
    told(environ, start_response)
    yield b"a"
    yield b"b"


def as_generator_that_begins_with_nothing(environ, start_response):
    told(environ, start_response)
    yield b""
    yield b"ab"


def as_body(environ, start_response):
    told(environ, start_response)
    return Body(b"a", b"", b"b")


def as_file(environ, start_response):
    told(environ, start_response)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"ab"))


def by_write(environ, start_response):
    write = told(environ, start_response)
    write(b"a")
    write(b"b")
    return []


def by_write_and_body(environ, start_response):
    told(environ, start_response)(b"a")
    return iter([b"b"])


BODIES = [
    *(as_list, as_tuple, as_generator, as_generator_that_begins_with_nothing, as_body, as_file),
    *(by_write, by_write_and_body),
]


@pytest.mark.parametrize("inner", [validator, lambda app: app], ids=["validated", "plain"])
@pytest.mark.parametrize("app", BODIES)
def test_every_kind_of_body_goes_out_with_the_session(site, store, capsys, app, inner):
    """Threat 27: a body of any kind arrives whole, after a cookie for a session that is saved."""
    browser = site(inner(app)).browser()
    response = browser.get("/")
    assert (200, b"ab", 1) == (response.status_code, response.content, len(set_cookies(response)))
    assert [] == set_cookies(browser.get("/"))
    assert ({"n": 2}, "") == (stored(store, browser), capsys.readouterr().err)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("empty", [list, tuple, Body, lambda: iter(()), lambda: iter([b""])])
def test_threat_27_no_body_at_all(site, method, empty):
    """Threat 27: an answer without a byte, to HEAD or not, sends the cookie too."""

    def app(environ, start_response):
        told(environ, start_response)
        return empty()

    response = site(app).browser().request(method, "/")
    assert (200, b"", 1) == (response.status_code, response.content, len(set_cookies(response)))


def test_the_server_may_send_a_file_its_own_way(site):
    """A file goes to the server in the server's own wrapper, so that `sendfile` stays possible."""
    seen = {}

    def within(app):
        def wrapped(environ, start_response):
            environ["wsgi.file_wrapper"] = FileWrapper
            seen["body"] = app(environ, start_response)
            return seen["body"]

        return wrapped

    assert b"ab" == site(as_file, wrap=within).browser().get("/").content
    assert type(seen["body"]) is FileWrapper


def test_the_session_is_saved_before_the_first_byte(site, store):
    """E3: when the headers go out the session is in the store already, in a stream too."""
    seen = []

    def within(app):
        def wrapped(environ, start_response):
            def start(*args):
                seen.append(store.length())
                return start_response(*args)

            return app(environ, start)

        return wrapped

    for app in (as_list, as_generator, by_write):
        site(app, wrap=within).browser().get("/")
    assert [1, 2, 3] == seen


def test_the_body_is_closed_once_and_its_late_changes_are_saved(site, store):
    """The body's `close()` is called once, and what it changes in a known session is saved."""
    bodies = []

    def app(environ, start_response):
        told(environ, start_response)
        session = environ[KEY]
        bodies.append(Body(b"a", at_close=lambda: session.update(closed=True)))
        return bodies[-1]

    browser = site(app).browser()
    browser.get("/")
    browser.get("/")
    assert [1, 1] == [body.closed for body in bodies]
    assert {"n": 2, "closed": True} == stored(store, browser)


def stored(store, browser):
    row = dict(store.get(browser.sid))
    del row["cookie"], row["_session"]
    return row


@pytest.mark.parametrize("kind", ["list", "body", "file"])
@pytest.mark.parametrize("call", ["get", "merge"])
def test_threat_26_a_refusal_closes_the_body_that_it_replaces(site, store, kind, call):
    """Threat 26: a 503 goes out in place of what could not be saved, and no file stays open."""
    body = Body(b"secret")

    def app(environ, start_response):
        told(environ, start_response)
        if kind == "file":
            return environ["wsgi.file_wrapper"](body)
        return [b"secret"] if kind == "list" else body

    body.read = lambda size: next(body.chunks, b"")
    browser = site(app).browser()
    browser.get("/")
    store.failures[call] = StoreBusy("busy")
    body.closed = 0
    response = browser.get("/")
    assert (503, b"Service Unavailable", []) == (
        *(response.status_code, response.content),
        set_cookies(response),
    )
    assert (kind != "list" and call == "merge") == bool(body.closed)


@pytest.mark.parametrize("app", [by_write, by_write_and_body])
def test_threat_26_a_refusal_swallows_what_is_written(site, store, app):
    """Threat 26: an application that uses `write` is refused too, and nothing of it gets out."""
    store.failures["create"] = StoreBusy("busy")
    response = site(app).browser().get("/")
    assert (503, b"Service Unavailable") == (response.status_code, response.content)


def test_starting_twice_is_an_error(site):
    """`start_response` without `exc_info` a second time is the application's mistake: a 500."""

    def app(environ, start_response):
        told(environ, start_response)
        told(environ, start_response)
        return [b"never"]

    response = site(app).browser().get("/")
    assert (500, []) == (response.status_code, set_cookies(response))


def failing_app(when):
    def app(environ, start_response):
        told(environ, start_response)
        if when == "at once":
            raise RuntimeError("a bug")
        return chunks()

    def chunks():
        if when == "before the first byte":
            raise RuntimeError("a bug")
        yield b"a"
        raise RuntimeError("a bug")

    return app


@pytest.mark.parametrize("when", ["at once", "before the first byte"])
def test_case_13_an_exception_saves_nothing(site, store, when):
    """Case 13: an exception before the first byte leaves the old data, and the next is at once."""
    browser = site(as_list).browser()
    browser.get("/")
    failing = site(failing_app(when)).browser()
    failing.cookie = browser.cookie
    response = failing.get("/")
    assert (500, []) == (response.status_code, set_cookies(response))
    assert {"n": 1} == stored(store, browser)


def test_case_13_a_stream_that_fails_saves_no_more(site, store):
    """Case 13: what a stream changed before it failed half-way is not saved, as in ASGI."""

    def app(environ, start_response):
        told(environ, start_response)
        session = environ[KEY]

        def chunks():
            yield b"a"
            session["half"] = "done"
            raise RuntimeError("a bug")

        return chunks()

    browser = site(as_list).browser()
    browser.get("/")
    failing = site(app).browser()
    failing.cookie = browser.cookie
    failing.get("/")
    assert {"n": 2} == stored(store, browser)


def test_exc_info_replaces_an_answer_that_has_not_started(site, store):
    """An error page given with `exc_info` before the first byte goes out, and saves nothing."""

    def app(environ, start_response):
        told(environ, start_response)
        try:
            raise RuntimeError("a bug")
        except RuntimeError:
            start_response("500 Oh No", list(TEXT), sys.exc_info())
        return [b"sorry"]

    response = site(app).browser().get("/")
    assert (500, b"sorry", []) == (response.status_code, response.content, set_cookies(response))
    assert 0 == store.length()


def test_exc_info_after_the_first_byte_raises_what_is_in_it(site):
    """After the first byte `exc_info` is the server's: the exception comes out, the body ends."""
    seen = []

    def app(environ, start_response):
        told(environ, start_response)
        yield b"a"
        try:
            raise RuntimeError("a bug")
        except RuntimeError:
            try:
                start_response("500 Oh No", list(TEXT), sys.exc_info())
            except RuntimeError as error:
                seen.append(error)
                raise

    response = site(app).browser().get("/")
    assert (200, b"a", 1) == (response.status_code, response.content, len(seen))


@pytest.mark.parametrize("app", [as_list, as_generator, by_write])
def test_a_500_saves_nothing_but_with_save_on_error(site, store, app):
    """D12 of Ours: an answer of status 500 saves nothing; with `save_on_error` it does."""

    def fails(environ, start_response):
        return app(environ, lambda status, headers: start_response("500 Oh No", headers))

    response = site(fails).browser().get("/")
    assert (500, b"ab", []) == (response.status_code, response.content, set_cookies(response))
    assert 0 == store.length()
    response = site(fails, save_on_error=True).browser().get("/")
    assert (500, b"ab", 1) == (response.status_code, response.content, len(set_cookies(response)))
    assert 1 == store.length()


def test_a_mount_is_seen_as_the_browser_sees_it(store):
    """Case 6: mounted at a prefix, the cookie's path is compared with the browser's whole path."""
    for root, path, there in [("/app", "/shop/x", True), ("", "/app/shop", True), ("", "/", False)]:
        seen = []

        def app(environ, start_response, seen=seen):
            seen.append(KEY in environ)
            start_response("200 OK", list(TEXT))
            return [b""]

        middleware = SessionMiddleware(
            app, store=store, secret=SECRET, cookie={"path": "/app/shop"}
        )
        server = Server(middleware, SCRIPT_NAME=root)
        with httpx.Client(transport=server, base_url="http://x") as client:
            client.get(path)
        assert [there] == seen


def test_a_second_middleware_changes_nothing(site, store):
    """L9: where a session is there already, a second middleware is none: there is one cookie."""

    def within(app):
        return SessionMiddleware(app, store=store, secret=SECRET, name="outer.sid")

    response = site(as_list, wrap=within).browser().get("/")
    assert ["outer.sid"] == [c.partition("=")[0] for c in set_cookies(response)]


def test_a_path_is_opened_and_closed_by_hand(tmp_path):
    """A store given as a path is opened here, and `close()` closes it: WSGI knows no shutdown."""
    file = tmp_path / "sessions.db"
    middleware = SessionMiddleware(as_list, store=file, secret=SECRET)
    with httpx.Client(transport=Server(middleware), base_url="http://x") as client:
        assert 200 == client.get("/").status_code
    middleware.close()
    assert not file.with_name("sessions.db-wal").exists()


def test_a_store_that_was_given_is_left_open(site, store):
    """`close()` leaves a store that somebody else opened to them."""
    app = site(as_list).app
    app.close()
    assert 0 == store.length()


def test_threat_27_a_client_that_leaves_early(site, store):
    """Threat 27: when the client leaves a stream is closed, and what it had changed is saved."""
    left = []

    def app(environ, start_response):
        told(environ, start_response)
        session = environ[KEY]

        def chunks():
            try:
                session["read"] = 1
                yield b"a"
                session["read"] = 2
                yield b"b"
                session["read"] = 3
            finally:
                left.append(session["read"])

        return chunks()

    browser = site(as_list).browser()
    browser.get("/")
    environ = {"PATH_INFO": "/", "HTTP_COOKIE": f"connect.sid={browser.cookie}"}
    body = site(app).app(environ, lambda status, headers: None)
    chunks = iter(body)
    assert [b"a", b"b"] == [next(chunks), next(chunks)]
    body.close()
    assert ([2], {"n": 2, "read": 2}) == (left, stored(store, browser))
