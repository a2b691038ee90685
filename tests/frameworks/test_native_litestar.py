"""Litestar's own tests, run from its source distribution on sessions and a store of ours.

They are those of 2.13, the last release that ships them; Litestar itself is the one installed.
"""

from .native import compare, run_pytest, source

TESTS = [
    "test_middleware/test_session/test_middleware.py",
    "test_middleware/test_session/test_integration.py",
    "test_middleware/test_session/test_server_side_backend.py",
    "test_security/test_session_auth.py",
    "test_stores.py",
    "test_plugins/test_flash.py",
    "test_cli/test_session_commands.py",
    # The others of this file are not about sessions.
    "test_testing/test_test_client.py::test_test_client_set_session_data",
    "test_testing/test_test_client.py::test_test_client_get_session_data",
]

SIGNED = "expects the id alone in the cookie: here it is signed"
ELSEWHERE = "expects the sessions in a store of the app's: here they lie in the config's own"
OF_REDIS = "about what only a RedisStore has"
OF_FILES = "about what only a FileStore has"
NO_MAKO = "has a template for Mako, which is not installed"
MOCKED = "needs pytest-mock, and an app with a FileStore; test_litestar_parts runs the command"

LEFT_OUT = {
    f"tests/unit/{file}.py::test_{test}": reason
    for file, tests in {
        "test_middleware/test_session/test_middleware": {
            "session_id_correctness": SIGNED,
            "keep_session_id": SIGNED,
        },
        "test_middleware/test_session/test_server_side_backend": {
            "non_default_store": ELSEWHERE,
            "set_store_name": ELSEWHERE,
        },
        "test_stores": {
            "expires_in": "gives itself up for every store but a RedisStore",
            "redis_delete_all": OF_REDIS,
            "redis_delete_all_no_namespace_raises": OF_REDIS,
            "redis_namespaced_key": OF_REDIS,
            "redis_with_namespace": OF_REDIS,
            "redis_namespace_explicit_none": OF_REDIS,
            "redis_store_with_client_shutdown": OF_REDIS,
            "file_init_directory": OF_FILES,
            "file_init_subdirectory": OF_FILES,
            "file_init_subdirectory_negative": OF_FILES,
            "file_path": OF_FILES,
            "file_with_namespace": OF_FILES,
            "file_with_namespace_invalid_namespace_char": OF_FILES,
            "file_store_handle_rename_fail": OF_FILES,
        },
        "test_plugins/test_flash": {
            "flash_plugin[custom_category-mako]": NO_MAKO,
            "flash_plugin[flash_category-mako]": NO_MAKO,
        },
        "test_cli/test_session_commands": {
            "delete_session_no_backend": "about an app without sessions",
            "delete_session_cookie_backend": "about sessions in cookies",
            "delete_session": MOCKED,
            "clear_sessions_no_backend": "about an app without sessions",
            "clear_sessions_cookie_backend": "about sessions in cookies",
            "clear_sessions": MOCKED,
        },
    }.items()
    for test, reason in tests.items()
}


def test_litestars_own_tests():
    """What Litestar's tests ask of sessions and stores holds for ours, but for what is listed."""
    outcome = run_pytest(
        source("litestar"),
        [f"tests/unit/{test}" for test in TESTS],
        plugins=["frameworks.native_litestar"],
        # Their fixtures need packages that are not installed; the plugin has others of the same
        # names.
        options=["--noconftest", "-c", "/dev/null", "--rootdir=.", "-o", "asyncio_mode=auto"],
    )
    compare(outcome, LEFT_OUT, at_least=100)
