"""The program behind the scenario `django`: one session at a time, by Django's engine and by ours.

`python -m bench.django_sessions FOLDER SEED SESSIONS ROUNDS` prints a line of JSON for each round.
Django is configured once in a process, so this is one of its own.
"""

import json
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .measure import median, nanoseconds, settle
from .workload import make_session

_PIECES = 20
"""A round alternates so often between the engines, whose order alternates too."""

Times = dict[str, dict[str, float]]


def main(folder: Path, seed: int, sessions: int, rounds: int) -> None:
    """Fill both, and measure; the first round warms all caches and is forgotten."""
    race = _Race(folder, seed, sessions)
    for turn in range(rounds + 1):
        times = race.measure(turn)
        if turn:
            print(json.dumps(times), flush=True)
    race.check()


class _Race:
    """The same sessions in both engines."""

    def __init__(self, folder: Path, seed: int, sessions: int) -> None:
        _configure(folder)
        from django.contrib.sessions.backends import db

        from connect_sqlite import django as ours

        self._seed = seed
        self._engines: dict[str, Any] = {
            "connect_sqlite": ours.SessionStore,
            "django_db": db.SessionStore,
        }
        self._keys = [
            {name: _created(engine, seed, number) for name, engine in self._engines.items()}
            for number in range(sessions)
        ]

    def measure(self, turn: int) -> Times:
        """Microseconds of a load and of a save, by each engine: the median of the pieces."""
        samples: dict[str, dict[str, list[float]]] = {
            name: {"load": [], "save": []} for name in self._engines
        }
        for at, keys in enumerate(self._pieces(turn)):
            names = list(self._engines)
            for name in names if at % 2 else reversed(names):
                own = [each[name] for each in keys]
                samples[name]["load"].append(self._load(name, own))
                samples[name]["save"].append(self._save(name, own))
        return {
            name: {operation: median(values) for operation, values in figures.items()}
            for name, figures in samples.items()
        }

    def check(self) -> None:
        """Raise unless both have kept what every round changed."""
        for name, engine in self._engines.items():
            key = self._keys[0][name]
            before = engine(key)["views"]
            self._save(name, [key])
            if engine(key)["views"] != before + 1:
                raise AssertionError(f"{name} did not keep what was saved")
            if engine("x" * 32).load():
                raise AssertionError(f"{name} returned a session for an unknown key")

    def _pieces(self, turn: int) -> Iterator[Sequence[dict[str, str]]]:
        order = list(self._keys)
        random.Random(f"{self._seed}:django:{turn}").shuffle(order)
        size = max(len(order) // _PIECES, 1)
        for at in range(min(_PIECES, len(order))):
            yield order[at * size : (at + 1) * size]

    def _load(self, name: str, keys: Sequence[str]) -> float:
        """As a view does that reads one value."""
        engine = self._engines[name]
        settle()
        began = nanoseconds()
        for key in keys:
            engine(key).get("views")
        return (nanoseconds() - began) / len(keys) / 1000

    def _save(self, name: str, keys: Sequence[str]) -> float:
        """As the middleware does after a view that changed one value."""
        sessions = [self._engines[name](key) for key in keys]
        for session in sessions:
            session["views"] += 1
        settle()
        began = nanoseconds()
        for session in sessions:
            session.save()
        return (nanoseconds() - began) / len(sessions) / 1000


def _configure(folder: Path) -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        CONNECT_SQLITE={"location": folder / "sessions.db"},
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "django.db"),
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
                },
            }
        },
        INSTALLED_APPS=["django.contrib.sessions"],
        SECRET_KEY="a benchmark has no secrets",
        SESSION_ENGINE="connect_sqlite.django",
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)


def _created(engine: Any, seed: int, number: int) -> str:
    """A session of somebody who is signed in, as the shop of the other scenarios keeps it."""
    session = engine()
    data = make_session(seed, number, "")
    del data["cookie"], data["user"]
    data |= {
        "_auth_user_id": str(number),
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": "0123456789abcdef" * 4,
    }
    session.update(data)
    session.create()
    key: str = session.session_key
    return key


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
