"""Layers under SQLite that count its syncs, or leave them out."""

import threading
from collections import Counter, defaultdict

import apsw

BELOW = apsw.vfs_names()[0]
"""SQLite's own layer, which every other one stands on."""


class CountingVFS(apsw.VFS):
    """SQLite's own, as the default of this process from now on.  Make it before any store."""

    def __init__(self) -> None:
        super().__init__("counting", BELOW, makedefault=True)
        self.syncs: Counter[str] = Counter()
        """By the kind of file: `db` or `wal`."""
        self.threads: defaultdict[str, set[str]] = defaultdict(set)
        """Names of the threads that made them."""

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name
        return _File(self, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, vfs, name, flags):
        super().__init__(BELOW, name, flags)
        self._vfs = vfs
        self._kind = "wal" if flags[0] & apsw.SQLITE_OPEN_WAL else "db"

    def xSync(self, flags):  # noqa: N802
        self._vfs.syncs[self._kind] += 1
        self._vfs.threads[self._kind].add(threading.current_thread().name)
        return super().xSync(flags)


class QuickVFS(apsw.VFS):
    """As the default of this process from now on: nothing is synced.  Make it before any store."""

    def __init__(self) -> None:
        super().__init__("quick", BELOW, makedefault=True)

    def xOpen(self, name, flags):  # noqa: N802
        return _QuickFile(BELOW, name, flags)


class _QuickFile(apsw.VFSFile):
    def xSync(self, flags):  # noqa: N802
        """Say that it is done."""
