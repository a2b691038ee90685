"""Remembers which sessions were carried over, so that a second run brings none of them back.

One that was signed out meanwhile, or has got a new id, is still where it came from.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import IO

__all__ = ["Journal"]


class Journal:
    """A file beside the store's, with a line for each session: a hash, from which no id follows."""

    def __init__(self, path: Path, *, writes: bool) -> None:
        self._lines: set[str] = set()
        self._new: list[str] = []
        if path.exists():
            self._lines.update(path.read_text().split())
        self._file: IO[str] | None = None
        if writes:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._file = os.fdopen(descriptor, "w")

    def __contains__(self, sid: str) -> bool:
        return _line(sid) in self._lines

    def add(self, sid: str) -> None:
        """It is in the store, and is written down with the next `write`."""
        line = _line(sid)
        if line not in self._lines:
            self._lines.add(line)
            self._new.append(line)

    def write(self) -> None:
        """Write down what was added."""
        if self._file is not None:
            self._file.writelines(line + "\n" for line in self._new)
            self._file.flush()
        self._new.clear()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _line(sid: str) -> str:
    return sha256(b"carried:" + sid.encode(errors="surrogatepass")).hexdigest()
