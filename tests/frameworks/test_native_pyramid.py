"""Pyramid's own session tests, run from its source distribution on sessions of ours."""

from .native import compare, run_pytest, source

FILE = "tests/test_session.py"

# Of the tests that both of Pyramid's sessions share.
SHARED = {
    "test_changed": "reads _dirty: here a session says nothing, changes are found by comparing",
    "test_reissue_triggered": "reads _dirty: here reading moves a row's end, not the cookie",
    "test_reissue_not_triggered": "reads _dirty, and gives reissue_time: ours is touch_interval",
    "test_reissue_never": "reads _dirty, and gives reissue_time: ours is touch_interval",
    "test_reissue_str_triggered": "reads _dirty, and gives reissue_time: ours is touch_interval",
    "test_reissue_invalid": "gives reissue_time: ours is touch_interval",
    "test_timeout_invalid": "text that is no number is a TypeError here, not a ValueError",
    "test_cookie_max_age_invalid": "text that is no number is a TypeError here, not a ValueError",
    "test__set_cookie_on_exception": "gives set_on_exception=False, which we have not",
    "test_no_set_cookie_with_exception": "gives set_on_exception=False, which we have not",
    "test__set_cookie_on_exception_no_request_exception": "sets an option on the session",
    "test__set_cookie_cookieval_too_long": "the cookie holds an id only, whatever the data",
    "test__set_cookie_real_webob_response": "calls a private method of the cookie session",
    "test__set_cookie_options": "calls a private method of the cookie session",
}

# Of the session that is a signed cookie.
SIGNED = {
    "test_custom_salt": "the cookie's signature is express-session's, which has no salt",
    "test_salt_mismatch": "the cookie's signature is express-session's, which has no salt",
    "test_custom_hashalg": "the cookie's signature is express-session's, always SHA-256",
    "test_hashalg_mismatch": "the cookie's signature is express-session's, always SHA-256",
    "test_custom_serializer": "a serializer is the store's, and makes text for a row",
}

LEFT_OUT = {
    f"{FILE}::{group}::{test}": reason
    for group, tests in {
        "TestBaseCookieSession": SHARED,
        "TestSignedCookieSession": {**SHARED, **SIGNED},
    }.items()
    for test, reason in tests.items()
}


def test_pyramids_own_session_tests():
    """What Pyramid's tests ask of a session holds for one in a store, but for what is listed."""
    names = ["TestBaseCookieSession", "TestSignedCookieSession"]
    tests = [f"{FILE}::{name}" for name in names]
    outcome = run_pytest(source("pyramid"), tests, plugins=["frameworks.native_pyramid"])
    compare(outcome, LEFT_OUT, at_least=50)
