"""Which requests have no session: by path, or by a function of the request."""

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["Skip", "skipping"]

Skip = Iterable[str] | Callable[[Any], bool]


def skipping(skip: Skip) -> Callable[[Any, str], bool] | None:
    """Whether a request for a path has none; None when every one has."""
    if callable(skip):
        chosen = skip
        return lambda request, _: chosen(request)
    if isinstance(skip, str):
        raise TypeError(f"skip takes several paths: write skip=({skip!r},)")
    paths = tuple(skip) if isinstance(skip, Iterable) else (skip,)
    for path in paths:
        if not isinstance(path, str) or not path.startswith("/"):
            raise ValueError('skip takes paths that begin with "/", or a function of the request')
    if not paths:
        return None
    whole = frozenset(path.rstrip("/") for path in paths)
    below = tuple(path + "/" for path in whole)
    return lambda _, path: path in whole or path.startswith(below)
