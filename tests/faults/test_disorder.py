"""A damaged file whose rows are out of order is not walked for ever (threat 35)."""

import contextlib
import threading

import apsw
import pytest

from connect_sqlite import SQLiteStore, StoreCorrupt

ROWS = 300


@pytest.fixture
def disordered(tmp_path):
    """A file whose first pages of rows, and of ids, stand in the place of the last."""
    path = tmp_path / "s.db"
    with SQLiteStore(path) as store:
        for n in range(ROWS):
            store.set(f"{n:03}", {"text": "x" * 90, "n": n})
    db = apsw.Connection(str(path))
    found = path.read_bytes()
    for name in ("sessions", "sqlite_autoindex_sessions_1"):
        pages = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path"
        leaves = [number for (number,) in db.execute(pages, (name,))]
        found = swapped(found, leaves[0], leaves[-1])
    db.close()
    path.write_bytes(found)
    return path


def swapped(found, one, other, size=4096):
    pages = [found[at : at + size] for at in range(0, len(found), size)]
    pages[one - 1], pages[other - 1] = pages[other - 1], pages[one - 1]
    return b"".join(pages)


def walked(store):
    """All ids, page by page, as a program would."""
    found, after = [], None
    while page := store.scan(after=after, limit=7):
        after = page[-1].id
        found += [each.id for each in page]
    return found


@pytest.mark.parametrize("walk", [walked, lambda store: store.sweep(), lambda store: store.ids()])
def test_threat_35_walking_a_disordered_file_ends(disordered, walk):
    """Threat 35: paging and sweeping end, in `StoreCorrupt` or with what is there."""
    ended = []

    def try_it():
        with SQLiteStore(disordered, sweep_interval=None) as store:
            with contextlib.suppress(StoreCorrupt):
                walk(store)
            ended.append(True)

    thread = threading.Thread(target=try_it, daemon=True)
    thread.start()
    thread.join(30)
    assert ended == [True]


def test_threat_35_what_does_not_advance_is_corrupt(tmp_path):
    """Threat 35: a page of rows that ends where it began says that the file is damaged."""

    class Stuck:
        get = (5, 0)

        def execute(self, *_):
            return self

        def fetchall(self):
            return [("sess:a", "{}", 9)]

    with SQLiteStore(tmp_path / "s.db", sweep_interval=None) as store:
        operations = store._engine._operations
        with pytest.raises(apsw.CorruptError, match="out of order"):
            operations.slice(Stuck(), 5, 200, 0)
        with pytest.raises(apsw.CorruptError, match="out of order"):
            operations.page(Stuck(), "sess:a", 10, 0)
