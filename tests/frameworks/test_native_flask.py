"""Flask's own tests, with our sessions in every application that they make."""

from .native import compare, run_pytest, source

_DOTENV = "needs python-dotenv, and is about the command line"
_GREENLET = "needs greenlet"
_COPYING = "tests/test_reqctx.py::TestGreenletContextCopying"

LEFT_OUT = {
    "tests/test_cli.py::test_load_dotenv": _DOTENV,
    "tests/test_cli.py::test_dotenv_path": _DOTENV,
    "tests/test_cli.py::test_disable_dotenv_from_env": _DOTENV,
    f"{_COPYING}::test_greenlet_context_copying": _GREENLET,
    f"{_COPYING}::test_greenlet_context_copying_api": _GREENLET,
    "tests/test_reqctx.py::test_bad_environ_raises_bad_request": (
        "fails with Flask's own sessions too: this Werkzeug answers 404"
    ),
}

OPTIONS = (
    *("-p", "no:asyncio", "-p", "no:aiohttp"),
    *("-W", "ignore:a secret of less than 32 bytes:UserWarning"),
)


def test_flasks_own_tests():
    """All that Flask's tests ask of an application holds with sessions in a store."""
    plugins = ["frameworks.native_flask"]
    outcome = run_pytest(source("flask"), ["tests"], plugins=plugins, options=OPTIONS)
    compare(outcome, LEFT_OUT, at_least=450)
