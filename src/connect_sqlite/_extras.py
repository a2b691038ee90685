"""What is said when a package is not installed that an extra of this one brings."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["extra"]


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Around the imports that need the extra of this name: an `ImportError` says how to get it."""
    try:
        yield
    except ImportError as error:
        message = f'{error}: pip install "connect-sqlite[{name}]"'
        raise ImportError(message, name=error.name, path=error.path) from error
