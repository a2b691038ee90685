"""Quart's own tests: of its last source distribution that has them, on the Quart of today."""

from .native import compare, run_pytest, source

LEFT_OUT = {
    "tests/test_sessions.py::test_secure_cookie_modification": (
        "setdefault() of a key that is there changes nothing, in the Quart of today too"
    ),
}

SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""

FILES = ["tests/test_sessions.py", "tests/test_templating.py", "tests/test_testing.py"]


def test_quarts_own_session_tests(tmp_path):
    """What Quart's tests ask of a session, and of the test client's, holds of ours."""
    settings = tmp_path / "pytest.ini"
    settings.write_text(SETTINGS)
    folder = source("quart")
    # Its own settings are for plugins of that time.
    options = ["-c", str(settings), f"--rootdir={folder}", "-p", "no:aiohttp"]
    outcome = run_pytest(folder, FILES, plugins=["frameworks.native_quart"], options=options)
    compare(outcome, LEFT_OUT, at_least=20)
