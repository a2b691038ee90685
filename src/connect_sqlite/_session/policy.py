"""What a configuration wants beside express-session's defaults, checked when it is built."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .options import check_choice

__all__ = ["AtLimit", "OnConflict", "OnStoreError", "Policy", "Unset", "owner_in"]

OnConflict = Literal["merge", "replace"]
OnStoreError = Literal["unavailable", "raise"]
Unset = Literal["keep", "destroy"]
AtLimit = Literal["end_oldest", "refuse"]

_OWNER = re.compile(r"[^\W\d][\w-]*(\.[^\W\d][\w-]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The switches that decide, beside the facts of a request, what is to happen to its session."""

    resave: bool = False
    rolling: bool = False
    save_uninitialized: bool = False
    save_on_error: bool = False
    unset: Unset = "keep"
    on_conflict: OnConflict = "merge"
    on_store_error: OnStoreError = "unavailable"
    owner: str | None = None
    sessions_per_owner: int | None = None
    at_limit: AtLimit = "end_oldest"
    genid: Callable[[Any], str] | None = None

    def __post_init__(self) -> None:
        for name in ("resave", "rolling", "save_uninitialized", "save_on_error"):
            check_choice(name, getattr(self, name), True, False)
        check_choice("unset", self.unset, "keep", "destroy")
        check_choice("on_conflict", self.on_conflict, "merge", "replace")
        check_choice("on_store_error", self.on_store_error, "unavailable", "raise")
        check_choice("at_limit", self.at_limit, "end_oldest", "refuse")
        if self.genid is not None and not callable(self.genid):
            raise TypeError("genid is a function of the request that returns a new id")
        if self.owner is not None and not (
            isinstance(self.owner, str) and _OWNER.fullmatch(self.owner)
        ):
            raise ValueError('owner is a dotted path of names, such as "user.id"')
        most = self.sessions_per_owner
        if most is None:
            return
        if type(most) is not int or most < 1:
            raise ValueError("sessions_per_owner is a whole number, 1 or more")
        if self.owner is None:
            raise ValueError('sessions_per_owner needs owner, such as owner="user.id"')


def owner_in(path: str | None, data: Any) -> str | int | None:
    """Whose session it is: the text or the number at a dotted path, if one is there."""
    if path is None:
        return None
    for name in path.split("."):
        if not isinstance(data, dict):
            return None
        data = dict.get(data, name)
    return data if type(data) in (str, int) else None
