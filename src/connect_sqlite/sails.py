"""What a service beside a Sails app tells its session middleware.

`SessionMiddleware(app, store=…, secret=…, **SAILS)`
"""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

__all__ = ["SAILS", "SailsPreset", "looks_like_asset"]


class SailsPreset(TypedDict):
    """Two of the middleware's options, to be given with `**`."""

    name: str
    skip: Callable[[Mapping[str, Any]], bool]


def looks_like_asset(request: Mapping[str, Any]) -> bool:
    """Whether Sails gives this request no session, for its path looks like a file's.

    That is one whose last part has a dot inside: `/logo.png`, but neither `/.env` nor `/v1.2/`.
    Takes an ASGI scope or a WSGI environ.
    """
    _, slash, last = _path(request).rpartition("/")
    return bool(slash) and "." in last[1:-1]


def _path(request: Mapping[str, Any]) -> str:
    """The path as it stood in the request, where the server tells it: an escaped dot is none."""
    raw = request.get("raw_path")
    if isinstance(raw, bytes):
        return raw.partition(b"?")[0].decode("latin-1")
    path: str = request.get("path") or request.get("PATH_INFO", "")
    return path


SAILS = SailsPreset(name="sails.sid", skip=looks_like_asset)
