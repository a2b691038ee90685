"""A store that hides its ids, as if its lists told them, so that every test is written once."""

from collections.abc import Callable
from typing import Any, cast

from ..contract import Store
from ..handles import Handle, handle_of

__all__ = ["with_ids"]


def with_ids(store: Store, known: dict[str, str]) -> Store:
    """The store, but that its lists have ids in the place of handles, and in their order.

    `known` remembers ids by their handles, from the calls that name them.
    """
    return cast("Store", _Naming(store, known))


class _Naming:
    def __init__(self, store: Store, known: dict[str, str]) -> None:
        self._store = store
        self._known = known
        self.ttl = store.ttl

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._store, name)

        def call(*args: Any, **options: Any) -> Any:
            for sid in args[:2]:
                if isinstance(sid, str):
                    self._remember(sid)
            result = method(*args, **options)
            if name == "ids":
                return sorted(self._id(handle) for handle in result)
            if name in ("all", "find", "scan"):
                for session in result:
                    session.id = self._id(session.id)
                if name != "scan":
                    result.sort(key=lambda session: session.id)
            return result

        return call

    def _remember(self, sid: str) -> None:
        try:
            self._known[handle_of(sid)] = "".join((sid,))
        except UnicodeEncodeError:
            return

    def _id(self, handle: str) -> str:
        """The id that a list has hidden."""
        assert Handle is type(handle)
        return self._known[handle]

    def __enter__(self) -> Any:
        self._store.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._store.__exit__(*exc)
