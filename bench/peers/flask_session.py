"""Flask-Session on SQLAlchemy and SQLite (WAL, NORMAL)."""

from datetime import timedelta
from importlib.metadata import version
from typing import Any

from ..workload import Session
from ._in_process import InProcess

_TTL = timedelta(days=1)


class FlaskSession(InProcess):
    label = "Flask-Session, SQLAlchemy"
    # Flask-Session has no touch: every request that must move the expiry saves.
    operations = InProcess.operations - {"touch"}

    def open(self) -> str:
        from flask import Flask
        from flask_session import Session as Extension
        from flask_sqlalchemy import SQLAlchemy
        from sqlalchemy import event

        app = Flask("bench")
        app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{self.folder / 'sessions.db'}"
        app.config["SESSION_TYPE"] = "sqlalchemy"
        self._db = SQLAlchemy(app)
        app.config["SESSION_SQLALCHEMY"] = self._db
        self._app_context = app.app_context()
        self._app_context.push()

        @event.listens_for(self._db.engine, "connect")
        def tune(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")

        Extension(app)
        self._interface: Any = app.session_interface
        return version("flask-session")

    # The interface's own calls on its storage, without the cookie work around them; each ends as a
    # request does, by giving the connection back.

    def get(self, sid: str) -> Session | None:
        session: Session | None = self._interface._retrieve_session_data(sid)
        self._db.session.remove()
        return session

    def set(self, sid: str, session: Session) -> None:
        self._interface._upsert_session(_TTL, session, sid)
        self._db.session.remove()

    create = set

    def destroy(self, sid: str) -> None:
        self._interface._delete_session(sid)
        self._db.session.remove()

    def close(self) -> None:
        self._db.engine.dispose()
        self._app_context.pop()
