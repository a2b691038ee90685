"""Tokens against cross-site request forgery: the session's secret, under another mask each time."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hmac import compare_digest
from typing import Any

__all__ = ["belongs", "masked", "new_secret"]

_SIZE = 32


def new_secret() -> str:
    """What a session keeps."""
    return _encoded(secrets.token_bytes(_SIZE))


def masked(secret: str) -> str:
    """A token for this secret: a random mask, and the secret under it."""
    mask = secrets.token_bytes(_SIZE)
    return _encoded(mask + _xor(mask, _decoded(secret)))


def belongs(token: Any, secret: Any) -> bool:
    """Whether the token was made from this secret."""
    if not isinstance(token, str) or not isinstance(secret, str):
        return False
    given, kept = _decoded(token), _decoded(secret)
    if len(given) != 2 * _SIZE or len(kept) != _SIZE:
        return False
    return compare_digest(_xor(given[:_SIZE], given[_SIZE:]), kept)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Nothing, if it is no base64."""
    if len(text) > 4 * _SIZE or not text.isascii():
        return b""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except Error:
        return b""
