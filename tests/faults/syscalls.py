"""A disk that fails on demand: the system's own calls, as they are made, with errors put in.

SQLite lets the calls that its layer for the system makes be replaced one by one.  So whatever comes
of an error, SQLite's own code for it is what runs: it is no imitation.  Only `fsync` cannot be
replaced, and fails one layer above.  For programs of their own: it is for the whole process.
"""

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable
from typing import Any

import apsw

from engine.vfs import BELOW

__all__ = ["FAULTS", "Faults"]

_INT, _LONG, _SIZE = ctypes.c_int, ctypes.c_int64, ctypes.c_size_t
_BUFFER, _TEXT = ctypes.c_void_p, ctypes.c_char_p

# By name: which of the faults below may strike it, its result, its arguments.
_CALLS: dict[str, tuple[str, Any, tuple[Any, ...]]] = {
    "open": ("open", _INT, (_TEXT, _INT, _INT)),
    "read": ("read", _LONG, (_INT, _BUFFER, _SIZE)),
    "pread": ("read", _LONG, (_INT, _BUFFER, _SIZE, _LONG)),
    "pread64": ("read", _LONG, (_INT, _BUFFER, _SIZE, _LONG)),
    "write": ("write", _LONG, (_INT, _BUFFER, _SIZE)),
    "pwrite": ("write", _LONG, (_INT, _BUFFER, _SIZE, _LONG)),
    "pwrite64": ("write", _LONG, (_INT, _BUFFER, _SIZE, _LONG)),
    "ftruncate": ("truncate", _INT, (_INT, _LONG)),
    "fcntl": ("lock", _INT, (_INT, _INT, _LONG)),
    "unlink": ("unlink", _INT, (_TEXT,)),
}

_SHORT = "short"
"""Done in part, for the caller to go on with.  A file that ends too early is not the disk's fault
but the file's, and stands among the corrupt ones."""

FAULTS = {
    "open": ("EIO", "ENOSPC", "EINTR"),
    "read": ("EIO", "EINTR", _SHORT),
    "write": ("ENOSPC", "EIO", "EINTR", _SHORT),
    "sync": ("EIO",),
    "truncate": ("EIO", "ENOSPC", "EINTR"),
    "lock": ("EIO", "EINTR", "EAGAIN"),
    "unlink": ("EIO",),
}
"""By the kind of call, what may come of it.  To whatever `fsync` says, SQLite answers the same."""

_IN_A_ROW = 12
"""No signal interrupts a call for ever; SQLite would try for ever, as it must."""


class Faults(apsw.VFS):
    """The disk of this process from now on.  Make it before any store."""

    def __init__(self) -> None:
        self._kept: list[Any] = []
        self.disarm()
        for name, (place, result, arguments) in _CALLS.items():
            self._replace(name, place, ctypes.CFUNCTYPE(result, *arguments, use_errno=True))
        self._replace_the_packages()
        super().__init__("faults", BELOW, makedefault=True)

    def arm(self, place: str, kind: str, nth: int, lasting: bool) -> None:
        """Let the `nth` call from now fail; `lasting`: and all after it."""
        self.struck = 0
        self._kind, self._left = kind, nth - 1
        self._strikes = 1 if not lasting else _IN_A_ROW if kind == "EINTR" else 1 << 60
        self._place = place

    def disarm(self) -> None:
        """The disk is well again."""
        self._place = ""
        self.struck = 0
        """How many calls have failed since it was armed."""

    def _strikes_now(self) -> bool:
        if self._left:
            self._left -= 1
            return False
        if self.struck >= self._strikes:
            return False
        self.struck += 1
        return True

    def _replace(self, name: str, place: str, kind: Callable[..., Any]) -> None:
        below = apsw.VFS(f"below-{name}", BELOW)
        found = below.xGetSystemCall(name)
        if not found:
            return
        real = kind(found)

        def call(*args: Any) -> Any:
            fits = place == self._place and (place != "lock" or _is_taken(*args))
            if not fits or not self._strikes_now():
                return real(*args)
            if self._kind == _SHORT:
                return real(*args[:2], max(1, args[2] // 2), *args[3:])
            ctypes.set_errno(getattr(errno, self._kind))
            return -1

        replaced = kind(call)
        self._kept += [below, real, replaced]
        below.xSetSystemCall(name, ctypes.cast(replaced, ctypes.c_void_p).value)

    def _replace_the_packages(self) -> None:
        """The few calls that the package makes itself, when it makes the file."""
        for place, name in (("open", "open"), ("open", "mkdir"), ("sync", "fsync")):
            setattr(os, name, self._failing(place, getattr(os, name)))

    def _failing(self, place: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            # Python itself goes on when a signal interrupts a call.
            if place == self._place and self._kind != "EINTR" and self._strikes_now():
                number = getattr(errno, self._kind)
                raise OSError(number, os.strerror(number))
            return real(*args, **options)

        return call

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name
        return _File(self, name, flags)

    def xSleep(self, microseconds):  # noqa: N802
        """It would wait for seconds for a lock that it never gets."""
        return microseconds


def _is_taken(_: int, command: int, lock: int) -> bool:
    """Whether a lock is asked for: giving one back never fails."""
    kind = ctypes.c_short.from_address(lock).value if command == fcntl.F_SETLK else fcntl.F_UNLCK
    return kind != fcntl.F_UNLCK


class _File(apsw.VFSFile):
    def __init__(self, faults, name, flags):
        super().__init__(BELOW, name, flags)
        self._faults = faults

    def xSync(self, flags):  # noqa: N802
        faults = self._faults
        if faults._place == "sync" and faults._strikes_now():
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
