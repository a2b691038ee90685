"""The setting `CONNECT_SQLITE`: what it may say, and what it says when it is wrong."""

import inspect
import time
from collections.abc import Callable
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from .._extras import extra
from .._stores.opening import location_text, open_store

with extra("django"):
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.signals import setting_changed

__all__ = ["OWNER", "Configuration", "Misconfigured", "Usual", "configured", "path_of", "usual"]

OWNER = "_auth_user_id"
"""Where `django.contrib.auth` puts whose session it is."""

_MEMORY = ":memory:"
_EXAMPLE = 'CONNECT_SQLITE = {"location": BASE_DIR / "sessions.db"}'


class Misconfigured(ImproperlyConfigured):
    """What is wrong with `CONNECT_SQLITE`, and what to do about it; a system check says both."""

    def __init__(self, check: str, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}")
        self.check, self.message, self.hint = f"connect_sqlite.{check}", message, hint


class Configuration(NamedTuple):
    """`CONNECT_SQLITE`, checked."""

    location: Any
    options: dict[str, Any]
    """The store's."""


class Usual(NamedTuple):
    """What every save asks the settings for."""

    clock: Callable[[], float]
    """The store's."""
    age: timedelta
    """How long a session lives that says nothing of it: by the store's `ttl`, in its row."""


_usual: list[Usual] = []


def usual() -> Usual:
    """Asked for once, for Django's settings are slow to answer."""
    try:
        return _usual[0]
    except IndexError:
        clock = settings.CONNECT_SQLITE.get("clock", lambda: time.time())
        found = Usual(clock, timedelta(seconds=max(settings.SESSION_COOKIE_AGE, 0)))
        _usual[:] = [found]
        return found


def configured() -> Configuration:
    """The setting, with Django's own for what it leaves open; opens no file.

    `Misconfigured` says what is wrong.
    """
    given: Any = getattr(settings, "CONNECT_SQLITE", None)
    if not isinstance(given, dict):
        raise Misconfigured(
            "E001",
            "The setting CONNECT_SQLITE is missing, or is not a dict.",
            f"It says where sessions are kept: {_EXAMPLE}.",
        )
    options = {name: value for name, value in given.items() if name != "location"}
    location = _checked_location(given.get("location"))
    _check_options(options)
    path = path_of(location)
    for alias, database in settings.DATABASES.items():
        if path is not None and path == _path_of_database(database):
            # Closing a file with one library drops the locks that the other holds on it.
            raise Misconfigured(
                "E005",
                f"CONNECT_SQLITE keeps sessions in the file of DATABASES[{alias!r}], which would "
                "be damaged by two SQLite libraries in one process.",
                "Give the sessions a file of their own.",
            )
    age = settings.SESSION_COOKIE_AGE
    ttl = age if age > 0 else None
    return Configuration(location, {**options, "ttl": ttl})


def path_of(location: Any) -> Path | None:
    """The file that a location names; None for one that is not in a file."""
    text = location_text(location)
    if text[:7].lower() == "sqlite:":
        text = text[7:]
    return None if "://" in text else Path(text).resolve()


def _path_of_database(database: dict[str, Any]) -> Path | None:
    name = database.get("NAME")
    if not name or "sqlite3" not in database.get("ENGINE", ""):
        return None
    return Path(name).resolve()


def _checked_location(location: Any) -> Any:
    try:
        text = location_text(location)
    except TypeError:
        raise Misconfigured(
            "E002",
            "CONNECT_SQLITE['location'] is missing, or is neither a str nor a Path.",
            f"It names a file: {_EXAMPLE}.",
        ) from None
    if text.lower().removeprefix("sqlite:") in ("", _MEMORY):
        raise Misconfigured(
            "E002",
            "CONNECT_SQLITE['location'] names no file; in memory each process, and in it sync and "
            "async code, would have sessions of its own.",
            f"Give it a file, in tests one in a temporary folder: {_EXAMPLE}.",
        )
    return location


def _check_options(options: dict[str, Any]) -> None:
    # A store checks its options when it is built, and one in memory touches no file.
    with open_store(_MEMORY) as blank:
        known = [*inspect.signature(type(blank).__init__).parameters][2:]
    known.remove("serializer")
    for name in options:
        if name == "serializer":
            raise Misconfigured(
                "E003",
                "CONNECT_SQLITE has no option 'serializer': that is Django's to choose.",
                "Name it in SESSION_SERIALIZER.",
            )
        if name not in known:
            close = get_close_matches(str(name).lower(), known, 1)
            raise Misconfigured(
                "E003",
                f"CONNECT_SQLITE has no option {name!r}.",
                f"Did you mean {close[0]!r}?" if close else f"It has {', '.join(known)}.",
            )
    try:
        open_store(_MEMORY, **options).close()
    except (TypeError, ValueError) as error:
        raise Misconfigured(
            "E004",
            f"CONNECT_SQLITE has an option that cannot be: {error}.",
            "They are described at connect_sqlite.SQLiteStore.",
        ) from error


def _ask_again(*, setting: str, **_: Any) -> None:
    """A test has changed a setting."""
    if setting in {"CONNECT_SQLITE", "SESSION_COOKIE_AGE"}:
        _usual.clear()


setting_changed.connect(_ask_again)
