"""A disk that remembers, in order, everything that was done to it: what a power cut is made from.

It is a layer under SQLite and under the package's own few calls of the system, in a process of its
own.  Nothing is really synced: a sync is an event like any other, after which what was written
before it is safe.  The shared memory (`-shm`) does not pass through here, and no power loss leaves
anything of it.
"""

import os
import stat
import threading
from typing import Any, NamedTuple

import apsw

from engine.vfs import BELOW

__all__ = ["Drive", "Event"]


class Event(NamedTuple):
    """What happened.

    `make` and `remove` a name; `write`, `truncate` and `sync` a file, by its number, for a name
    may be used again; `sync folder`; `begin` and `end` of a call of the script's.
    """

    what: str
    where: Any
    at: int = 0
    data: bytes = b""


class Drive(apsw.VFS):
    """The disk of this process from now on.  Make it before any store."""

    def __init__(self) -> None:
        super().__init__("drive", BELOW, makedefault=True)
        self.events: list[Event] = []
        self._lock = threading.RLock()
        self._numbers: dict[str, int] = {}
        self._made = 0
        self._watch_the_package()

    def note(self, what: str, where: Any, at: int = 0, data: bytes = b"") -> None:
        self.events.append(Event(what, where, at, data))

    def made(self, path: str) -> int:
        """A new file of that name; its number."""
        with self._lock:
            self._made += 1
            self._numbers[path] = self._made
            self.note("make", path, self._made)
            return self._made

    # ------------------------------------------------------------------ from SQLite

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        with self._lock:
            was_there = os.path.exists(path)
            file = _File(self, name, flags, path)
            file.number = self._numbers[path] if was_there else self.made(path)
            return file

    def xDelete(self, name, sync_folder):  # noqa: N802
        with self._lock:
            super().xDelete(name, False)
            self._numbers.pop(name)
            self.note("remove", name)
            if sync_folder:
                self.note("sync folder", os.path.dirname(name))

    # ------------------------------------------------------------------ from the package

    def _watch_the_package(self) -> None:
        opened, made_folder, synced, unlinked = os.open, os.mkdir, os.fsync, os.unlink

        def watched_open(path, flags, *args, **more):
            found = opened(path, flags, *args, **more)
            if flags & os.O_EXCL:
                self.made(path)
            return found

        def watched_mkdir(path, *args, **more):
            made_folder(path, *args, **more)
            self.note("make", path, 0)

        def watched_fsync(descriptor):
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                self.note("sync folder", os.readlink(f"/proc/self/fd/{descriptor}"))
            else:
                synced(descriptor)

        def watched_unlink(path):
            unlinked(path)
            self._numbers.pop(path, None)
            self.note("remove", path)

        os.open, os.mkdir, os.fsync, os.unlink = (
            watched_open,
            watched_mkdir,
            watched_fsync,
            watched_unlink,
        )


class _File(apsw.VFSFile):
    def __init__(self, drive, name, flags, path):
        super().__init__(BELOW, name, flags)
        self._drive = drive
        self._path = path
        self.number = 0
        # As SQLite does: the first sync of a log or a journal also syncs its folder.
        self._folder_too = bool(flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL))

    def xWrite(self, data, offset):  # noqa: N802
        with self._drive._lock:
            super().xWrite(data, offset)
            self._drive.note("write", self.number, offset, bytes(data))

    def xTruncate(self, size):  # noqa: N802
        with self._drive._lock:
            super().xTruncate(size)
            self._drive.note("truncate", self.number, size)

    def xSync(self, flags):  # noqa: N802
        with self._drive._lock:
            self._drive.note("sync", self.number)
            if self._folder_too:
                self._folder_too = False
                self._drive.note("sync folder", os.path.dirname(self._path))
