"""diskcache: pickles in SQLite, the usual cache on disk."""

from ..workload import Session
from ._in_process import InProcess

_TTL = 86_400


class DiskCache(InProcess):
    label = "diskcache"

    def open(self) -> str:
        import diskcache

        self._cache = diskcache.Cache(str(self.folder))
        self.get, self.destroy = self._cache.get, self._cache.delete
        return str(diskcache.__version__)

    def set(self, sid: str, session: Session) -> None:
        self._cache.set(sid, session, expire=_TTL)

    def touch(self, sid: str, session: Session) -> None:
        self._cache.touch(sid, expire=_TTL)

    def create(self, sid: str, session: Session) -> None:
        self._cache.add(sid, session, expire=_TTL)

    def close(self) -> None:
        self._cache.close()
