"""A session as text and back.  What is put in comes out equal, or is refused.

orjson alone writes a UUID, an enum or NaN as text or null without a word, so the default codec
checks what it wrote.  Sealing wraps this text.
"""

import marshal
import math
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from logging import getLogger
from typing import Any, Self

import orjson

from ..contract import Data, Serializer
from ..errors import InvalidSession, StoreError
from .tally import Tally

__all__ = ["JSON", "Codec", "Unreadable"]

MAX_DEPTH = 200

_log = getLogger("connect_sqlite")
_STRICT = (
    orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
)


class Unreadable(StoreError):
    """A stored row is not what this store writes.  Internal: such a row counts as absent."""


class _JSON:
    """The default serializer: strict JSON, as Node writes and reads it."""

    def dumps(self, session: dict[str, Any], /) -> str:
        try:
            text = orjson.dumps(session, option=_STRICT)
            # Refuses what orjson turns into text: UUIDs, enums, and subclasses of the plain types.
            marshal.dumps(session, 2)
        except (TypeError, ValueError, RecursionError):
            _refuse(session)
        # NaN and the infinities become null, so a null that was no None is looked into; and a
        # depth over the limit needs as many brackets.
        if (b"null" in text and orjson.loads(text) != session) or (
            len(text) > 2 * MAX_DEPTH and text.count(b"[") + text.count(b"{") > MAX_DEPTH
        ):
            _check(session)
        return text.decode()

    def loads(self, text: str, /) -> Any:
        return orjson.loads(text)

    def __repr__(self) -> str:
        return "JSON"


JSON: Serializer = _JSON()
"""The default `serializer`: JSON, and nothing that JSON has not."""


class _Foreign:
    """Another serializer, held to what it promises: text, and from text alone."""

    def __init__(self, serializer: Any) -> None:
        self._dumps: Any = getattr(serializer, "dumps", None)
        self._loads: Any = getattr(serializer, "loads", None)
        if not (callable(self._dumps) and callable(self._loads)):
            raise TypeError("a serializer has dumps and loads; leave serializer out for JSON")
        try:
            text = self._dumps({})
        except Exception:  # noqa: BLE001 - it may refuse a session without data
            return
        if not isinstance(text, str):
            raise TypeError(_no_text(text))

    def dumps(self, session: dict[str, Any], /) -> str:
        text = self._dumps(session)
        if not isinstance(text, str):
            raise InvalidSession(_no_text(text))
        text.encode()  # raises for a lone surrogate
        return text

    def loads(self, text: Any, /) -> Any:
        if not isinstance(text, str):
            raise TypeError("a row that is no text")
        return self._loads(text)


def _no_text(written: Any) -> str:
    kind = type(written).__name__
    return f"a serializer's dumps returns a str, and this one returned a {kind}"


class Codec:
    """Turns sessions into the text of a row and back, by a serializer and within a size."""

    def __init__(self, serializer: Serializer, max_bytes: int, tally: Tally) -> None:
        if serializer is not JSON:
            serializer = _Foreign(serializer)
        self._dumps = serializer.dumps
        self._loads = serializer.loads
        self._max_bytes = max_bytes
        self._tally = tally
        self._is_muted = False

    def encode(self, session: Data, key: Any = None) -> str:
        """The session's text, or `InvalidSession` naming the key at fault.

        `key` is the row's that it is for, where that makes a difference.
        """
        try:
            text = self._dumps(session if type(session) is dict else dict(session))
        except InvalidSession:
            raise
        except Exception:  # noqa: BLE001 - whatever another codec raises, and may quote the value in
            raise InvalidSession(
                "the session cannot be written by the store's serializer"
            ) from None
        self._check_size(text, session)
        return text

    def encode_read(self, session: dict[str, Any], key: Any = None) -> str:
        """As `encode`, for a session put together of what was decoded: JSON needs no check."""
        if self._dumps == JSON.dumps:
            with suppress(TypeError):  # nested too deep: told in words below
                text = orjson.dumps(session).decode()
                self._check_size(text, session)
                return text
        return Codec.encode(self, session)

    def _check_size(self, text: str, session: Data) -> None:
        # A character is at most four bytes; only a text that might be too long is measured exactly.
        if len(text) * 4 > self._max_bytes and len(text.encode()) > self._max_bytes:
            raise InvalidSession(
                f"the session is longer than max_bytes={self._max_bytes}; "
                f"its largest key is {_name(str(_largest(session)))}"
            )

    def copied(self, session: Data) -> dict[str, Any]:
        """The session as it will be read, which shares nothing with the caller's.

        `InvalidSession` as for `encode`.
        """
        text = Codec.encode(self, session)
        try:
            return dict(self._loads(text))
        except Exception:  # noqa: BLE001 - as at `decode`
            raise InvalidSession("the store's serializer cannot read what it wrote") from None

    def decode(self, text: Any, key: Any = None) -> dict[str, Any]:
        """The session back, or `Unreadable`, which is counted and logged here."""
        try:
            session = self._loads(text)
        except Exception:  # noqa: BLE001 - any codec's error means the same, and may quote the row
            session = None
        if type(session) is dict:
            return session
        self.report_unreadable()
        raise Unreadable("a row cannot be read")

    def muted(self) -> Self:
        """The same one, for looking through rows: it does not report what it cannot read."""
        codec = copy(self)
        codec._tally, codec._is_muted = Tally(), True
        return codec

    def report_unreadable(self) -> None:
        if self._is_muted:
            return
        self._tally.failed("unreadable")
        _log.warning("A session's row cannot be read and counts as absent; see stats()['errors']")


def _largest(session: Data) -> Any:
    return max(session, key=lambda key: len(repr(session[key])), default="")


def _name(path: str) -> str:
    """A key for a message: quoted, printable, and not too long."""
    return ascii(path if len(path) <= 80 else path[:77] + "...")


def _refuse(session: Mapping[str, Any]) -> None:
    _check(session)
    raise InvalidSession("the session holds something that JSON cannot carry")


def _check(session: Mapping[str, Any]) -> None:
    """Raise `InvalidSession` for the first value, in order, that would not come back equal."""
    fault = _fault(dict(session), "", 1)
    if fault is not None:
        path, reason = fault
        raise InvalidSession(f"{_name(path)} {reason}" if path else f"the session {reason}")


def _fault(value: Any, path: str, depth: int) -> tuple[str, str] | None:
    kind = type(value)
    if value is None or kind is bool:
        return None
    if kind is str:
        return None if _encodable(value) else (path, "holds a lone surrogate")
    if kind is int:
        # SQLite and JavaScript know no larger integers.
        return None if -(2**63) <= value < 2**64 else (path, "is an integer beyond 64 bits")
    if kind is float:
        return None if math.isfinite(value) else (path, "is NaN or infinite")
    if kind is not dict and kind is not list and kind is not tuple:
        return path, f"is a {kind.__name__}, which JSON has not; keep it as text or a number"
    if depth > MAX_DEPTH:
        return path, f"is nested deeper than {MAX_DEPTH} levels"
    if kind is not dict:
        faults = (_fault(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value))
        return next((fault for fault in faults if fault), None)
    for key, item in value.items():
        if type(key) is not str:
            return path, f"has a key that is a {type(key).__name__}, not a str"
        if not _encodable(key):
            return path, "has a key with a lone surrogate"
        fault = _fault(item, f"{path}.{key}" if path else key, depth + 1)
        if fault:
            return fault
    return None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
