"""Starlette's own tests of its sessions, run against our middleware."""

from .native import compare, run_pytest, source

FILE = "tests/middleware/test_session.py"
LEFT_OUT = {
    "test_session_expires": "a negative max_age is refused when the app is built, not at requests",
    "test_session_tracks_modification": (
        "makes Starlette's Session out of a dict and reads its flags; ours compares itself with "
        "what was loaded, and that nested changes count too is tested elsewhere"
    ),
}


def test_starlettes_own_tests_of_sessions():
    """What Starlette asks of its own session middleware holds for ours."""
    # The stores work on asyncio: under Trio there is nothing to test.
    options = ["-k", "not trio", "-p", "no:asyncio", "-p", "no:aiohttp"]
    outcome = run_pytest(
        source("starlette"), [FILE], plugins=["frameworks.native_starlette"], options=options
    )
    compare(outcome, {f"{FILE}::{name}": why for name, why in LEFT_OUT.items()}, at_least=13)
