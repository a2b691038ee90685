"""Django's `django_session` table, which its `db` and `cached_db` engines fill.

It is read through Django, with the project's own settings: whatever database it lies in, and signed
with whatever SECRET_KEY.  Keys stay as they are, so nobody is signed out.
"""

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from .formats import is_pickle
from .source import Old, Problem, Refused

__all__ = ["DjangoTable"]

_SALT = "django.contrib.sessions.SessionStore"
_PICKLED = "pickled: it is never unpickled"
_UNSIGNED = "not signed with this SECRET_KEY, nor with one of SECRET_KEY_FALLBACKS"


class _JSONAlone:
    """In place of the project's serializer: whatever was signed, nothing but JSON is read."""

    def loads(self, content: bytes) -> dict[str, Any]:
        if is_pickle(content):
            raise Refused(_PICKLED)
        try:
            data: Any = json.loads(content.decode("latin-1"))
        except ValueError:
            raise Refused("is not JSON: another SESSION_SERIALIZER wrote it") from None
        if not isinstance(data, dict):
            raise Refused("is not a dict")
        return data


class DjangoTable:
    """The sessions in the table, as one project's settings find it."""

    def __init__(self, settings: str | None, database: str) -> None:
        if settings is not None:
            os.environ["DJANGO_SETTINGS_MODULE"] = settings
        try:
            import django
            from django.conf import settings as configuration
            from django.core.exceptions import ImproperlyConfigured
        except ImportError:
            raise Problem("Django's sessions are read through Django: pip install Django") from None
        try:
            django.setup()
            from django.contrib.sessions.models import Session
            from django.db import connections
        except (ImportError, RuntimeError, ImproperlyConfigured) as error:
            raise Problem(f"Django's settings cannot be used: {error}") from None
        if database not in connections:
            raise Problem(f"DATABASES has no {database!r}")
        self.settings = configuration
        self._table = Session.objects.using(database)
        self._engine = connections[database]

    @property
    def file(self) -> Path | None:
        is_file = self._engine.vendor == "sqlite"
        return Path(self._engine.settings_dict["NAME"]).resolve() if is_file else None

    def __len__(self) -> int:
        from django.db import DatabaseError

        try:
            return int(self._table.count())
        except DatabaseError as error:
            raise Problem(f"The table django_session cannot be read: {error}") from None

    def close(self) -> None:
        """Let go of the database."""
        self._engine.close()

    def __iter__(self) -> Iterator[Old]:
        from django.db import DatabaseError
        from django.utils.timezone import is_naive, make_aware

        rows = self._table.order_by("session_key").iterator(chunk_size=500)
        while True:
            try:
                row = next(rows, None)
            except DatabaseError as error:
                raise Problem(f"The table django_session cannot be read: {error}") from None
            except (TypeError, ValueError):  # Django gives up the whole reading over one value
                problem = "The table django_session has a row that Django cannot read"
                raise Problem(problem) from None
            if row is None:
                return
            if row.expire_date is None:  # what is no date at all
                yield Old("", None, _refuse)
                continue
            ends = make_aware(row.expire_date) if is_naive(row.expire_date) else row.expire_date
            yield Old(row.session_key, ends, partial(_data, row.session_data))


def _refuse() -> dict[str, Any]:
    raise Refused("has an end that is no date")


def _data(text: str) -> dict[str, Any]:
    from django.core import signing

    serializer: Any = _JSONAlone
    try:
        data: dict[str, Any] = signing.loads(text, salt=_SALT, serializer=serializer)
    except signing.BadSignature:
        raise Refused(_UNSIGNED) from None
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - signed, but no data in it
        raise Refused("cannot be read") from None
    return data
