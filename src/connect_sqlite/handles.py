"""Names for sessions that may be shown: in lists, logs, events and URLs."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

__all__ = ["Handle", "handle_of", "mark_in", "mark_of", "spelled"]


class Handle(str):
    """A session's handle in the place of its id.

    A store that keeps no ids, sealed or with `hash_ids`, lists its sessions by these.  There
    `destroy`, `destroy_many`, `keep=` and `scan(after=...)` take one as they take an id; nothing
    else does, and as a cookie it is worth nothing.  `Handle(text)` makes one of a text that was
    shown; `str(handle)` is that text.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return "".join((self,))


def handle_of(sid: str) -> str:
    """A name of 22 characters for the session with this id; the id cannot be found from it.

    A `Handle` is such a name already.
    """
    if isinstance(sid, Handle):
        return str(sid)
    return spelled(mark_of(sid))


def mark_of(sid: str) -> bytes:
    """The 16 bytes that a handle spells: the first half of a SHA-256."""
    return sha256(b"connect-sqlite handle:" + sid.encode()).digest()[:16]


def spelled(mark: bytes) -> str:
    """The text of the handle of these 16 bytes."""
    return urlsafe_b64encode(mark).rstrip(b"=").decode()


def mark_in(handle: str) -> bytes:
    """The 16 bytes that a handle of 22 characters spells."""
    return urlsafe_b64decode(handle + "==")
