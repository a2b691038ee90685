"""Django's own tests, run on our sessions: of the release that is installed."""

from .native import compare, run_unittest, source

USERS_OF_SESSIONS = [
    "admin_views.tests.AdminViewPermissionsTest",
    "auth_tests.test_basic",
    "auth_tests.test_login",
    "auth_tests.test_middleware",
    "auth_tests.test_views",
    "csrf_tests.tests.CsrfViewMiddlewareUseSessionsTests",
    "messages_tests.test_fallback",
    "messages_tests.test_session",
    "test_client",
    "test_client_regress",
]

LEFT_OUT = {
    "native.OurMiddlewareTests.test_empty_session_saved": "it looks into the table of Django's own "
    "engine; tests/frameworks/test_django_requests.py has the same on ours",
}

LEFT_OUT_OF_USERS = {
    "auth_tests.test_middleware.TestLoginRequiredMiddleware."
    "test_protected_view_logged_in_performance": "it counts the query for the session, which ours "
    "does not ask the database for",
}


def test_djangos_tests_of_sessions():
    """The 65 tests that Django has for every engine hold for ours, with time zones and without,
    with another serializer, and so do those of its middleware."""
    folder = source("django") / "tests"
    outcome = run_unittest(folder, ["-m", "frameworks.native_django"])
    compare(outcome, LEFT_OUT, at_least=3 * 65 + 11)


def test_djangos_tests_of_what_uses_sessions(tmp_path):
    """Sign-in, sign-out, the admin, messages, CSRF in sessions and the test client work on ours."""
    folder = source("django") / "tests"
    settings = "--settings=frameworks.native_django_settings"
    arguments = ["runtests.py", settings, "--parallel=1", "-v2", *USERS_OF_SESSIONS]
    outcome = run_unittest(folder, arguments, env={"SESSIONS": str(tmp_path / "sessions.db")})
    left_out = {name: why for name, why in LEFT_OUT_OF_USERS.items() if name in outcome.ends}
    compare(outcome, left_out, at_least=300)
