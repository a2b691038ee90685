"""Scripts that are played on a disk which is then cut, and what must be found of them afterwards.

A player owns the sessions whose ids begin with its name, and makes one call after another.  What is
there after each call is remembered.  After a cut there must be what was there after one of them:
not before the last one that was durable and had returned, not behind the last one that had begun.
"""

import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from connect_sqlite import SessionExists, StoredSession

from .drive import Drive, Event

__all__ = ["INDEX", "NOW", "Acknowledged", "Player", "State", "shown"]

NOW = 1_900_000_000.0
"""The time in all scripts: it does not move."""

INDEX = "user.id"

PAST = datetime(2001, 1, 1, tzinfo=UTC)
IS_OVER = {"cookie": {"maxAge": -1}}

DURABLE = {"create", "rotate", "destroy", "destroy_where", "destroy_many", "clear", "set over"}

State = dict[str, list[Any]]
"""The data and the end of each session, by its id."""

_OFTEN = {
    "set": 6,
    "merge": 5,
    "create": 4,
    "rotate": 4,
    "touch": 3,
    "destroy": 3,
    "destroy_many": 1,
    "destroy_where": 1,
    "set over": 1,
    "touch over": 2,
    "merge over": 2,
}


class Player:
    """Makes up calls.  `alone`: nobody else plays, so it may clear the store."""

    def __init__(self, name: str, chance: random.Random, drive: Drive, alone: bool) -> None:
        self.name = name
        self.history: list[State] = [{}]
        self._chance = chance
        self._drive = drive
        self._often = _OFTEN | {"clear": 0.5} if alone else _OFTEN
        self._count = 0
        self._ids = [f"{name}{n}" for n in range(8)]

    def call(self) -> tuple[str, str, list[Any]]:
        """A call's kind, the method's name, and its arguments."""
        self._count += 1
        kinds = list(self._often)
        kind = self._chance.choices(kinds, list(self._often.values()))[0]
        sid, other = self._chance.sample(self._ids, 2)
        arguments: dict[str, list[Any]] = {
            "rotate": [sid, other, self._session()],
            "merge": [sid, {"n": self._count}],
            "merge over": [sid, {"n": self._count}, (), PAST],
            "touch": [sid, {"cookie": {"maxAge": 10**9 + self._count * 1000}}],
            "touch over": [sid, IS_OVER],
            "set over": [sid, IS_OVER],
            "destroy": [sid],
            "destroy_many": [[sid, other]],
            "destroy_where": [INDEX, self._user()],
            "clear": [],
        }
        return kind, kind.split()[0], arguments.get(kind, [sid, self._session()])

    def _session(self) -> dict[str, Any]:
        size = self._chance.choice([10, 200, 900, 6000])
        return {"n": self._count, "user": {"id": self._user()}, "text": "x" * size}

    def _user(self) -> str:
        return f"{self.name}{self._chance.randrange(3)}"

    def begins(self) -> None:
        self._drive.note("begin", self.name, len(self.history))

    def ends(self, kind: str, error: Exception | None) -> None:
        """Whatever comes of it but success and `SessionExists` is a fault of the store's."""
        if error is not None and not isinstance(error, SessionExists):
            raise error
        promised = kind in DURABLE and error is None
        self._drive.note("end", self.name, len(self.history), b"durable" if promised else b"")

    def sees(self, found: Iterable[StoredSession]) -> None:
        """What is there behind the call."""
        self.history.append(shown(found, self.name))


def shown(found: Iterable[StoredSession], name: str) -> State:
    return {
        each.id: [json.dumps(each, sort_keys=True), each.expires_ms]
        for each in found
        if each.id.startswith(name)
    }


class Acknowledged(NamedTuple):
    """Of one player's calls, at one moment: the last that must be there, and the last that may."""

    last_promised: int = 0
    last_begun: int = 0

    def after(self, event: Event, everything: bool) -> "Acknowledged":
        if event.what == "begin":
            return self._replace(last_begun=event.at)
        if event.data or everything:
            return self._replace(last_promised=event.at)
        return self

    def allows(self, history: list[State], found: State) -> bool:
        return found in history[self.last_promised : self.last_begun + 1]
