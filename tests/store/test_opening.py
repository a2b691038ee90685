"""Where a store is, as its first argument or its URL says it."""

import asyncio
import inspect
import os
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connect_sqlite import (
    AsyncSQLiteStore,
    SQLiteStore,
    StoreError,
    StoreUnavailable,
    open_async_store,
    open_store,
)

OPENERS = [SQLiteStore, AsyncSQLiteStore, open_store, open_async_store]
FACES = pytest.mark.parametrize("face", OPENERS, ids=lambda face: face.__name__)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Relative paths lead into an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def opened(face):
    """Opens stores of a face and closes them after the test."""
    stores = []

    def open_it(*args, **options):
        stores.append(face(*args, **options))
        return stores[-1]

    yield open_it
    for store in stores:
        closing = store.close()
        if inspect.isawaitable(closing):
            asyncio.run(closing)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


LOCATIONS = {
    "a name": "p.db",
    "a relative path": "./p.db",
    "a Path": Path("p.db"),
    "sqlite: and a name": "sqlite:p.db",
    "sqlite: and a relative path": "sqlite:./p.db",
    "SQLITE: and a name": "SQLITE:p.db",
    "a detour": "folder/../p.db",
}


@FACES
@pytest.mark.parametrize("kind", LOCATIONS)
def test_a_path_names_a_file(opened, here, kind):
    """However it is written, it is the same file, which is made."""
    opened(LOCATIONS[kind])
    assert "p.db" in files(here)
    assert {"p.db"} == {name.split("-")[0] for name in files(here)}


@FACES
@pytest.mark.parametrize("form", ["{}", "sqlite:{}"])
def test_an_absolute_path_names_a_file(opened, here, form):
    """Both alone and behind `sqlite:`."""
    opened(form.format(here / "p.db"))
    assert "p.db" in files(here)


@FACES
@pytest.mark.parametrize("location", [":memory:", "sqlite::memory:", "SQLite::memory:"])
def test_memory_names_no_file(opened, here, location):
    """Neither form of it leaves anything on the disk."""
    opened(location)
    assert [] == files(here)


@pytest.mark.parametrize("face", [SQLiteStore, AsyncSQLiteStore])
def test_without_a_location_a_store_is_in_memory(opened, here):
    """Nothing is written unless a place is named."""
    opened()
    assert [] == files(here)


@FACES
def test_each_store_in_memory_is_its_own(opened, face):
    """Two stores in memory have nothing in common."""
    if face in (SQLiteStore, open_store):
        one, two = opened(":memory:"), opened(":memory:")
        one.set("abc123", {})
        assert [] == two.ids()


def test_a_path_and_its_text_are_the_same(here):
    """What one store saved, another opened by the other form reads."""
    with SQLiteStore(Path("p.db")) as one, SQLiteStore("p.db") as two:
        one.set("abc123", {"user": 1})
        assert {"user": 1} == two.get("abc123")
    with SQLiteStore("sqlite:./p.db") as three:
        assert {"user": 1} == three.get("abc123")


def test_a_relative_path_is_made_absolute_at_once(here, monkeypatch):
    """A program that changes its folder afterwards keeps its sessions."""
    (here / "elsewhere").mkdir()
    with SQLiteStore("p.db") as store:
        monkeypatch.chdir("elsewhere")
        store.set("abc123", {"user": 1})
    assert ["p.db"] == files(here)


@pytest.mark.parametrize(
    "name", ["a?b#c%41.db", "p~.db", "a b.db", "é.db", "p.db;x", "'p'.db", "-p.db", "p"]
)
def test_odd_names_are_names(here, name):
    """Nothing in a path is an option or an escape, also behind `sqlite:`."""
    with SQLiteStore(name) as store:
        store.set("abc123", {"user": 1})
    assert [name] == files(here)
    with open_store(f"sqlite:./{name}") as store:
        assert ["abc123"] == store.ids()


def test_missing_folders_are_made_for_their_owner_only(here):
    """The folders on the way are made 0700 and the file 0600."""
    with SQLiteStore("one/two/p.db"):
        modes = [os.stat(path).st_mode & 0o777 for path in ("one", "one/two", "one/two/p.db")]
        assert [0o700, 0o700, 0o600] == modes


NO_PLACES = [
    *("", "a\0b", "sqlite:", "sqlite://p.db", "SQLite://p.db", "sqlite:sqlite:p.db"),
    *("file:p.db", "FILE:p.db?mode=memory", "sqlite:file:p.db", "redis://p.db", "sqlite:http://x"),
    *(":MEMORY:", "sqlite::Memory:", "~", "~/p.db", "~me/p.db", Path("~/p.db"), "sqlite:~/p.db"),
    *("folder/", "sqlite:folder/", "caf\udce9.db", "caf\udce9/p.db"),
]


@FACES
@pytest.mark.parametrize("location", NO_PLACES, ids=ascii)
def test_what_names_no_place_is_an_error(face, here, location):
    """A location that could mean something else is refused, and no file is made."""
    with pytest.raises(ValueError, match=r"sqlite:|path|store"):
        face(location)
    assert [] == files(here)


@FACES
@pytest.mark.parametrize("location", [None, 1, b"p.db", ["p.db"]], ids=repr)
def test_a_location_is_text_or_a_path(face, here, location):
    """Anything else is a `TypeError`."""
    with pytest.raises(TypeError, match="str or a Path"):
        face(location)
    assert [] == files(here)


@pytest.mark.parametrize("face", [open_store, open_async_store])
@pytest.mark.parametrize(
    "url", ["postgres://host/db", "mysql:p.db", "sqlite3:p.db", "http://x", "memcached:"]
)
def test_an_unknown_scheme_is_named(face, here, url):
    """A URL for which there is no store says so, names the scheme, and makes no file."""
    with pytest.raises(ValueError, match=re.escape(url.split(":")[0] + ":")):
        face(url)
    assert [] == files(here)


@pytest.mark.parametrize("face", [open_store, open_async_store])
def test_a_url_opens_a_store_of_its_face(face, here):
    """`open_store` opens a sync store, `open_async_store` an async one, with a store's options."""
    expected = SQLiteStore if face is open_store else AsyncSQLiteStore
    store = face("sqlite::memory:", ttl=60)
    assert expected is type(store)
    assert 60 == store.ttl


def test_a_closed_store_lets_go_of_its_file(here):
    """After six threads and `close`, the file alone can be renamed, and has every session."""
    store = SQLiteStore("p.db")
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: store.set(str(n), {"n": n}), range(60)))
        assert [{"n": n} for n in range(60)] == list(threads.map(store.get, map(str, range(60))))
    store.close()
    assert ["p.db"] == files(here)
    held = [os.path.realpath(link) for link in Path("/proc/self/fd").glob("*")]
    assert [] == [path for path in held if path.startswith(str(here / "p.db"))]
    Path("p.db").rename("q.db")
    with SQLiteStore("q.db") as store:
        assert {str(n) for n in range(60)} == set(store.ids())


def test_a_folder_is_no_file(here):
    """A store's error says what is wrong with the place, and names it."""
    (here / "folder").mkdir()
    with pytest.raises(StoreError, match="folder"):
        SQLiteStore("folder")


@pytest.mark.parametrize("location", ["loop", "loop/p.db"])
def test_a_link_that_leads_to_itself(here, location):
    """Such a place is a store's error, which names it."""
    (here / "loop").symlink_to("loop")
    with pytest.raises(StoreError, match=r"loop.*symbolic links"):
        SQLiteStore(location)


def test_a_hard_link_to_an_open_file_is_named(here):
    """A file has one name for all, or each name would get a log of its own."""
    with SQLiteStore("p.db") as store:
        store.set("abc123", {"user": 1})
        os.link("p.db", "q.db")
        with pytest.raises(StoreUnavailable, match=r"q\.db is a hard link to .*p\.db"):
            SQLiteStore("q.db")
        assert {"user": 1} == store.get("abc123")
    with SQLiteStore("q.db") as store:
        assert {"user": 1} == store.get("abc123")


@pytest.mark.parametrize("left", range(8))
def test_without_file_descriptors_a_store_is_unavailable(here, left):
    """Wherever in the opening they run out, the error says so."""
    code = f"""
import os, resource
from connect_sqlite import SQLiteStore, StoreUnavailable
SQLiteStore("warm.db").close()
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
held = []
try:
    while True:
        held.append(os.open("/", os.O_RDONLY))
except OSError:
    pass
for each in held[:{left}]:
    os.close(each)
try:
    store = SQLiteStore("p.db")
    store.set("a", {{}})
    store.all()
except StoreUnavailable as error:
    assert "descriptor" in str(error), error
else:
    assert {left} > 2
os.close(held[-1])
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)


@FACES
def test_opening_leaves_random_alone(opened):
    """A program that seeds `random` gets the same numbers with a store beside it."""
    random.seed(7)
    expected = random.random()
    random.seed(7)
    opened(":memory:")
    assert expected == random.random()
