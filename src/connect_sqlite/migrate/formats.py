"""Data as Flask-Session wrote them: msgpack, JSON, or a pickle, which is never unpickled.

`plain_pickle` reads pickles of plain data: dicts, lists, text and numbers.  It has no way to call
or import anything, and refuses a pickle that wants to.
"""

import json
import pickletools
from collections.abc import Callable
from typing import Any

from .source import Problem, Refused

__all__ = ["PICKLED", "data_of", "is_pickle", "plain_pickle"]

PICKLED = "pickled (--plain-pickles reads those that hold plain data only, without unpickling)"
_OBJECTS = "pickled, with objects in it"
_BROKEN = "cannot be read: it is cut off, or in a format that is not known here"
_NO_DICT = "is not a dict"

_MOST = 2_000_000
"""Values and characters in one session: references may make a small pickle large."""
_DEEPEST = 200
_MARK = object()


def data_of(content: bytes, *, plain_pickles: bool) -> dict[str, Any]:
    """The session in these bytes.  Raises `Refused`."""
    first = content[:1]
    if is_pickle(content):
        if not plain_pickles:
            raise Refused(PICKLED)
        data = plain_pickle(content)
    elif first == b"{":
        data = _json(content)
    elif content and (0x80 <= content[0] <= 0x8F or first in (b"\xde", b"\xdf")):
        data = _msgpack(content)
    else:
        raise Refused(_BROKEN)
    if not isinstance(data, dict):
        raise Refused(_NO_DICT)
    return data


def is_pickle(content: bytes) -> bool:
    """Whether it is one, of any protocol: neither msgpack nor JSON begins like that."""
    if content[:1] == b"\x80":
        return len(content) > 1  # alone it is msgpack's empty map
    return content[:1] in (b"(", b"}", b"]", b"c") and content[-1:] == b"."


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise Refused(_BROKEN) from None


def _msgpack(content: bytes) -> Any:
    try:
        import msgspec
    except ImportError:
        raise Problem("Sessions in msgpack need msgspec: pip install msgspec") from None
    try:
        return msgspec.msgpack.decode(content)
    except (msgspec.DecodeError, ValueError):
        raise Refused(_BROKEN) from None


def plain_pickle(content: bytes) -> Any:
    """The plain data in a pickle.  Raises `Refused` for anything else."""
    try:
        made = _Reader().read(content)
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - bytes from a file may be anything
        raise Refused(_BROKEN) from None
    return _copied(made, [_MOST], _DEEPEST)


class _Reader:
    """A machine for the operations that make plain data, and for no other."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def read(self, content: bytes) -> Any:
        # Only takes the bytes apart: an operation is a name and its argument.
        for operation, argument, _ in pickletools.genops(content):
            name = operation.name
            if name == "STOP":
                (made,) = self.stack
                return made
            if name in _CONSTANTS:
                self.stack.append(_CONSTANTS[name])
            elif name in _ARGUMENTS:
                self.stack.append(argument)
            elif name in _ACTIONS:
                _ACTIONS[name](self, argument)
            else:
                raise Refused(_OBJECTS)
        raise Refused(_BROKEN)

    def since_mark(self) -> list[Any]:
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
        found = self.stack[at + 1 :]
        del self.stack[at:]
        return found

    def mark(self, _: Any) -> None:
        self.stack.append(_MARK)

    def keep(self, number: int | None) -> None:
        self.memo[len(self.memo) if number is None else int(number)] = self.stack[-1]

    def recall(self, number: int) -> None:
        self.stack.append(self.memo[int(number)])

    def new_list(self, _: Any) -> None:
        self.stack.append([])

    def new_dict(self, _: Any) -> None:
        self.stack.append({})

    def marked_list(self, _: Any) -> None:
        self.stack.append(self.since_mark())

    def marked_dict(self, _: Any) -> None:
        self.stack.append(_pairs(self.since_mark()))

    def append(self, _: Any) -> None:
        value = self.stack.pop()
        _a(list, self.stack[-1]).append(value)

    def appends(self, _: Any) -> None:
        values = self.since_mark()
        _a(list, self.stack[-1]).extend(values)

    def item(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _a(dict, self.stack[-1])[key] = value

    def items(self, _: Any) -> None:
        found = self.since_mark()
        _a(dict, self.stack[-1]).update(_pairs(found))

    def last(self, count: int) -> None:
        found = self.stack[len(self.stack) - count :] if count else []
        del self.stack[len(self.stack) - count :]
        self.stack.append(found)

    def ignore(self, _: Any) -> None:
        """Of how the bytes are framed."""


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_ARGUMENTS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
}
# A tuple is a list in JSON.
_ACTIONS: dict[str, Callable[[_Reader, Any], None]] = {
    "PROTO": _Reader.ignore,
    "FRAME": _Reader.ignore,
    "MARK": _Reader.mark,
    "EMPTY_LIST": _Reader.new_list,
    "EMPTY_DICT": _Reader.new_dict,
    "EMPTY_TUPLE": _Reader.new_list,
    "LIST": _Reader.marked_list,
    "DICT": _Reader.marked_dict,
    "TUPLE": _Reader.marked_list,
    "TUPLE1": lambda reader, _: reader.last(1),
    "TUPLE2": lambda reader, _: reader.last(2),
    "TUPLE3": lambda reader, _: reader.last(3),
    "APPEND": _Reader.append,
    "APPENDS": _Reader.appends,
    "SETITEM": _Reader.item,
    "SETITEMS": _Reader.items,
    "MEMOIZE": _Reader.keep,
    "PUT": _Reader.keep,
    "BINPUT": _Reader.keep,
    "LONG_BINPUT": _Reader.keep,
    "GET": _Reader.recall,
    "BINGET": _Reader.recall,
    "LONG_BINGET": _Reader.recall,
}


def _pairs(flat: list[Any]) -> dict[Any, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _a(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise Refused(_BROKEN)
    return value


def _copied(value: Any, left: list[int], depth: int) -> Any:
    """A copy without shared parts.  `Refused` for one without an end, or far too large."""
    left[0] -= 1 + (len(value) if isinstance(value, str | bytes) else 0)
    if left[0] < 0 or depth < 0:
        raise Refused("is too large or too deep")
    if type(value) is list:
        return [_copied(each, left, depth - 1) for each in value]
    if type(value) is dict:
        return {key: _copied(each, left, depth - 1) for key, each in value.items()}
    return value
