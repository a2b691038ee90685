"""Keeps ids and data out of what is printed: logs, tracebacks, error reports."""

from typing import TypeVar

__all__ = ["discreet"]

T = TypeVar("T")


def discreet(kind: type[T]) -> type[T]:
    """Make the values of a class print as its name alone."""

    def name(self: object) -> str:
        return f"<{kind.__name__}>"

    kind.__repr__ = name  # type: ignore[method-assign]
    return kind
