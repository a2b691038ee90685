"""The cookie's signature, as express's `cookie-signature` makes it, and new ids.

A signed id is the id, a dot, and the HMAC-SHA256 of the id in base64 without padding.
"""

import hmac
import secrets
import warnings
from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["Secret", "Signer", "new_id"]

Secret = str | bytes
"""Text counts as its UTF-8 bytes, as in Node."""

_SIGNATURE_LENGTH = 43
_SHORTEST_SECRET = 32
_HOW_TO_MAKE_ONE = (
    "make one with python -c 'import secrets; print(secrets.token_urlsafe(32))', keep it out of "
    "the code, and give the same one to every worker and after every restart"
)


def new_id() -> str:
    """256 random bits as 43 characters of URL-safe base64."""
    return secrets.token_urlsafe(32)


class Signer:
    """Signs with the first of its secrets and accepts the signature of any."""

    def __init__(self, secret: Secret | Sequence[Secret] | None) -> None:
        # A copy of a keyed HMAC costs half of keying a new one.
        self._keyed = tuple(hmac.new(key, digestmod="sha256") for key in _checked(secret))

    def sign(self, sid: str) -> str:
        """The id with its signature."""
        return f"{sid}.{_signature(sid.encode(), self._keyed[0]).decode()}"

    def unsign(self, value: bytes) -> str | None:
        """The id in a signed value (it may hold dots); None when no secret made the signature.

        An id that no store takes is none: empty, longer than 255 bytes, with NUL, or no UTF-8.
        """
        sid, _, signature = value.rpartition(b".")
        if len(signature) != _SIGNATURE_LENGTH or not 0 < len(sid) < 256 or b"\0" in sid:
            return None
        for keyed in self._keyed:
            if hmac.compare_digest(_signature(sid, keyed), signature):
                break
        else:
            return None
        try:
            return sid.decode()
        except UnicodeDecodeError:
            return None


def _signature(message: bytes, keyed: hmac.HMAC) -> bytes:
    mac = keyed.copy()
    mac.update(message)
    return b2a_base64(mac.digest(), newline=False)[:_SIGNATURE_LENGTH]


def _checked(secret: Any) -> list[bytes]:
    """The secrets as bytes.  One that is missing or empty is an error, a short one a warning."""
    one = isinstance(secret, str | bytes) or not isinstance(secret, Iterable)
    given = [secret] if one else list(secret)
    if not given or not all(given):
        raise ValueError(f"secret is missing or empty: {_HOW_TO_MAKE_ONE}")
    if not all(isinstance(each, str | bytes) for each in given):
        raise TypeError("secret is a str, bytes, or several of them, the present one first")
    keys = [each.encode() if isinstance(each, str) else each for each in given]
    if any(len(key) < _SHORTEST_SECRET for key in keys):
        warnings.warn(
            f"a secret of less than {_SHORTEST_SECRET} bytes can be guessed: {_HOW_TO_MAKE_ONE}",
            stacklevel=4,  # where the middleware is built
        )
    return keys
