"""Checks of what is around the database: its files, their folder, the disk, the libraries.

None of them opens one of the files: closing it again would drop SQLite's locks on it.
"""

import contextlib
import gc
import os
import stat
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import apsw

from ..findings import Finding, State
from . import files
from .mounts import mount_of
from .patient import Patient, amount, finding

__all__ = [
    "disk",
    "file_system",
    "library",
    "links",
    "modes",
    "other_libraries",
    "owner",
]

_FEW_BYTES, _LITTLE_ROOM = 32 * 1024**2, 256 * 1024**2
_FEW_NAMES = 16

_NETWORKS = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs"),
    *("lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb2", "smb3", "smbfs"),
    *("fuse.ceph", "fuse.davfs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys", "fuse.juicefs"),
    *("fuse.moosefs", "fuse.rclone", "fuse.s3fs", "fuse.seaweedfs", "fuse.sshfs"),
}
_OF_THE_HOST = {
    *("fakeowner", "fuse.grpcfuse", "fuse.osxfs", "fuse.vmhgfs-fuse", "prl_fs", "vboxsf"),
    *("virtiofs", "vmhgfs"),
}
_FLEETING = {"ramfs", "rootfs", "tmpfs"}
_OF_A_CONTAINER = {"aufs", "overlay"}

_WAL_NEEDS = (
    "SQLite's write-ahead log needs memory that all programs share and locks that hold, and over "
    "a network there is neither: the file can be corrupted"
)

# Since, fixed in, fixed also in these later releases of old lines, what it is.
_BUGS = (
    (
        (3, 7, 0),
        (3, 51, 3),
        ((3, 44, 6), (3, 50, 7)),
        "a write while a checkpoint ends can corrupt the file (the WAL-reset bug)",
    ),
    (
        (3, 35, 0),
        (3, 37, 2),
        (),
        "a savepoint that is rolled back can corrupt the file",
    ),
)


def modes(patient: Patient) -> Iterator[Finding]:
    """Whether other users can read the sessions, or put something in their place."""
    bad = False
    for path, status in patient.files().items():
        mode = stat.S_IMODE(status.st_mode)
        who = "every user" if mode & 0o007 else "its group" if mode & 0o070 else None
        if who:
            bad = True
            yield finding(
                "modes",
                State.PROBLEM if mode & 0o007 else State.WARNING,
                f"{os.path.basename(path)} is open to {who} ({mode:04o}), and who reads it can "
                "act as anybody who is signed in",
                f"chmod 600 {path}",
            )
    folder = os.path.dirname(patient.path)
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    # In a folder like /tmp each may remove his own files only.
    if mode & 0o022 and not mode & stat.S_ISVTX:
        bad = True
        yield finding(
            "modes",
            State.PROBLEM if mode & 0o002 else State.WARNING,
            f"{'every user' if mode & 0o002 else 'its group'} may remove and replace files in "
            f"{folder} ({mode:04o})",
            f"chmod go-w {folder}",
        )
    if not bad:
        yield finding("modes", State.OK, "only the files' owner can read and write them")


def owner(patient: Patient) -> Iterator[Finding]:
    """Whether this user, and one user for all, can use the files."""
    owners = {status.st_uid for status in patient.files().values()}
    mine, users = os.geteuid(), sorted(map(files.user, owners))
    if not files.has_all_rights(patient.path):
        yield finding(
            "owner",
            State.PROBLEM,
            files.what_is_missing(patient.path),
            "chown the file, its -wal and -shm and the folder to the user that runs the program",
        )
    elif len(users) > 1:
        yield finding(
            "owner",
            State.PROBLEM,
            f"the file and those beside it belong to several users: {', '.join(users)}",
            f"chown all of {patient.path}* to the user that runs the program",
        )
    elif mine not in owners:
        yield finding("owner", State.NOTICE, f"the file belongs to {users[0]}, not to who looks")
    else:
        yield finding("owner", State.OK, f"the file belongs to {users[0]}, who may use it")
    if mine == 0 and 0 in owners:
        yield finding(
            "owner",
            State.NOTICE,
            "the sessions belong to root",
            "run the program as a user of its own; sessions need no other rights",
        )


def links(patient: Patient) -> Iterator[Finding]:
    """Whether the file has a second name, and so might get a second log."""
    names = os.stat(patient.path).st_nlink
    if names > 1:
        yield finding(
            "links",
            State.WARNING,
            f"the file has {names} names (hard links); programs that open it by different ones "
            "corrupt it",
            f"find what else it is called (find / -samefile {patient.path}), and keep one name",
        )
    else:
        yield finding("links", State.OK, "the file has one name")


def file_system(patient: Patient) -> Iterator[Finding]:
    """Whether the file lies on a disk of this machine that stays (case 22)."""
    mount = mount_of(patient.path)
    if mount is None:
        yield finding(
            "file system",
            State.NOTICE,
            "this system does not tell what the file lies on",
            "see to it that it is a disk of this machine, and no network file system",
        )
        return
    where = f"the file lies on {mount.kind}, mounted at {mount.point}"
    if mount.kind in _NETWORKS:
        state, seen = State.PROBLEM, f"{where}, a network file system. {_WAL_NEEDS}"
        advice = "move it to a local disk; for several machines, use a store on a server"
    elif mount.kind in _OF_THE_HOST:
        state = State.PROBLEM
        seen = f"{where}, shared with the host of this machine. {_WAL_NEEDS}, here as there"
        advice = "keep it on a disk or volume of this machine's own"
    elif mount.kind in _FLEETING:
        state, seen = State.WARNING, f"{where}: all sessions end when the machine starts again"
        advice = "keep it on a disk, unless that is what you want"
    elif mount.kind in _OF_A_CONTAINER:
        state, seen = State.WARNING, f"{where}: all sessions end when the container is replaced"
        advice = "keep it on a volume"
    else:
        state, seen, advice = State.OK, where, ""
    yield finding("file system", state, seen, advice)


def disk(patient: Patient) -> Iterator[Finding]:
    """Whether there is room to write."""
    found = os.statvfs(os.path.dirname(patient.path))
    free, needed = found.f_bavail * found.f_frsize, sum(files.sizes(patient.path))
    seen = f"{amount(free)} are free, the sessions take {amount(needed)}"
    if found.f_flag & os.ST_RDONLY:
        yield finding("disk", State.PROBLEM, "the file system is read-only", "mount it for writing")
    elif free < _FEW_BYTES:
        advice = "make room at once: on a full disk nobody can sign in, or out"
        yield finding("disk", State.PROBLEM, seen, advice)
    elif found.f_files and found.f_favail < _FEW_NAMES:
        seen = f"room for {found.f_favail} more files (inodes)"
        yield finding("disk", State.PROBLEM, seen, "delete files that are not needed")
    elif free < max(_LITTLE_ROOM, needed):
        advice = "make room: a copy of the file, or a VACUUM, needs as much again"
        yield finding("disk", State.WARNING, seen, advice)
    else:
        yield finding("disk", State.OK, seen)


def library(_: Patient) -> Iterator[Finding]:
    """Whether this process's SQLite has bugs that can cost sessions."""
    version = apsw.sqlite_lib_version()
    bugs = _bugs_of(tuple(map(int, version.split("."))))
    for bug in bugs:
        yield finding(
            "library",
            State.PROBLEM,
            f"SQLite {version}, through APSW {apsw.apsw_version()}: {bug}",
            "pip install --upgrade apsw, from a wheel, which brings its own SQLite",
        )
    if not bugs:
        yield finding("library", State.OK, f"SQLite {version}, without a known bug that corrupts")


def _bugs_of(version: tuple[int, ...]) -> list[str]:
    return [
        what
        for since, fixed, also, what in _BUGS
        if since <= version < fixed
        and not any(version[:2] == late[:2] and version >= late for late in also)
    ]


def other_libraries(patient: Patient) -> Iterator[Finding]:
    """Whether another SQLite library has the file open in this process too (threat 47).

    Looks for connections of the standard library's `sqlite3`, which is also what SQLAlchemy and
    Django use.
    """
    if (module := sys.modules.get("sqlite3")) is not None:
        file, unknown = files.identity(patient.path), 0
        for connection in _connections(module):
            names = _names(module, connection)
            unknown += names is None
            if any(_is(name, file) for name in names or ()):
                yield finding(
                    "other libraries",
                    State.PROBLEM,
                    "this process has the file open through sqlite3 as well; closing it there "
                    "drops this store's locks, and the file can be corrupted",
                    "keep the sessions in a file of their own, or look at it from another process",
                )
                return
        if unknown:
            yield finding(
                "other libraries",
                State.NOTICE,
                f"{unknown} connections of sqlite3 in this process, which other threads opened, "
                "cannot be asked for their file",
                "see to it that none is to the sessions' file",
            )
            return
    yield finding("other libraries", State.OK, "sqlite3 has not opened the file in this process")


def _connections(module: ModuleType) -> list[Any]:
    # By type(): to ask a stranger's object what it is may run its code.
    return [each for each in gc.get_objects() if issubclass(type(each), module.Connection)]


def _names(module: ModuleType, connection: Any) -> list[str] | None:
    """The files that it has open.  None if it does not say."""
    try:
        connection.total_changes  # noqa: B018 - raises if it is closed
    except module.Error:
        return []
    try:
        cursor = module.Connection.cursor(connection)
        cursor.row_factory = None
        rows = cursor.execute("PRAGMA database_list").fetchall()
        return [os.fsdecode(row[2]) for row in rows if row[2]]
    except Exception:  # noqa: BLE001 - it is somebody else's, in whatever state
        return None


def _is(name: str, file: files.Identity) -> bool:
    with contextlib.suppress(OSError):
        return files.identity(name) == file
    return False
