"""LMDB through `lmdb`, with orjson: another embedded engine, one transaction a call.

Nothing is synced (`sync=False`), for a sync at each commit would be all that is measured.  A power
loss may then cost the whole file, where SQLite's WAL with NORMAL loses the last moments at most.
"""

import struct
import time

import orjson

from ..workload import Session
from ._in_process import InProcess

_EXPIRES = struct.Struct("<d")
_TTL = 86_400
_MAP_SIZE = 1 << 30


class LMDB(InProcess):
    label = "LMDB, unsynced"

    def open(self) -> str:
        import lmdb

        self._env = lmdb.open(str(self.folder / "lmdb"), map_size=_MAP_SIZE, sync=False)
        return ".".join(map(str, lmdb.version()))

    def get(self, sid: str) -> Session | None:
        with self._env.begin(buffers=True) as transaction:
            value = transaction.get(sid.encode())
            if value is None or _EXPIRES.unpack_from(value)[0] <= time.time():
                return None
            session: Session = orjson.loads(value[_EXPIRES.size :])
            return session

    def set(self, sid: str, session: Session) -> None:
        with self._env.begin(write=True) as transaction:
            transaction.put(sid.encode(), self._value(session))

    def touch(self, sid: str, session: Session) -> None:
        with self._env.begin(write=True) as transaction:
            value = transaction.get(sid.encode())
            if value is not None:
                expires = _EXPIRES.pack(time.time() + _TTL)
                transaction.put(sid.encode(), expires + value[_EXPIRES.size :])

    def create(self, sid: str, session: Session) -> None:
        with self._env.begin(write=True) as transaction:
            transaction.put(sid.encode(), self._value(session), overwrite=False)

    def destroy(self, sid: str) -> None:
        with self._env.begin(write=True) as transaction:
            transaction.delete(sid.encode())

    def close(self) -> None:
        self._env.close()

    @staticmethod
    def _value(session: Session) -> bytes:
        return _EXPIRES.pack(time.time() + _TTL) + orjson.dumps(session)
