"""The cookie's configuration."""

from datetime import timedelta

import pytest

from connect_sqlite._session.jar import SessionCookies
from connect_sqlite._session.options import CookieOptions, checked_name, cookie_options
from connect_sqlite._session.signing import Signer


def test_defaults():
    """By default the cookie is for the whole host, ends with the browser, and no script sees it."""
    options = cookie_options(None)
    assert CookieOptions() == options
    assert ("/", None, "auto", True, "lax", None) == (
        options.path,
        options.domain,
        options.secure,
        options.http_only,
        options.same_site,
        options.max_age,
    )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("httponly", "http_only"),
        ("httpOnly", "http_only"),
        ("HttpOnly", "http_only"),
        ("samesite", "same_site"),
        ("sameSite", "same_site"),
        ("maxAge", "max_age"),
        ("max-age", "max_age"),
        ("domian", "domain"),
    ],
)
def test_case_4_an_unknown_option_is_named_and_the_right_one_suggested(wrong, right):
    """Case 4: a misspelt option is an error that names it and the one that was meant."""
    with pytest.raises(TypeError, match=f"'{wrong}': did you mean '{right}'"):
        cookie_options({wrong: True})


def test_an_option_like_no_other_is_named_with_all_there_are():
    """An option that resembles none is named beside the list of those that exist."""
    with pytest.raises(TypeError, match=r"'zzz'; it has path, domain, secure"):
        cookie_options({"zzz": 1})


@pytest.mark.parametrize("given", ["path=/", 7, [("path", "/")]])
def test_options_of_another_kind_are_refused(given):
    """The cookie's options are a mapping or `CookieOptions`, and nothing else is guessed at."""
    with pytest.raises(TypeError, match="cookie is"):
        cookie_options(given)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("path", "shop"),
        ("path", ""),
        ("path", "/a;b"),
        ("path", "/a\r\nSet-Cookie: x=1"),
        ("path", "/é"),
        ("path", None),
        ("domain", ""),
        ("domain", "a b"),
        ("domain", "a;b"),
        ("domain", "a\nb"),
        ("domain", "exämple.com"),
        ("domain", "a..b"),
        ("secure", "yes"),
        ("secure", 1),
        ("secure", None),
        ("http_only", 1),
        ("same_site", "laxx"),
        ("same_site", 1),
        ("priority", "urgent"),
        ("partitioned", "yes"),
        ("max_age", -1),
        ("max_age", float("nan")),
        ("max_age", 10**15),
        ("max_age", "60000"),
        ("max_age", True),
        ("max_age", timedelta(seconds=-1)),
    ],
)
def test_threat_17_a_value_that_no_browser_takes_is_refused(option, value):
    """Threat 17: a wrong value is an error as the configuration is built, naming the option."""
    with pytest.raises((TypeError, ValueError), match=f"cookie {option}"):
        cookie_options({option: value})


@pytest.mark.parametrize(
    "name", ["", "a b", "a=b", "a;b", "a\r\n", "ä", "\xa0__Host-x", " sid", "a,b"]
)
def test_threat_17_a_name_that_breaks_the_header_is_refused(name):
    """Threats 15, 17: a cookie's name is a token; not even a no-break space hides in it."""
    with pytest.raises(ValueError, match="cookie name"):
        checked_name(name, CookieOptions())


def test_a_name_too_long_for_browsers_is_refused():
    """Browsers drop a cookie over 4,096 bytes, so such a name is refused (ASVS 3.3.5)."""
    with pytest.raises(ValueError, match="longer than"):
        checked_name("n" * 4000, CookieOptions())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("__Host-sid", {"secure": False}),
        ("__Host-sid", {"path": "/shop"}),
        ("__Host-sid", {"domain": "example.com"}),
        ("__host-sid", {"path": "/shop"}),
        ("__Secure-sid", {"secure": False}),
    ],
)
def test_threat_15_a_prefix_enforces_its_rules(name, options):
    """Threat 15: a cookie that browsers would drop for its prefix is refused at start-up."""
    with pytest.raises(ValueError, match="name begins with __"):
        checked_name(name, cookie_options(options))


@pytest.mark.parametrize("name", ["__Host-sid", "__Secure-sid"])
def test_a_prefix_makes_the_cookie_secure(name):
    """Naming the cookie `__Host-…` is all that ASVS 3.3.1 takes: `Secure` follows from it."""
    assert checked_name(name, CookieOptions()).secure is True


@pytest.mark.parametrize("option", [{"same_site": "none"}, {"partitioned": True}])
def test_threat_15_what_browsers_tie_to_secure_is_refused_without(option):
    """Threat 15: `SameSite=None` and `Partitioned` need `secure=True`, and the error says so."""
    with pytest.raises(ValueError, match="secure=True"):
        cookie_options(option)
    assert cookie_options({**option, "secure": True})


@pytest.mark.parametrize(
    ("given", "meant"),
    [(True, "strict"), (False, None), (None, None), ("Strict", "strict"), ("auto", "auto")],
)
def test_same_site_takes_express_values(given, meant):
    """`same_site` may be true or false as in Express, or a word in any case (O12)."""
    assert meant == cookie_options({"same_site": given}).same_site


@pytest.mark.parametrize(
    ("given", "milliseconds"),
    [(None, None), (0, 0), (60, 60_000), (0.5, 500), (timedelta(days=1), 86_400_000)],
)
def test_max_age_is_a_timedelta_or_seconds(given, milliseconds):
    """`max_age` is a `timedelta` or a number of seconds; 0 is a value."""
    options = cookie_options({"max_age": given})
    assert milliseconds == SessionCookies("sid", options, Signer("s" * 32)).lifetime


def test_options_cannot_be_changed_afterwards():
    """What was checked stays as it was checked."""
    with pytest.raises(AttributeError):
        CookieOptions().path = "/x"
