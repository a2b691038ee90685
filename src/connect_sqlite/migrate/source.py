"""What the loop asks of wherever sessions come from."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

__all__ = ["Old", "Problem", "Refused", "Source"]


class Problem(Exception):
    """The command cannot go on.  The message says what to do."""


class Refused(Exception):
    """One session cannot be carried over.  The message is its kind of reason, without its data."""


class Old(NamedTuple):
    """A session as it is found."""

    sid: str
    """The id that it will have here."""
    expires: datetime | None
    """Aware.  None: it says nothing, and lives for the store's `ttl` from now."""
    read: Callable[[], dict[str, Any]]
    """The data.  Raises `Refused`."""


class Source(Protocol):
    """Where sessions come from.  Going through it again finds the same ones in the same order."""

    def __len__(self) -> int:
        """How many there are, expired ones too, more or less: others may come and go."""
        ...

    def __iter__(self) -> Iterator[Old]:
        """Each of them.  Raises `Problem`."""
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...

    @property
    def file(self) -> Path | None:
        """The database file that it is in, if it is in one."""
        ...
