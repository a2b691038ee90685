"""The database file itself: where it is, how it is made, and who else has it open."""

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import apsw

from ..errors import NotASessionStore, StoreError, StoreUnavailable

__all__ = ["MEMORY", "locate", "make_private", "refuse_if_open_elsewhere", "sizes"]

MEMORY = ":memory:"

_DESCRIPTORS = Path("/proc/self/fd")


def locate(location: str | os.PathLike[str]) -> str:
    """The absolute path that a store's first argument names, or `:memory:`.

    Accepts a path, `sqlite:` before a path, and `:memory:` or `sqlite::memory:`.
    """
    text = os.fspath(location)
    if not isinstance(text, str):
        raise TypeError("a store's location is a str or a Path, not bytes")
    if text.startswith("sqlite:"):
        text = text.removeprefix("sqlite:")
        if text.startswith("//"):
            raise ValueError(
                "sqlite:// is ambiguous: write sqlite:./sessions.db or sqlite:/var/sessions.db"
            )
    if text == MEMORY:
        return MEMORY
    if not text or "\0" in text or text.startswith("file:"):
        raise ValueError("a store's location is a path, sqlite: and a path, or :memory:")
    # Resolved now: the process may change its folder, and SQLite names the WAL after the real file.
    return os.path.realpath(text)


def make_private(path: str) -> bool:
    """Make the file, and the folders that lead to it, for this user only; whether it was missing.

    SQLite gives the WAL the mode of the database, so this comes before SQLite opens it.
    """
    try:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise StoreError(
            f"cannot make the session file {path}: {error.strerror}. "
            "The process needs to write to that folder"
        ) from error
    else:
        _sync_folder(path)
        return True
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise NotASessionStore(f"{path} is not a file: name a file for the sessions")
    return False


def _sync_folder(path: str) -> None:
    """Make the new name survive a power loss, where the system lets folders be synced."""
    with contextlib.suppress(OSError):
        folder = os.open(Path(path).parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def sizes(path: str) -> tuple[int, int]:
    """Bytes of the database and of its WAL; 0 for one that is not there."""
    return _size(path), _size(path + "-wal")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def refuse_if_open_elsewhere(path: str) -> None:
    """Raise if another SQLite library has the file open in this process.

    POSIX locks belong to the process: when one library closes its descriptor of a file, the locks
    of every other library on it are gone, and the file can be corrupted (SQLite, "How To Corrupt
    An SQLite Database File", 2.2.1).  Can only look where /proc shows the descriptors, and not
    while another store has the file open.
    """
    if _is_open(_identity(path)) and not any(map(_holds(path), apsw.connections())):
        raise StoreUnavailable(
            f"{path} is already open in this process through another library, such as sqlite3 or "
            "SQLAlchemy; closing it there would drop this store's locks and can corrupt the file. "
            "Keep the sessions in a file of their own"
        )


def _holds(path: str) -> Callable[[apsw.Connection], bool]:
    def holds(connection: apsw.Connection) -> bool:
        with contextlib.suppress(apsw.ConnectionClosedError):
            return connection.filename == path
        return False

    return holds


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _is_open(file: tuple[int, int]) -> bool:
    try:
        names = os.listdir(_DESCRIPTORS)
    except OSError:
        return False
    for name in names:
        with contextlib.suppress(OSError):
            if _identity(f"{_DESCRIPTORS}/{name}") == file:
                return True
    return False
