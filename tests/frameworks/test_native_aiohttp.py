"""aiohttp-session's own tests, run from its source distribution on a storage of ours.

Its other files test that data lie in a cookie, signed or encrypted; Memcached's are Redis's again.
"""

from .native import compare, run_pytest, source

IN_THE_COOKIE = "reads the data in the cookie: here it holds an id only"
LOOKED_AT = "reads _changed after the data: here it is true once they were looked at, for Vary"
SHOWN = "expects the data in what is printed of a session: here they never are"
TEXT = "gives a number as the identity: here an id is text"

LEFT_OUT = {
    f"tests/test_{file}.py::test_{test}": reason
    for file, tests in {
        "redis_storage": {
            "load_bad_session": "what cannot be read is no session here, so the next is new",
            "change_session": "expects the cookie with each change: without a lifetime it says "
            "nothing new",
            "create_storage_with_custom_key_factory": "expects the id alone in the cookie: here "
            "it is signed",
            "redis_from_create_pool": "about a pool of connections to Redis",
            "no_aioredis_installed": "about the package redis",
            "old_aioredis_version": "about the package redis",
        },
        "path_domain": dict.fromkeys(
            [
                "with_same_path_domain",
                "with_different_path",
                "with_different_domain",
                "invalidate_with_same_path_domain",
            ],
            IN_THE_COOKIE,
        ),
        "abstract_storage": {
            "max_age_also_returns_expires": "expects a date with dashes, of RFC 850",
            "max_age_session_reset": IN_THE_COOKIE,
        },
        "session_dict": {
            "create": LOOKED_AT,
            "create2": LOOKED_AT,
            "create3": TEXT,
            "set_new_identity_for_not_new_session": TEXT,
            "_repr__": SHOWN,
            "_repr__2": SHOWN,
            "invalidate": LOOKED_AT,
            "invalidate2": LOOKED_AT,
            "change": LOOKED_AT,
        },
    }.items()
    for test, reason in tests.items()
}

FILES = [
    *("redis_storage", "path_domain", "abstract_storage", "session_dict", "http_exception"),
    *("response_types", "get_session", "session_middleware"),
]


def test_aiohttp_sessions_own_tests():
    """What aiohttp-session's tests ask of a storage holds for ours, but for what is listed."""
    outcome = run_pytest(
        source("aiohttp-session"),
        [f"tests/test_{file}.py" for file in FILES],
        plugins=["frameworks.native_aiohttp"],
        # Their fixtures run servers in containers; the plugin has others of the same names.
        options=["--noconftest", "-c", "setup.cfg", "-o", "asyncio_mode=auto"],
    )
    compare(outcome, LEFT_OUT, at_least=19)
