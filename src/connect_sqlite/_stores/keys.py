"""How a store keeps ids and data: as they are, hashed, or sealed.  Needs no cryptography."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

__all__ = ["PLAIN", "Keeping", "Keys", "checked_keys"]

Keys = bytes | Sequence[bytes]
"""For `key=`: 32 bytes, or several keys, of which the first writes and all read."""

_SIZE = 32


class Keeping(NamedTuple):
    """What a file says of a table, and a store of itself: both must agree."""

    how: Literal["plain", "hashed", "sealed"]
    prefix: str = ""
    proofs: tuple[tuple[str, str], ...] = ()
    """Each key's name, and a proof that one has that key; the first is the one that writes."""


PLAIN = Keeping("plain")


def checked_keys(key: Any) -> tuple[bytes, ...]:
    """The keys, each 32 bytes.  An error says nothing of what they are."""
    keys: Any = (key,) if isinstance(key, bytes | bytearray | str) else key
    if not isinstance(keys, Sequence):
        raise TypeError("key takes 32 bytes, or a list of several keys, the one that writes first")
    for each in keys:
        if not isinstance(each, bytes | bytearray):
            raise TypeError(
                "a key is 32 bytes: make one with secrets.token_bytes(32), keep its .hex(), "
                "and read that by bytes.fromhex"
            )
        if len(each) != _SIZE:
            raise ValueError(f"a key has {_SIZE} bytes, and this one {len(each)}")
    if not keys:
        raise ValueError("key takes one key at least; leave it out for a store that is not sealed")
    return tuple(dict.fromkeys(bytes(each) for each in keys))
