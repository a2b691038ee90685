"""Random sequences of all calls: the SQLite store behaves as a dict would (threat 46)."""

import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore
from connect_sqlite.testing.model import check_store

FACES = pytest.mark.parametrize("face", [SQLiteStore, AsyncSQLiteStore])


@FACES
def test_in_memory(face):
    """A store in memory holds what a dict would."""
    check_store(face)


@FACES
def test_in_a_file(face, tmp_path):
    """A store in a file holds what a dict would, closed and opened in between."""
    check_store(lambda **options: face(tmp_path / "sessions.db", **options), lasting=True)


@FACES
def test_two_stores_on_one_file(face, tmp_path):
    """Two stores used in turn see each other's every change."""
    check_store(lambda **options: face(tmp_path / "sessions.db", **options), stores=2, lasting=True)


def test_both_faces_on_one_file(tmp_path):
    """A sync and an async store on one file see each other's every change."""
    faces = iter(())

    def open_either(**options):
        nonlocal faces
        face = next(faces, None)
        if face is None:
            faces = iter([AsyncSQLiteStore])
            face = SQLiteStore
        return face(tmp_path / "sessions.db", **options)

    check_store(open_either, stores=2, lasting=True)
