"""Typed sessions: data that fit a model, given once as the session middleware's `model=`.

`account = typed(request.session, Account)` is an `Account`; what a handler changes in it is saved.
"""

from typing import Any, TypeVar

from ._session.session import Session

__all__ = ["put", "typed"]

M = TypeVar("M")


def typed(session: Any, model: type[M]) -> M:
    """The session's data as an instance of the model, the same one at every call in a request.

    Of a `TypedDict` that is the session itself; an instance of a dataclass, a msgspec `Struct` or a
    pydantic model is made of the data, and what is changed in it is saved as the response starts.

    Raises `InvalidSession` while a field without a default is missing: see `put`.
    """
    session = _behind(session)
    instance: M = _model_of(session, model).instance(session)
    return instance


def put(session: Any, instance: Any) -> None:
    """Make this instance the session's data, in place of all that the model knows.

    `typed` returns it from now on, and what is changed in it is saved too.
    """
    session = _behind(session)
    _model_of(session, type(instance)).put(session, instance)


def _behind(session: Any) -> Any:
    """The session itself: `flask.session` and `quart.session` only stand for it."""
    find = getattr(session, "_get_current_object", None)
    return session if find is None else find()


def _model_of(session: Any, wanted: Any) -> Any:
    if not isinstance(session, Session):
        raise TypeError(f"a {type(session).__name__} is no session of connect-sqlite")
    session.mark_accessed()  # which says so if there is none to be had
    model = session._home.model  # type: ignore[attr-defined]
    if model is None:
        raise TypeError(f"the session middleware was not given model={wanted.__name__}")
    if wanted is not model.type and not (wanted is dict and model.shape.is_view):
        raise TypeError(f"the session middleware was given model={model.type.__name__}")
    return model
