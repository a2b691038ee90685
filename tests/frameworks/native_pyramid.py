"""A plugin for Pyramid's own session tests: their sessions are ours, kept in a store of ours.

Their `_makeOne` builds a session from a request and the options of Pyramid's factory, and
`_serialize` makes the cookie of a session that was used, and made, at a given time.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from connect_sqlite import SQLiteStore
from connect_sqlite._session.signing import Signer, new_id
from connect_sqlite.pyramid import SessionFactory

SECRET = "a secret of the tests, which is long enough"
DEFAULT = 1200
COOKIE = ("path", "domain", "secure", "max_age")


@pytest.fixture(autouse=True)
def _ours(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.cls is None or not hasattr(request.cls, "_serialize"):
        yield
        return
    with SQLiteStore(":memory:") as store:
        monkeypatch.setattr(request.cls, "_makeOne", lambda _, *a, **k: made(store, *a, **k))
        monkeypatch.setattr(request.cls, "_serialize", lambda _, *a, **k: kept(store, *a, **k))
        yield


def made(store: SQLiteStore, request: Any, **options: Any) -> Any:
    """The session of a request, under Pyramid's options by their names in ours."""
    timeout = options.pop("timeout", DEFAULT)
    cookie = {name: options.pop(name) for name in COOKIE if name in options}
    if "httponly" in options:
        cookie["http_only"] = options.pop("httponly")
    factory = SessionFactory(
        store,
        secret=options.pop("secret", SECRET),
        name=options.pop("cookie_name", "session"),
        idle_timeout=int(timeout) if str(timeout).isdecimal() else timeout,
        cookie=cookie,
        **options,
    )
    # Pyramid's dummy request has its cookies in a dict, a real one in its environ.
    pairs = [f"{name}={text(value)}" for name, value in request.cookies.items()]
    request.environ["HTTP_COOKIE"] = "; ".join(pairs)
    return factory(request)


def text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def kept(store: SQLiteStore, value: Any, **_: Any) -> str:
    """The cookie of a session with these times and data, which the store has."""
    if not isinstance(value, tuple):
        return "s%3A" + Signer(SECRET).sign("never heard of")
    used, created, state = value
    sid = new_id()
    ends = datetime.fromtimestamp(used + DEFAULT, UTC)
    marks = {"created": int(created * 1000)}
    store.set(sid, {**state, "_session": marks, "cookie": {"expires": ends}})
    return "s%3A" + Signer(SECRET).sign(sid)
