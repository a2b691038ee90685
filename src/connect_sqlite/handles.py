"""Names for sessions that may be shown: in lists, logs, events and URLs."""

from base64 import urlsafe_b64encode
from hashlib import sha256

__all__ = ["handle_of"]


def handle_of(sid: str) -> str:
    """A name of 22 characters for the session with this id; the id cannot be found from it."""
    digest = sha256(b"connect-sqlite handle:" + sid.encode()).digest()
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
