"""Django's `db` session engine on SQLite (WAL, NORMAL)."""

from typing import Any

from ..workload import Session
from ._in_process import InProcess


class DjangoDB(InProcess):
    label = "Django, db engine"
    # Django has no touch: a session's expiry moves by saving it again.
    operations = InProcess.operations - {"touch"}

    def open(self) -> str:
        import django
        from django.conf import settings

        settings.configure(
            DATABASES={
                "default": {
                    "ENGINE": "django.db.backends.sqlite3",
                    "NAME": str(self.folder / "sessions.db"),
                    "OPTIONS": {
                        "transaction_mode": "IMMEDIATE",
                        "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
                    },
                }
            },
            INSTALLED_APPS=["django.contrib.sessions"],
            SECRET_KEY="a benchmark has no secrets",
            USE_TZ=True,
        )
        django.setup()

        from django.contrib.sessions.backends.db import SessionStore
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        self._open: Any = SessionStore
        return django.get_version()

    def get(self, sid: str) -> Session:
        session: Session = self._open(sid).load()
        return session

    def set(self, sid: str, session: Session) -> None:
        self._save(sid, session, must_create=False)

    def create(self, sid: str, session: Session) -> None:
        self._save(sid, session, must_create=True)

    def destroy(self, sid: str) -> None:
        self._open().delete(sid)

    def close(self) -> None:
        from django.db import connection

        connection.close()

    def _save(self, sid: str, session: Session, must_create: bool) -> None:
        opened = self._open(sid)
        # The data as a view would have left it, without the read that assigning a key begins with.
        opened._session_cache = session
        opened.save(must_create=must_create)
