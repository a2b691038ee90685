"""The database file itself: where it is, how it is made, whose it is, and who has it open."""

import contextlib
import errno
import os
import pwd
import re
import stat
from collections import defaultdict

import apsw

from .._stores.opening import location_text
from ..errors import NotASessionStore, StoreError, StoreFull, StoreUnavailable

__all__ = [
    "MEMORY",
    "Identity",
    "are_descriptors_short",
    "has_all_rights",
    "identity",
    "locate",
    "make_private",
    "no_descriptors_left",
    "opened",
    "refuse_if_open_elsewhere",
    "sizes",
    "user",
    "what_is_missing",
]

MEMORY = ":memory:"

Identity = tuple[int, int]
"""The device and the inode of a file."""

opened: defaultdict[str, list[Identity]] = defaultdict(list)
"""The file of each open store of this process, by its path.  With `forks.no_fork` held."""

_NEEDED_AT_ONCE = 4
"""Descriptors of a new connection at most: the database, its WAL or journal, -shm, the folder."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

_TOO_MANY_OPEN = (errno.EMFILE, errno.ENFILE)

_DESCRIPTORS = "/proc/self/fd"

# Another scheme, or what others read as memory: these would become files of that name.
_NO_PATH = re.compile(r"(file|sqlite):|[a-z][a-z0-9+.-]+://|:memory:\Z", re.IGNORECASE)


def locate(location: str | os.PathLike[str]) -> str:
    """The absolute path that a store's first argument names, or `:memory:`.

    Accepts a path, `sqlite:` before a path, and `:memory:` or `sqlite::memory:`.
    """
    text = location_text(location)
    if text[:7].lower() == "sqlite:":
        text = text[7:]
        if text.startswith("//"):
            raise ValueError(
                "sqlite:// is ambiguous: write sqlite:./sessions.db or sqlite:/var/sessions.db"
            )
    if text == MEMORY:
        return MEMORY
    if not text or "\0" in text or _NO_PATH.match(text):
        raise ValueError(
            "a store's location is a path, sqlite: and a path, or :memory: "
            "(a file whose name looks like a URL is ./...)"
        )
    if text.startswith("~"):
        raise ValueError(
            "a store's path is taken as it is: use Path.expanduser() for what ~ stands for, "
            "or ./~... for a file whose name begins like this"
        )
    if text.endswith("/"):
        raise ValueError("a store's path names a file, and one with / at its end is a folder")
    # Resolved now: the process may change its folder, and SQLite names the WAL after the real file.
    path = os.path.realpath(text)
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ValueError("a store's path must be UTF-8, for SQLite: rename what is not") from None
    return path


def make_private(path: str) -> bool:
    """Make the file, and the folders that lead to it, for this user only; whether it was missing.

    SQLite gives the WAL the mode of the database, so this comes before SQLite opens it.
    """
    try:
        _make_folder(os.path.dirname(path))
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        _sync_folder(path)
        return True
    except FileExistsError:
        pass
    except OSError as error:
        raise _unusable(error, path) from error
    try:
        mode = os.stat(path).st_mode
    except OSError as error:  # such as a link that leads to itself
        raise _unusable(error, path) from error
    if not stat.S_ISREG(mode):
        raise NotASessionStore(f"{path} is not a file: name a file for the sessions")
    return False


def _unusable(error: OSError, path: str) -> StoreError:
    if error.errno in _TOO_MANY_OPEN:
        return no_descriptors_left("opening", path)
    if error.errno in _NO_ROOM:
        return StoreFull(f"cannot make the session file {path}: {error.strerror}. Make room")
    return StoreError(
        f"cannot make the session file {path}: {error.strerror}. {what_is_missing(path)}"
    )


def are_descriptors_short() -> bool:
    """Whether this process can open no more files; SQLite does not say why it could not.

    It may have closed what it had opened already, so as many are tried as it needs at once.
    """
    with contextlib.ExitStack() as opened_here:
        try:
            for _ in range(_NEEDED_AT_ONCE):
                opened_here.callback(os.close, os.open("/", os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            return error.errno in _TOO_MANY_OPEN
    return False


def no_descriptors_left(doing: str, path: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"{doing} {path}: too many open files, no file descriptor is left. "
        "Close what is not needed, or raise the limit (ulimit -n)"
    )


def _make_folder(folder: str) -> None:
    if os.path.isdir(folder):
        return
    _make_folder(os.path.dirname(folder))
    with contextlib.suppress(FileExistsError):  # another process was quicker
        os.mkdir(folder, 0o700)
    _sync_folder(folder)


def _sync_folder(path: str) -> None:
    """Make the new name survive a power loss, where the system lets folders be synced."""
    with contextlib.suppress(OSError):
        folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def what_is_missing(path: str) -> str:
    """Which right this process's user lacks to keep sessions at `path`, for a message."""
    me = user(os.geteuid())
    lacking = _lacking(path)
    if lacking is None:
        return f"{me} may use the file and its folder; look at the disk and the path"
    place, words, owner = lacking
    return f"{me} may not {words} {place}, which belongs to {owner}"


def has_all_rights(path: str) -> bool:
    """Whether this process's user may keep sessions there."""
    return _lacking(path) is None


def _lacking(path: str) -> tuple[str, str, str] | None:
    """Where a right is missing, which one, and whose the place is."""
    folder = os.path.dirname(path)
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    # A program of another user may have left files beside it, and SQLite needs those too.
    beside = [path + end for end in ("", "-wal", "-shm", "-journal")]
    for place, rights, words in (
        *((file, os.R_OK | os.W_OK, "read and write") for file in beside),
        (folder, os.W_OK | os.X_OK, "make files in"),
    ):
        with contextlib.suppress(OSError):
            owner = user(os.stat(place).st_uid)
            if not os.access(place, rights, effective_ids=os.access in os.supports_effective_ids):
                return place, words, owner
    return None


def user(uid: int) -> str:
    """How a user is called in a message."""
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"


def sizes(path: str) -> tuple[int, int]:
    """Bytes of the database and of its WAL; 0 for one that is not there."""
    return _size(path), _size(path + "-wal")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def identity(path: str) -> Identity:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def refuse_if_open_elsewhere(path: str) -> None:
    """Raise if another SQLite library has the file open in this process.

    POSIX locks belong to the process: when one library closes its descriptor of a file, the locks
    of every other library on it are gone, and the file can be corrupted (SQLite, "How To Corrupt
    An SQLite Database File", 2.2.1).  Can only look where /proc shows the descriptors, and not
    while another store has the file open.  Call it with `forks.no_fork` held.
    """
    file = identity(path)
    stores = opened[path]
    if any(other != file for other in stores):
        # SQLite would take the shared memory that it still uses for one that a crash has left.
        raise StoreUnavailable(
            f"{path} was replaced while another store of this process had it open. "
            "Close that store first"
        )
    for other, files in opened.items():
        if other != path and file in files:
            raise StoreUnavailable(
                f"{path} is a hard link to {other}, which another store has open: each name would "
                "get a write-ahead log of its own. Name the file in one way only"
            )
    if not stores and _has_descriptors(file) and not _in_apsw(path):
        raise StoreUnavailable(
            f"{path} is already open in this process through another library, such as sqlite3 or "
            "SQLAlchemy; closing it there would drop this store's locks and can corrupt the file. "
            "Keep the sessions in a file of their own"
        )


def _has_descriptors(file: Identity) -> bool:
    try:
        names = os.listdir(_DESCRIPTORS)
    except OSError:
        return False
    for name in names:
        with contextlib.suppress(OSError):
            if identity(f"{_DESCRIPTORS}/{name}") == file:
                return True
    return False


def _in_apsw(path: str) -> bool:
    """Whether the application has it open through APSW: that is this SQLite, and safe."""
    for connection in apsw.connections():
        # One that is closed, or in use by another thread, does not say.
        with contextlib.suppress(apsw.Error):
            if connection.filename == path:
                return True
    return False
