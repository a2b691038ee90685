"""What is told of a session's life: by its handle and its owner, never by its id."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Hook", "Hooks", "SessionEvent"]


class SessionEvent(NamedTuple):
    """One thing that happened to a session."""

    handle: str
    """The session's, as `handle_of` makes it."""
    owner: str | int | None
    """What the session has at the `owner` path."""
    previous: str | None = None
    """For a rotation: the handle before."""


Hook = Callable[[SessionEvent], Any]


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who is told.  An awaitable answer is awaited where that can be done."""

    created: Hook | None = None
    rotated: Hook | None = None
    destroyed: Hook | None = None
    expired: Hook | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            hook = getattr(self, name)
            if hook is not None and not callable(hook):
                raise TypeError(f"on_{name} is a function, not a {type(hook).__name__}")
