"""Which kind of file system a path lies on, as far as the system tells."""

import os
import re
from typing import NamedTuple

__all__ = ["Mount", "mount_of"]

_TABLE = "/proc/self/mountinfo"
_ESCAPED = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A file system in its place."""

    point: str
    kind: str
    """As the system calls it: `ext4`, `nfs4`, `fuse.sshfs`."""


def mount_of(path: str) -> Mount | None:
    """Where the path lies.  None on systems that do not tell in Linux's way."""
    try:
        with open(_TABLE, encoding="utf-8", errors="surrogateescape") as table:
            lines = table.readlines()
    except OSError:
        return None
    found: Mount | None = None
    for line in lines:
        mount = _parsed(line)
        if mount is None or not _holds(mount.point, path):
            continue
        # Of two at one place, the later one lies over the other.
        if found is None or len(mount.point) >= len(found.point):
            found = mount
    return found


def _parsed(line: str) -> Mount | None:
    before, dash, after = line.partition(" - ")
    fields, described = before.split(" "), after.split(" ")
    if not dash or len(fields) < 5:
        return None
    return Mount(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), fields[4]), described[0])


def _holds(point: str, path: str) -> bool:
    return path == point or path.startswith(os.path.join(point, ""))
