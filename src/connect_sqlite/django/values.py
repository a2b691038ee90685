"""How a session's values are kept: as JSON, or as another `SESSION_SERIALIZER` writes them."""

import json
from typing import Any, Protocol

from .._extras import extra
from .._session.changes import Changes, Print, changes_since, print_of
from ..contract import Serializer

with extra("django"):
    from django.conf import settings
    from django.contrib.sessions.serializers import JSONSerializer
    from django.core import signing
    from django.core.signals import setting_changed
    from django.utils.module_loading import import_string

__all__ = ["Values", "values"]

# Django's own sessions are signed with this salt, so theirs and ours can be moved as they are.
_SALT = "django.contrib.sessions.SessionStore"


class Values(Protocol):
    """What differs between serializers."""

    @property
    def codec(self) -> dict[str, Serializer]:
        """The store's `serializer`, if it is not the store's own."""
        ...

    def print_of(self, data: dict[str, Any], /) -> Print:
        """What to compare with later."""
        ...

    def changes_since(self, before: Print, data: dict[str, Any], /) -> Changes | None:
        """What is another one now, by top-level key; None when nothing is."""
        ...

    def plain(self, data: dict[str, Any]) -> dict[str, Any]:
        """The data as they will be read, of what the store would not take as it is."""
        ...


class _JSON:
    """Django's `JSONSerializer`: rows are plain JSON, which everybody who reads the file knows."""

    codec: dict[str, Serializer] = {}  # noqa: RUF012 - never changed
    print_of = staticmethod(print_of)
    changes_since = staticmethod(changes_since)

    def plain(self, data: dict[str, Any]) -> dict[str, Any]:
        # Django turns keys that are numbers, text marked as safe and members of enums into plain
        # text without a word, and what JSON has not is the TypeError that it always was.
        plain: dict[str, Any] = json.loads(json.dumps(data))
        return plain


class _Serialized:
    """Another serializer: rows are what Django's own hold, signed, in JSON that has the indexes.

    A value's print is what the serializer writes, so that a change inside an object is seen.
    """

    def __init__(self, serializer: Any) -> None:
        self._serializer = serializer
        self.codec: dict[str, Serializer] = {"serializer": self}

    def dumps(self, session: dict[str, Any], /) -> str:
        """The row's text."""
        text = signing.dumps(session, salt=_SALT, serializer=self._serializer, compress=True)
        indexes = settings.CONNECT_SQLITE.get("indexes", ())
        indexed = {path.partition(".")[0] for path in indexes}
        shown = {name: session[name] for name in indexed if name in session}
        return json.dumps({**shown, "_serialized": text})

    def loads(self, text: str, /) -> dict[str, Any]:
        """The session of a row; an error for one whose signature does not hold."""
        signed = json.loads(text)["_serialized"]
        session: dict[str, Any] = signing.loads(signed, salt=_SALT, serializer=self._serializer)
        return session

    def print_of(self, data: dict[str, Any]) -> Print:
        dumps = self._serializer().dumps
        return {name: dumps({name: value}) for name, value in data.items()}

    def changes_since(self, before: Print, data: dict[str, Any]) -> Changes | None:
        now = self.print_of(data)
        assert isinstance(before, dict)
        assert isinstance(now, dict)
        changed = {name: data[name] for name in data if now[name] != before.get(name)}
        removed = tuple(name for name in before if name not in data)
        return Changes(changed, removed, now) if changed or removed else None

    def plain(self, data: dict[str, Any]) -> dict[str, Any]:
        return data


_chosen: list[Values] = []


def values() -> Values:
    """What `SESSION_SERIALIZER` means."""
    try:
        return _chosen[0]
    except IndexError:
        serializer = import_string(settings.SESSION_SERIALIZER)
        found = _JSON() if serializer is JSONSerializer else _Serialized(serializer)
        _chosen[:] = [found]
        return found


def _choose_again(*, setting: str, **_: Any) -> None:
    """A test has changed a setting."""
    if setting == "SESSION_SERIALIZER":
        _chosen.clear()


setting_changed.connect(_choose_again)
