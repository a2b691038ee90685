"""Tells whether anything was committed since, by any process, without reading a row."""

import threading

import apsw

from ..errors import StoreClosed
from .connection import close
from .failures import translated
from .opening import Place

__all__ = ["DataVersion"]

_NUMBERS = 2**32
"""SQLite's own number has so many values."""


class DataVersion:
    """`PRAGMA data_version` on a connection of its own, opened when it is first needed.

    SQLite counts what *others* commit, so the connection never writes, and the store's own writer
    is another to it.  Asking looks at the WAL's header, which is memory, and holds no snapshot.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._db: apsw.Cursor | None = None
        self._openings = 0
        """Each connection counts anew, and two must not say the same."""
        self._closed = False
        self._using = threading.Lock()

    def read(self) -> int:
        with self._using:
            if self._closed:
                raise StoreClosed("reading: the store was closed; open another one")
            try:
                if self._db is None:
                    self._db = self._place.reader()
                    self._openings += 1
                else:
                    # A deleted file has no news, and asking is too rare to leave it to chance.
                    self._place.refuse_another_file()
                number: int = self._db.execute("PRAGMA data_version").get
            except apsw.Error as error:
                raise translated(error, "reading from", self._place.path) from error
        return self._openings * _NUMBERS + number

    def close(self) -> None:
        with self._using:
            self._closed = True
            self._disconnect()

    def pause(self) -> None:
        """Close the connection; who asks meanwhile waits for `resume`."""
        self._using.acquire()
        self._disconnect()

    def resume(self) -> None:
        self._using.release()

    def resume_in_child(self) -> None:
        """As `resume`, after a fork: whoever waits for the lock is not here."""
        self._using = threading.Lock()

    def _disconnect(self) -> None:
        if self._db is not None:
            close(self._db)
            self._db = None
