"""Django's system checks: a setting that is missing or unsafe has an id, and a hint what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.checks import CheckMessage, Error, Warning
from django.utils.module_loading import import_string

from .._stores.opening import location_text
from . import SessionStore
from .options import Misconfigured, configured, path_of

__all__ = ["check_cookie_is_secure", "check_settings"]

_PICKLE = b"(dVa\nI1\ns."
"""A pickle of `{"a": 1}`: who reads that runs whatever a pickle says."""


def check_settings(**_: Any) -> list[CheckMessage]:
    """Everything that is wrong on a developer's machine too."""
    if not _is_in_use():
        return [
            Warning(
                "SESSION_ENGINE is another one, so sessions are not kept as CONNECT_SQLITE says.",
                hint='Set SESSION_ENGINE = "connect_sqlite.django", or take that out of '
                "INSTALLED_APPS.",
                id="connect_sqlite.W001",
            )
        ]
    return [*_location(), *_middleware(), *_lifetime(), *_cookie(), *_serializer()]


def check_cookie_is_secure(**_: Any) -> list[CheckMessage]:
    """With `check --deploy`: on a developer's machine there is no HTTPS."""
    if settings.SESSION_COOKIE_SECURE or not _is_in_use():
        return []
    return [
        Warning(
            "SESSION_COOKIE_SECURE is off: the cookie goes over plain HTTP, where others read it.",
            hint="Serve the site over HTTPS and set SESSION_COOKIE_SECURE = True.",
            id="connect_sqlite.W005",
        )
    ]


def _is_in_use() -> bool:
    """Whether the engine is ours, or a project's own that is made of it."""
    try:
        engine = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    except ImportError:
        return False
    return isinstance(engine, type) and issubclass(engine, SessionStore)


def _location() -> Iterator[CheckMessage]:
    try:
        location, _ = configured()
    except Misconfigured as error:
        yield Error(error.message, hint=error.hint, id=error.check)
        return
    path = path_of(location)
    if path is None:
        return
    if not Path(location_text(location).removeprefix("sqlite:")).is_absolute():
        yield Warning(
            "CONNECT_SQLITE['location'] is relative: which file it is depends on the folder in "
            "which a program is started.",
            hint='Begin it with a folder: BASE_DIR / "sessions.db".',
            id="connect_sqlite.W002",
        )
    for setting, folder in _served():
        if path.is_relative_to(folder):
            yield Error(
                f"CONNECT_SQLITE keeps sessions inside {setting}, from where anybody may "
                "download them.",
                hint="Keep the file outside of what the web server serves.",
                id="connect_sqlite.E006",
            )


def _served() -> Iterator[tuple[str, Path]]:
    for setting in ("MEDIA_ROOT", "STATIC_ROOT"):
        if folder := getattr(settings, setting):
            yield setting, Path(folder).resolve()
    for folder in settings.STATICFILES_DIRS:
        prefixed = isinstance(folder, list | tuple)
        yield "STATICFILES_DIRS", Path(folder[1] if prefixed else folder).resolve()


def _middleware() -> Iterator[CheckMessage]:
    for path in settings.MIDDLEWARE:
        try:
            middleware = import_string(path)
        except ImportError:
            continue  # Django says so itself
        if isinstance(middleware, type) and issubclass(middleware, SessionMiddleware):
            return
    yield Warning(
        "No SessionMiddleware is in MIDDLEWARE, so no request has a session.",
        hint="Add 'django.contrib.sessions.middleware.SessionMiddleware', before the "
        "AuthenticationMiddleware.",
        id="connect_sqlite.W003",
    )


def _lifetime() -> Iterator[CheckMessage]:
    given = getattr(settings, "CONNECT_SQLITE", None)
    if isinstance(given, dict) and given.get("ttl", settings.SESSION_COOKIE_AGE) != (
        settings.SESSION_COOKIE_AGE
    ):
        yield Warning(
            "'ttl' in CONNECT_SQLITE says nothing: sessions live for SESSION_COOKIE_AGE.",
            hint="Set SESSION_COOKIE_AGE, in seconds, and take 'ttl' out.",
            id="connect_sqlite.W004",
        )


def _cookie() -> Iterator[CheckMessage]:
    if not settings.SESSION_COOKIE_HTTPONLY:
        yield Warning(
            "SESSION_COOKIE_HTTPONLY is off: a script that somebody smuggles into a page can "
            "read the cookie and take the session.",
            hint="Set SESSION_COOKIE_HTTPONLY = True.",
            id="connect_sqlite.W006",
        )
    same_site = settings.SESSION_COOKIE_SAMESITE
    if str(same_site).lower() == "none" and same_site and not settings.SESSION_COOKIE_SECURE:
        yield Error(
            "SESSION_COOKIE_SAMESITE = 'None' without SESSION_COOKIE_SECURE: browsers refuse "
            "such a cookie.",
            hint="Set SESSION_COOKIE_SECURE = True, or SESSION_COOKIE_SAMESITE = 'Lax'.",
            id="connect_sqlite.E007",
        )


def _serializer() -> Iterator[CheckMessage]:
    try:
        serializer = import_string(settings.SESSION_SERIALIZER)()
        _ = serializer.dumps, serializer.loads
    except Exception as error:  # noqa: BLE001 - any module may fail in any way
        yield Error(
            f"SESSION_SERIALIZER cannot be used: {type(error).__name__}: {error}",
            hint="It is the dotted path of a class with the methods dumps and loads.",
            id="connect_sqlite.E008",
        )
        return
    try:
        unpickles = serializer.loads(_PICKLE) == {"a": 1}
    except Exception:  # noqa: BLE001 - it refuses a pickle, as it should
        unpickles = False
    if unpickles:
        yield Warning(
            "SESSION_SERIALIZER unpickles: who gets hold of SECRET_KEY and can write the file "
            "runs programs as you.",
            hint="Use Django's JSONSerializer, and keep in sessions what JSON has.",
            id="connect_sqlite.W007",
        )
