"""Points Flask's own tests at our sessions, in files that go with each test."""

import _pytest.monkeypatch
import pytest
from flask import Flask

from connect_sqlite.flask import SessionInterface

# Flask's tests put the environment back with it, and know it by the name that it had.
_pytest.monkeypatch.notset = _pytest.monkeypatch.NOTSET


@pytest.fixture(autouse=True)
def _ours(tmp_path, monkeypatch):
    interface = SessionInterface(tmp_path / "sessions.db")
    monkeypatch.setattr(Flask, "session_interface", interface)
    yield
    interface.close()
