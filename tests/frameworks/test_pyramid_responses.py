"""What becomes of the session and of the answer when a Pyramid view ends in one way or another."""

import pytest
from pyramid.events import NewResponse
from pyramid.httpexceptions import HTTPForbidden, HTTPFound
from pyramid.response import Response

from connect_sqlite import StoreClosed

from .pyramid_site import Site, cookie, show


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


def begin(request):
    request.session["known"] = True


class Mishap(Exception):
    """What a view may raise."""


def answering(status):
    """Gives the site a page for mishaps, which looks at the session."""

    def page(error, request):
        request.session["seen"] = type(request.exception).__name__
        return Response("sorry", status=status)

    return lambda config: config.add_exception_view(page, context=Mishap)


def fail(request):
    request.session["half"] = True
    raise Mishap


def test_a_redirect_that_is_raised_saves(site):
    """`raise HTTPFound` keeps what the view put into the session, and sets the cookie."""

    def leave(request):
        request.session["user"] = "Mira"
        raise HTTPFound("/")

    visitor = site({"/leave": leave, "/": show}).browser()
    assert {"user": "Mira"} == visitor.get("/leave").follow().json


def test_the_cookie_is_sent_with_an_exceptions_page(site):
    """When an exception was answered by a view, `request.exception` is set and all is saved."""
    visitor = site({"/fail": fail, "/": show}, configure=answering(409)).browser()
    cookie(visitor.get("/fail", status=409))
    assert {"half": True, "seen": "Mishap"} == visitor.get("/").json


def test_forbidden_pages_know_the_session(site):
    """A forbidden view can flash, and the message is there at the next page."""

    def closed(request):
        raise HTTPForbidden

    def say(request):
        request.session.flash("Sign in first.")
        return HTTPFound("/")

    def configure(config):
        config.add_forbidden_view(say)

    pages = site({"/closed": closed, "/": lambda r: r.session.pop_flash()}, configure=configure)
    assert ["Sign in first."] == pages.browser().get("/closed").follow().json


def test_a_response_of_status_500_saves_nothing(site):
    """What a view did before it failed is not kept, unless `save_on_error` says so."""
    views = {"/": begin, "/fail": fail, "/show": show}
    for saves in (False, True):
        pages = site(views, configure=answering(500), save_on_error=saves)
        visitor = pages.browser()
        visitor.get("/")
        visitor.get("/fail", status=500)
        assert saves == ("half" in visitor.get("/show").json)


def test_an_exception_without_a_view_saves_nothing(site):
    """The server gets the exception, and the session is as it was, unless `save_on_error`."""
    for saves in (False, True):
        pages = site({"/": begin, "/fail": fail, "/show": show}, save_on_error=saves)
        visitor = pages.browser()
        visitor.get("/")
        with pytest.raises(Mishap):
            visitor.get("/fail")
        assert saves == ("half" in visitor.get("/show").json)


def test_other_callbacks_may_change_the_session(site):
    """Changes by response callbacks of before and after the first look, and by NewResponse."""

    def callbacks(request):
        request.add_response_callback(lambda request, _: mark(request, "before"))
        begin(request)
        request.add_response_callback(lambda request, _: mark(request, "after"))

    def mark(request, name):
        request.session[name] = True

    def configure(config):
        config.add_subscriber(lambda event: late(event.request), NewResponse)

    def late(request):
        if request.path == "/late":
            mark(request, "late")

    views = {"/": callbacks, "/late": show, "/show": show}
    visitor = site(views, configure=configure).browser()
    visitor.get("/")
    visitor.get("/late")
    names = {"known", "before", "after", "late"}
    assert dict.fromkeys(names, True) == visitor.get("/show").json


def test_who_first_asks_for_the_session_by_new_response_changes_it_too(site, caplog):
    """A known session is saved after all; of a new one the log says that it came too late."""

    def configure(config):
        config.add_subscriber(lambda event: late(event.request), NewResponse)

    def late(request):
        if request.path == "/late":
            request.session["late"] = True

    pages = site({"/": begin, "/late": lambda request: {}, "/show": show}, configure=configure)
    visitor, stranger = pages.browser(), pages.browser()
    visitor.get("/")
    visitor.get("/late")
    assert {"known": True, "late": True} == visitor.get("/show").json
    assert "" == caplog.text
    stranger.get("/late")
    assert {} == stranger.get("/show").json
    assert "the change is lost" in caplog.text


def test_a_callback_may_be_the_first_to_ask_for_the_session(site):
    """A response callback that makes the session is answered with the cookie, whoever looked."""

    def view(request):
        request.add_response_callback(lambda request, _: begin(request))

    def look(request):
        request.session.get("known")
        view(request)

    pages = site({"/": view, "/look": look, "/show": show})
    for path in ("/", "/look"):
        visitor = pages.browser()
        visitor.get(path)
        assert {"known": True} == visitor.get("/show").json


def test_what_a_stream_changes_is_saved(site):
    """A session may change while the body goes out; the length that was set stays."""

    def stream(request):
        def body():
            yield b"one "
            request.session["streamed"] = True
            yield b"two"

        request.session["known"] = True
        return Response(app_iter=body(), content_length=7)

    pages = site({"/": begin, "/stream": stream, "/show": show})
    visitor = pages.browser()
    visitor.get("/")
    answer = visitor.get("/stream")
    assert ("one two", "7") == (answer.text, answer.headers["Content-Length"])
    assert visitor.get("/show").json["streamed"]


def test_a_stream_that_breaks_saves_nothing_more(site):
    """What a stream changed before it failed is dropped, as with any exception."""

    def stream(request):
        def body():
            yield b"one "
            request.session["streamed"] = True
            raise Mishap

        return Response(app_iter=body())

    visitor = site({"/": begin, "/stream": stream, "/show": show}).browser()
    visitor.get("/")
    with pytest.raises(Mishap):
        visitor.get("/stream")
    assert {"known": True} == visitor.get("/show").json


def test_a_body_that_is_whole_stays_as_it_is(site):
    """A list as body is not wrapped, so that servers can send it as they like best."""
    bodies = []

    def configure(config):
        config.add_subscriber(lambda event: bodies.append(event.response.app_iter), NewResponse)

    site({"/": begin}, configure=configure).browser().get("/")
    assert [list] == [type(body) for body in bodies]


def test_a_personal_page_is_for_no_cache(site):
    """A page that shows a known session says no-store, unless the view said something else."""

    def cached(request):
        request.response.cache_control = "private, max-age=60"
        return show(request)

    visitor = site({"/": begin, "/show": show, "/cached": cached}).browser()
    visitor.get("/")
    answer = visitor.get("/show")
    assert ("no-store", "Cookie") == (answer.headers["Cache-Control"], answer.headers["Vary"])
    assert "no-store" not in visitor.get("/cached").headers["Cache-Control"]


def test_a_session_set_to_none(site):
    """`request.session = None` leaves the stored session alone, or ends it with `unset`."""

    def unset(request):
        request.session["lost"] = True
        request.session = None

    for option, left in (("keep", {"known": True}), ("destroy", {})):
        visitor = site({"/": begin, "/unset": unset, "/show": show}, unset=option).browser()
        visitor.get("/")
        visitor.get("/unset")
        assert left == visitor.get("/show").json


def test_paths_without_a_session(site):
    """Where `skip` or the cookie's path leave a page out, its session is empty and kept nowhere."""

    def try_to_save(request):
        request.session["lost"] = True
        request.session.save()
        return len(request.session)

    views = {"/shop": begin, "/shop/static": try_to_save, "/other": try_to_save}
    pages = site(views, skip=["/shop/static"], cookie={"path": "/shop"})
    visitor = pages.browser()
    visitor.get("/shop")
    for path in ("/shop/static", "/other"):
        answer = visitor.get(path)
        assert 1 == answer.json
        assert "Set-Cookie" not in answer.headers
    assert ["known"] == [key for row in pages.store.all() for key in row if key in "known lost"]


def test_skip_is_asked_with_pyramids_request(site):
    """Functions of the request are given Pyramid's, whose attributes they can use."""
    pages = site({"/": begin}, skip=lambda request: request.params.get("skip") == "1")
    assert "Set-Cookie" not in pages.browser().get("/?skip=1").headers
    assert "Set-Cookie" in pages.browser().get("/").headers


def test_a_store_that_fails_is_no_anonymous_session(site):
    """If the session cannot be loaded the answer is 503, and the view is not asked further."""
    reached = []

    def view(request):
        request.session.get("known")
        reached.append(request)

    pages = site({"/": begin, "/view": view})
    visitor = pages.browser()
    visitor.get("/")
    pages.store.close()
    answer = visitor.get("/view", status=503)
    assert ("text/plain", "no-store") == (answer.content_type, answer.headers["Cache-Control"])
    assert "Service Unavailable" == answer.text
    assert [] == reached


def test_a_session_that_cannot_be_saved_is_no_success(site):
    """If the save fails the answer is 503 without the view's own headers, never a cookie."""
    closed = []

    def view(request):
        begin(request)
        request.response.set_cookie("other", "1")
        request.response.app_iter = closing()
        request.session.store.close()
        return request.response

    class closing(list):  # noqa: N801 - a body, which the server would close
        def close(self):
            closed.append(self)

    answer = site({"/": view}).browser().get("/", status=503)
    assert "Set-Cookie" not in answer.headers
    assert "Service Unavailable" == answer.text
    assert 1 == len(closed)


def test_a_stores_error_can_be_the_applications(site):
    """With `on_store_error="raise"` the application meets the error itself, loading and saving."""

    def view(request):
        begin(request)
        request.session.store.close()

    pages = site({"/": view, "/show": show}, on_store_error="raise")
    with pytest.raises(StoreClosed):
        pages.browser().get("/")
    visitor = site({"/": begin}).browser()
    visitor.get("/")
    late = pages.browser()
    late.set_cookie("connect.sid", visitor.cookies["connect.sid"])
    with pytest.raises(StoreClosed):
        late.get("/show")
