"""The reference's own calling convention, for people who port code from it."""

from collections.abc import Callable
from typing import Any, TypeVar

from ..contract import Data, Store, StoredSession, TouchResult
from ..errors import StoreError

__all__ = ["CallbackStore"]

T = TypeVar("T")
Callback = Callable[[StoreError | None, T | None], Any]
"""Called once, error first: `callback(None, result)` or `callback(error, None)`."""


class CallbackStore:
    """A store whose calls answer a callback: `store.get("abc123", lambda err, session: ...)`.

    A callback is called exactly once, before the call returns, and what it raises passes to the
    caller.  Without a callback an error is raised: it would be lost otherwise.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, sid: str, callback: Callback[StoredSession] | None = None) -> None:
        _answer(callback, self._store.get, sid)

    def set(
        self, sid: str, session: Data, callback: Callable[[StoreError | None], Any] | None = None
    ) -> None:
        """As the store's; the callback takes the error alone."""

        def answer(error: StoreError | None, _: None) -> None:
            if callback is not None:
                callback(error)

        _answer(None if callback is None else answer, self._store.set, sid, session)

    def destroy(self, sid: str, callback: Callback[int] | None = None) -> None:
        _answer(callback, self._store.destroy, sid)

    def touch(self, sid: str, session: Data, callback: Callback[TouchResult] | None = None) -> None:
        _answer(callback, self._store.touch, sid, session)

    def length(self, callback: Callback[int] | None = None) -> None:
        _answer(callback, self._store.length)

    def clear(self, callback: Callback[int] | None = None) -> None:
        _answer(callback, self._store.clear)

    def ids(self, callback: Callback[list[str]] | None = None) -> None:
        _answer(callback, self._store.ids)

    def all(self, callback: Callback[list[StoredSession]] | None = None) -> None:
        _answer(callback, self._store.all)

    def close(self) -> None:
        self._store.close()


def _answer(callback: Callback[T] | None, call: Callable[..., T | None], *args: Any) -> None:
    try:
        result = call(*args)
    except StoreError as error:
        if callback is None:
            raise
        failure = error
    else:
        if callback is not None:
            callback(None, result)
        return
    callback(failure, None)
