"""What a disk may hold when the power is cut.

Safe is what was written before a sync of its file, and each name that was made before a sync of its
folder.  Of everything else each sector is there or not, by chance and in any order, or half; a file
that grew may have grown without its data, and a name that was removed may be back.
"""

import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from .drive import Event

__all__ = ["Disk", "cuts"]

_SECTOR = 512
_FOLDER = 0
"""The number of everything that is a folder."""


class _Content:
    """One file: what is safe, and what was done since."""

    def __init__(self) -> None:
        self.safe = bytearray()
        self.since: list[Event] = []

    def sync(self) -> None:
        for event in self.since:
            if event.what == "truncate":
                del self.safe[event.at :]
            else:
                _put(self.safe, event.at, event.data)
        self.since.clear()

    def after_a_cut(self, chance: random.Random, kept: float) -> bytes:
        found = bytearray(self.safe)
        for event in self.since:
            if event.what == "truncate":
                if chance.random() < kept:
                    del found[event.at :]
                continue
            for at, piece in _sectors(event):
                if chance.random() >= kept:
                    continue
                if kept < 1 and chance.random() < 0.1:
                    at, piece = _torn(chance, at, piece)
                _put(found, at, piece, chance)
        if self.since and 0 < kept < 1 and chance.random() < 0.3:
            last = self.since[-1]
            _put(found, last.at + len(last.data), b"", chance)
        return bytes(found)


def _sectors(event: Event) -> Iterator[tuple[int, bytes]]:
    at, end = event.at, event.at + len(event.data)
    while at < end:
        to = min(end, (at // _SECTOR + 1) * _SECTOR)
        yield at, event.data[at - event.at : to - event.at]
        at = to


def _torn(chance: random.Random, at: int, piece: bytes) -> tuple[int, bytes]:
    """One end of it."""
    where = chance.randrange(len(piece) + 1)
    return (at, piece[:where]) if chance.random() < 0.5 else (at + where, piece[where:])


def _put(found: bytearray, at: int, data: bytes, chance: random.Random | None = None) -> None:
    if len(found) < at:  # never written: zeros, or what the disk held before
        gap = at - len(found)
        junk = chance is not None and chance.random() < 0.5
        found.extend(chance.randbytes(gap) if junk else bytes(gap))
    found[at : at + len(data)] = data


class Disk:
    """A disk, to which events happen, and which can be asked what a cut would leave now."""

    def __init__(self) -> None:
        self._contents: dict[int, _Content] = {}
        self._names: dict[str, int] = {}
        self._renamed: list[tuple[str, int | None]] = []
        """Names that were made or removed since their folders were synced."""

    def happen(self, event: Event) -> None:
        if event.what == "make":
            self._renamed.append((event.where, event.at))
            self._contents[event.at] = _Content()
        elif event.what == "remove":
            self._renamed.append((event.where, None))
        elif event.what == "sync folder":
            for name, number in self._renamed:
                if os.path.dirname(name) == event.where:
                    self._rename(self._names, name, number)
            self._renamed = [
                each for each in self._renamed if os.path.dirname(each[0]) != event.where
            ]
        elif event.what == "sync":
            self._contents[event.where].sync()
        elif event.what in ("write", "truncate"):
            self._contents[event.where].since.append(event)

    @staticmethod
    def _rename(names: dict[str, int], name: str, number: int | None) -> None:
        if number is None:
            names.pop(name, None)
        else:
            names[name] = number

    def leave(self, root: str, into: Path, chance: random.Random, kept: float) -> None:
        """Write what is left of everything under `root`; `kept` of what was not safe."""
        names = dict(self._names)
        lost: set[str] = set()
        for name, number in self._renamed:
            # What happened to one name happened in order.
            if name in lost or chance.random() >= kept:
                lost.add(name)
            else:
                self._rename(names, name, number)
        for name, number in sorted(names.items()):
            place = into / os.path.relpath(name, root)
            if not place.parent.is_dir():
                continue  # its folder was lost, and everything in it
            if number == _FOLDER:
                place.mkdir()
            else:
                place.write_bytes(self._contents[number].after_a_cut(chance, kept))
        if 0 < kept < 1 and chance.random() < 0.3:
            for name in names:
                if name.endswith(".db") and (place := into / os.path.relpath(name, root)).exists():
                    Path(f"{place}-shm").write_bytes(chance.randbytes(32768))


def cuts(events: Iterable[Event]) -> Iterator[tuple[int, Disk]]:
    """The disk before each event that changes it, and after the last one."""
    disk = Disk()
    step = 0
    for step, event in enumerate(events):
        if event.what not in ("begin", "end"):
            yield step, disk
        disk.happen(event)
    yield step + 1, disk
