"""Which requests have a session, and where its cookie goes."""

import pytest

from .visit import (
    Visit,
)


@pytest.mark.parametrize(
    ("secure", "https", "host", "withheld"),
    [
        (True, True, b"example.com", False),
        (True, False, b"example.com", True),
        (True, False, b"", True),
        (True, False, b"localhost", False),
        (True, False, b"LOCALHOST:8000", False),
        (True, False, b"app.localhost:8000", False),
        (True, False, b"127.0.0.1:8000", False),
        (True, False, b"127.1.2.3", False),
        (True, False, b"[::1]:8000", False),
        (True, False, b"127.0.0.1.example.com", True),
        (True, False, b"localhost.example.com", True),
        (True, False, b"[::2]", True),
        (True, False, b"[", True),
        ("auto", False, b"example.com", False),
        (False, False, b"example.com", False),
    ],
)
def test_case_11_a_secure_cookie_does_not_go_out_in_the_clear(clock, secure, https, host, withheld):
    """Case 11: a `Secure` cookie is not sent over plain HTTP, but to one's own machine (O11)."""
    visit = Visit(clock, secure=secure)
    session = visit.new()
    session["a"] = 1
    plan = visit.plan(session)
    assert withheld == visit.cookies.withholds(plan, https=https, host=host)


def test_a_goodbye_is_never_withheld(clock):
    """Deleting the cookie gives nothing away, so it is always sent."""
    visit = Visit(clock, secure=True)
    session = visit.loaded()
    session.destroy()
    plan = visit.plan(session)
    assert not visit.cookies.withholds(plan, https=False, host=b"example.com")


@pytest.mark.parametrize(
    ("path", "request_path", "covered"),
    [
        ("/", "/", True),
        ("/", "/anything", True),
        ("/foo", "/foo", True),
        ("/foo", "/foo/", True),
        ("/foo", "/foo/x", True),
        ("/foo", "/foobar", False),
        ("/foo", "/", False),
        ("/foo", "/FOO", False),
        ("/foo/", "/foo/x", True),
        ("/foo/", "/foobar", False),
    ],
)
def test_the_path_covers_whole_segments(clock, path, request_path, covered):
    """O15 of Ours: a cookie for /foo makes sessions at /foo and below, not at /foobar."""
    assert covered == Visit(clock, path=path).cookies.covers(request_path, "")


@pytest.mark.parametrize(
    ("root", "request_path", "covered"),
    [
        ("/app", "/app/shop", True),
        ("/app", "/shop", True),
        ("/app", "/shop/x", True),
        ("/app", "/app/shopping", False),
        ("/app", "/shopping", False),
        ("/app", "/app", False),
        ("/ap", "/app/shop", False),
        ("", "/app/shop", True),
        ("", "/shop", False),
    ],
)
def test_the_path_is_the_browser_s(clock, root, request_path, covered):
    """Case 6: behind a prefix the path is the browser's, in whichever way the server says it."""
    assert covered == Visit(clock, path="/app/shop").cookies.covers(request_path, root)


def test_a_name_that_does_not_fit_is_refused(clock):
    """Threat 15: the name's prefix is checked with the options when the middleware is built."""
    with pytest.raises(ValueError, match="__Host-"):
        Visit(clock, name="__Host-sid", path="/x")
