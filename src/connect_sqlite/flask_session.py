"""Keeps visitors signed in whose cookies are Flask-Session's: `keep_signed_in(app)`.

Their sessions were carried over by `python -m connect_sqlite.migrate`.  Needs the extra:
`pip install "connect-sqlite[flask]"`.
"""

from collections.abc import Callable, Iterable
from hashlib import md5, sha256
from typing import Any
from urllib.parse import quote, unquote

from ._extras import extra
from ._session.signing import Signer

with extra("flask"):
    from flask import Flask
    from itsdangerous import BadSignature
    from itsdangerous import Signer as TheirSigner

__all__ = ["keep_signed_in"]

_OURS = ("s%3A", "s:")


def keep_signed_in(app: Flask) -> None:
    """Take the cookies of Flask-Session, until our own has replaced them.

    Call it after `app.session_interface` is set.  SECRET_KEY, SESSION_COOKIE_NAME,
    SESSION_KEY_PREFIX and SESSION_USE_SIGNER stay as they were; the last two say what they said.
    A cookie counts only for a session that was carried over, and is known to the store.
    """
    app.wsgi_app = _Translating(app, app.wsgi_app)  # type: ignore[method-assign]


class _Translating:
    """A WSGI application in front of Flask's own."""

    def __init__(self, app: Flask, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        cookies = environ.get("HTTP_COOKIE", "")
        name = self._app.session_interface.get_cookie_name(self._app)
        if f"{name}=" in cookies and self._app.secret_key:
            environ["HTTP_COOKIE"] = "; ".join(self._translated(cookies.split(";"), name))
        return self._wsgi_app(environ, start_response)

    def _translated(self, pairs: Iterable[str], name: str) -> Iterable[str]:
        for pair in pairs:
            key, _, value = pair.strip().partition("=")
            value = value.strip('"')
            if key != name or value.startswith(_OURS):
                yield pair.strip()
                continue
            sid = self._unsigned(unquote(value))
            if sid is not None:
                signer = Signer(self._app.secret_key)
                for moved in _ids(self._app.config.get("SESSION_KEY_PREFIX", "session:") + sid):
                    yield f"{name}={quote('s:' + signer.sign(moved), safe='')}"

    def _unsigned(self, value: str) -> str | None:
        """The id in the old cookie, which a signature kept if SESSION_USE_SIGNER said so."""
        if not self._app.config.get("SESSION_USE_SIGNER", False):
            return value
        keys = [*(self._app.config.get("SECRET_KEY_FALLBACKS") or ()), self._app.secret_key]
        signer = TheirSigner(keys, salt="flask-session", key_derivation="hmac")
        try:
            return signer.unsign(value).decode()
        except (BadSignature, UnicodeDecodeError):
            return None


def _ids(key: str) -> list[str]:
    """The ids that a session may have here: `migrate` explains them."""
    content = key.encode()
    # Older releases of cachelib gave its files names of MD5.
    return [sha256(content).hexdigest(), md5(content, usedforsecurity=False).hexdigest()]
