"""What is derived from a key, and a session's text under it: AES-256-GCM, HMAC-SHA256, HKDF.

A sealed row is JSON, so that an index can look into it:

    {"v":1,"c":"<nonce, ciphertext and tag in hexadecimal>","#user/id":"<HMAC of the value>"}

Every character of it is vouched for: the head and the digits are compared, and all that stands
behind them goes, with the table and the row's key, into what the tag covers.  Hexadecimal rather
than base64, for Python reads that four times faster.
"""

import os
from base64 import b64encode
from binascii import b2a_base64, unhexlify
from collections.abc import Collection, Mapping, Sequence
from logging import getLogger
from typing import Any

from .._extras import extra
from ..contract import Data, Serializer
from .codec import JSON, Codec, Unreadable
from .tally import Tally

with extra("crypto"):
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.hmac import HMAC
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["MARK_SIZE", "RowKey", "SealedCodec", "SealingKey", "kept_as"]

_log = getLogger("connect_sqlite")

_HEAD = '{"v":1,"c":"'
_DATA = len(_HEAD)
_NONCE = 12
MARK_SIZE = 16
_NAME = 8
_SHARD = 1
"""How many characters of a row's key choose its cipher among 64, each with a key of its own: so
many more writes until two nonces under one of them may be equal (docs/sealing.md)."""


def kept_as(path: str) -> str:
    """The name under which a sealed row has the HMAC of a declared index."""
    return "#" + path.replace(".", "/")


class RowKey(str):
    """The key of a sealed row."""

    __slots__ = ("mark", "others")

    mark: bytes
    """What the session's handle spells."""
    others: tuple["RowKey", ...]
    """Where the row may be still, under older keys."""


class SealingKey:
    """One key, as the keys that are derived from it.  The key itself is not kept."""

    def __init__(self, key: bytes) -> None:
        def derived(purpose: str, size: int = 32) -> bytes:
            info = f"connect-sqlite 1 {purpose}".encode()
            return HKDF(SHA256(), size, None, info).derive(key)

        self.name = b64encode(derived("name", 6)).decode()
        """Begins the id of each row under this key."""
        self.proof = derived("proof").hex()
        self._ids = HMAC(derived("ids"), SHA256())
        self._indexes = HMAC(derived("indexes"), SHA256())
        self._payloads = HMAC(derived("payloads"), SHA256())

    def row_id(self, mark: bytes) -> str:
        """The id that a session's row has in the file."""
        mac = self._ids.copy()
        mac.update(mark)
        return self.name + b2a_base64(mac.finalize(), newline=False).decode()

    def index_tag(self, path: str, value: str | int) -> str:
        """What an index holds in the place of a value; the same value has another at each path."""
        kind = "text" if isinstance(value, str) else "integer"
        message = f"{path}\0{kind}\0{value}".encode("utf-8", "surrogatepass")
        return _mac(self._indexes, message).hex()

    def cipher(self, shard: str) -> AESGCM:
        return AESGCM(_mac(self._payloads, shard.encode()))


def _mac(keyed: HMAC, message: bytes) -> bytes:
    mac = keyed.copy()
    mac.update(message)
    return mac.finalize()


class SealedCodec(Codec):
    """Seals what the serializer writes, and opens what was sealed: nothing else is ever read."""

    def __init__(
        self,
        ring: Sequence[SealingKey],
        table: str,
        prefix: str,
        indexes: Collection[str],
        serializer: Serializer,
        max_bytes: int,
        tally: Tally,
    ) -> None:
        super().__init__(serializer, max_bytes, tally)
        self._is_json = serializer is JSON
        self._ring = {key.name: key for key in ring}
        self._writing = ring[0]
        self._table = table
        self._indexes = [(path, path.split("."), kept_as(path)) for path in indexes]
        self._name = slice(len(prefix), len(prefix) + _NAME)
        self._choice = slice(len(prefix), len(prefix) + _NAME + _SHARD)
        self._ciphers: dict[str, AESGCM] = {}
        self._told = False

    def encode(self, session: Data, key: Any = None) -> str:
        return self.seal(super().encode(session), session, key)

    def encode_read(self, session: dict[str, Any], key: Any = None) -> str:
        return self.seal(super().encode_read(session), session, key)

    def seal(self, text: str, session: Data, key: RowKey) -> str:
        """The row's text for a session that the serializer wrote as `text`."""
        tail = '"}' if not self._indexes else self._tail(session, key)
        cipher = self._ciphers.get(key[self._choice]) or self._made(key)
        nonce = os.urandom(_NONCE)
        bound = f"{self._table}\0{key}\0{tail}".encode()
        sealed = cipher.encrypt(nonce, key.mark + text.encode(), bound)
        return f"{_HEAD}{(nonce + sealed).hex()}{tail}"

    def _tail(self, session: Data, key: str) -> str:
        tail, sealing = '"', self._ring[key[self._name]]
        for path, names, kept in self._indexes:
            value = _value_at(session, names)
            if value is not None:
                tail += f',"{kept}":"{sealing.index_tag(path, value)}"'
        return tail + "}"

    def _made(self, key: str) -> AESGCM:
        choice = key[self._choice]
        cipher = self._ciphers[choice] = self._ring[choice[:_NAME]].cipher(choice[_NAME:])
        return cipher

    def sealed_again(self, text: Any, old: str, new: RowKey) -> str:
        """A row's text as it is under another key.  `Unreadable` if it cannot be opened."""
        opened = self.opened(text, old)
        session = self.session_in(opened) if self._indexes else {}
        return self.seal(opened[MARK_SIZE:].decode(), session, new)

    def decode(self, text: Any, key: Any = None) -> dict[str, Any]:
        return self.session_in(self.opened(text, key))

    def row_key(self, prefix: str, mark: bytes) -> RowKey:
        """Where a session's row lies under the key that writes."""
        key = RowKey(prefix + self._writing.row_id(mark))
        key.mark, key.others = mark, ()
        return key

    def mark_in(self, text: str, key: str) -> bytes:
        """The mark in a row; `Unreadable` if it cannot be opened."""
        return self.opened(text, key)[:MARK_SIZE]

    @staticmethod
    def looks_sealed(text: str) -> bool:
        return text.startswith(_HEAD)

    def read(self, text: str) -> dict[str, Any]:
        """The session in a text that was never sealed; `Unreadable`, counted, if it is none."""
        return super().decode(text)

    def session_in(self, opened: bytes) -> dict[str, Any]:
        """The session in a row that was opened; `Unreadable`, counted and logged, if it is none."""
        written = opened[MARK_SIZE:]
        try:
            session = self._loads(written if self._is_json else written.decode())  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001 - as at `Codec.decode`
            session = None
        if type(session) is dict:
            return session
        self.report_unreadable()
        raise Unreadable("a row cannot be read")

    def opened(self, text: Any, key: Any) -> bytes:
        """The session's mark and its text; `Unreadable`, counted and logged, if it is not ours."""
        try:
            if text.startswith(_HEAD):
                cipher = self._ciphers.get(key[self._choice]) or self._made(key)
                end = text.find('"', _DATA)
                data = text[_DATA:end]
                raw = unhexlify(data)
                # Capitals mean the same digits, and this store writes none.
                if not ("A" in data or "B" in data or "C" in data) and not (
                    "D" in data or "E" in data or "F" in data
                ):
                    bound = f"{self._table}\0{key}\0{text[end:]}".encode()
                    return cipher.decrypt(raw[:_NONCE], raw[_NONCE:], bound)
        except (InvalidTag, ValueError):
            pass
        except AttributeError:  # no text
            pass
        except KeyError:
            if self._is_withdrawn(key):
                raise Unreadable("a row under a key that was withdrawn") from None
        self.report_unreadable()
        raise Unreadable("a row cannot be opened")

    def _is_withdrawn(self, key: Any) -> bool:
        """Counts the row, and logs the first, if its key's name is none that this store has."""
        if not isinstance(key, str) or key[self._name] in self._ring:
            return False
        self._tally.failed("unreadable")
        if not self._told and not self._is_muted:
            self._told = True
            _log.warning(
                "Sessions are sealed under a key that this store was not given; they count as "
                "absent. Was an old key withdrawn too early? See stats()['errors']"
            )
        return True


def _value_at(session: Any, names: list[str]) -> str | int | None:
    """What an index may know of the session: text, or an integer that SQLite has."""
    for name in names:
        if not isinstance(session, Mapping):
            return None
        session = session.get(name)
    if type(session) is str:
        return session
    if type(session) is int and -(2**63) <= session < 2**63:
        return session
    return None
