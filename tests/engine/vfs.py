"""A layer under SQLite that counts syncs, and knows which thread made them."""

import threading
from collections import Counter, defaultdict

import apsw

_BELOW = apsw.vfs_names()[0]


class CountingVFS(apsw.VFS):
    """SQLite's own, as the default of this process from now on.  Make it before any store."""

    def __init__(self) -> None:
        super().__init__("counting", _BELOW, makedefault=True)
        self.syncs: Counter[str] = Counter()
        """By the kind of file: `db` or `wal`."""
        self.threads: defaultdict[str, set[str]] = defaultdict(set)
        """Names of the threads that made them."""

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name
        return _File(self, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, vfs, name, flags):
        super().__init__(_BELOW, name, flags)
        self._vfs = vfs
        self._kind = "wal" if flags[0] & apsw.SQLITE_OPEN_WAL else "db"

    def xSync(self, flags):  # noqa: N802
        self._vfs.syncs[self._kind] += 1
        self._vfs.threads[self._kind].add(threading.current_thread().name)
        return super().xSync(flags)
