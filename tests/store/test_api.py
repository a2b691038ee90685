"""The public names: complete, alike on both faces, and clear about what they do not take."""

import ast
import copy
import inspect
import json
import pickle
import subprocess
import sys
import time
from datetime import datetime
from enum import Enum
from pathlib import Path

import apsw
import orjson
import pytest

import connect_sqlite
from connect_sqlite import (
    AsyncSQLiteStore,
    AsyncStore,
    SQLiteStore,
    Store,
    StoreError,
    errors,
    open_async_store,
    open_store,
)

SOURCE = Path(connect_sqlite.__file__).parent
ROOT = SOURCE.parent.parent
OPENERS = [SQLiteStore, AsyncSQLiteStore, open_store, open_async_store]
FACES = pytest.mark.parametrize("face", OPENERS, ids=lambda face: face.__name__)
CALLS = sorted(name for name, each in vars(Store).items() if name[0] != "_" and callable(each))


def parameters(function):
    return [
        (each.name, each.kind, each.default, each.annotation)
        for each in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("face", "promise"), [(AsyncSQLiteStore, Store), (SQLiteStore, Store), (AsyncStore, Store)]
)
def test_both_faces_have_the_contracts_signatures(face, promise, call):
    """Each call has the same parameters, defaults and result on both faces, awaited or not."""
    ours, theirs = getattr(face, call), getattr(promise, call)
    assert parameters(theirs) == parameters(ours)
    result = inspect.signature(theirs).return_annotation
    assert result == inspect.signature(ours).return_annotation
    assert (face is not SQLiteStore) == inspect.iscoroutinefunction(ours)


def test_the_faces_have_no_calls_of_their_own():
    """What is public on a store is in the contract, so that stores can be exchanged.

    But for `data_version`, which is SQLite's and which those who use it can do without.
    """
    for face in (SQLiteStore, AsyncSQLiteStore):
        assert {*CALLS, "ttl", "indexes", "data_version"} == {
            name for name in dir(face) if not name.startswith("_")
        }


def test_the_faces_are_built_alike():
    """Both constructors take the same options, with the same defaults and the same page."""
    assert parameters(SQLiteStore) == parameters(AsyncSQLiteStore)
    assert SQLiteStore.__doc__ == AsyncSQLiteStore.__doc__
    for name in inspect.signature(SQLiteStore).parameters:
        assert f"{name}: " in SQLiteStore.__doc__


def test_a_store_is_known_by_its_promise():
    """`isinstance` tells the faces apart, and the functions that open them."""
    with SQLiteStore() as store:
        assert isinstance(store, Store)
        assert not isinstance(store, AsyncStore)
    asynchronous = AsyncSQLiteStore()
    assert isinstance(asynchronous, AsyncStore)
    assert not isinstance(asynchronous, Store)


def test_all_public_names_are_there():
    """`__all__` is in order, without repetition, and each name leads to something."""
    names = connect_sqlite.__all__
    assert len(set(names)) == len(names)
    assert [] == [name for name in names if not hasattr(connect_sqlite, name)]
    assert {"SQLiteStore", "AsyncSQLiteStore", "CallbackStore", "open_store"} <= set(names)


def test_every_error_is_public_and_in_a_tree():
    """All errors can be imported from the package; two names catch each, a store's by one."""
    assert set(errors.__all__) <= set(connect_sqlite.__all__)
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), StoreError | errors.SessionError)
        assert inspect.getdoc(getattr(errors, name))
    assert issubclass(errors.InvalidSession, ValueError)
    assert issubclass(errors.InvalidSessionId, ValueError)
    assert issubclass(errors.UnknownIndex, LookupError)


@pytest.mark.parametrize("module", ["contract", "errors", "expiry", "testing", "testing.model"])
def test_a_module_offers_what_it_defines(module):
    """`from module import *` brings what `__all__` says."""
    names: dict = {}
    exec(f"from connect_sqlite.{module} import *", names)
    assert set(sys.modules[f"connect_sqlite.{module}"].__all__) == set(names) - {"__builtins__"}


@FACES
@pytest.mark.parametrize("option", ["directory", "Prefix", "disableTouch", "maxAge", "url", "db"])
def test_an_unknown_option_is_named(face, option, tmp_path, monkeypatch):
    """A misspelt option is an error that says which, and no file is made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TypeError, match=option):
        face("s.db", **{option: "data"})
    assert [] == list(tmp_path.iterdir())


@FACES
def test_options_are_named(face):
    """Only the location goes without a name, so that no option is taken for another."""
    with pytest.raises(TypeError):
        face(":memory:", "sessions")


NODE = {
    "table": ("table", "logins"),
    "prefix": ("prefix", "app:"),
    "ttl": ("ttl", 60),
    "disableTouch": ("disable_touch", True),
    "serializer": ("serializer", connect_sqlite.JSON),
    "disableTTL": ("ttl", None),
}


@FACES
@pytest.mark.parametrize("option", NODE)
def test_the_node_packages_options_have_a_counterpart(face, option):
    """Each is taken under its Python name."""
    name, value = NODE[option]
    face(":memory:", **{name: value})


@FACES
@pytest.mark.parametrize("option", ["client", "wal", "url", "db", "disableTTL", "disableTouch"])
def test_the_node_packages_other_options_are_refused(face, option):
    """What has no counterpart, or another name, is an error that names it."""
    with pytest.raises(TypeError, match=option):
        face(":memory:", **{option: True})


def shown(value):
    """As text that is the same in each process."""
    return getattr(value, "__name__", None) or ascii(value)


class Writes:
    """A serializer that writes the same whatever it is given."""

    def __init__(self, written):
        self.dumps = lambda session: written
        self.loads = json.loads
        self.written = written

    def __repr__(self):
        return f"Writes({self.written!r})"


BAD: dict[str, list] = {
    "table": ["", "a b", "a;b", 'a"b', "1a", "é", "sqlite_x", "a" * 64, "a.b", "a--", None, 1],
    "prefix": [None, 1, b"sess:", "a\0", "\ud800"],
    "ttl": [0, -1, float("nan"), float("inf"), 1e308, 1e300, 10**400, "60", True],
    "serializer": [None, 1, orjson, Writes(b""), pickle, Writes(None), ()],
    "indexes": ["user.id", [""], ["user..id"], [".a"], ["a."], ["a'b"], ['a"b'], ["$.a"], [1]],
    "durability": ["", "Full", None, 1],
    "busy_timeout": [-1, None, "5", float("nan"), True],
    "max_bytes": [0, -1, None, "1", 1.5, True],
    "sweep_interval": [-1, "5", float("nan"), True, float("inf")],
    "clock": [
        5,
        None,
        time.time_ns,
        lambda: time.time() * 1000,
        lambda: float("nan"),
        datetime.now,
    ],
}


@FACES
@pytest.mark.parametrize(
    ("option", "value"),
    [(option, value) for option, values in BAD.items() for value in values],
    ids=shown,
)
def test_an_option_that_cannot_be_is_named(face, option, value, tmp_path, monkeypatch):
    """The error comes when the store is built, names the option, and no file is made (threat 2)."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises((TypeError, ValueError), match="index" if option == "indexes" else option):
        face("s.db", **{option: value})
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("table", ["sessions", "Sessions2", "_x", "a" * 63, "select", "group"])
def test_a_plain_name_is_a_table(table):
    """A word that SQL knows is a name too."""
    with SQLiteStore(table=table, indexes=("user.id",)) as store:
        store.set("abc123", {"user": {"id": 1}})
        assert ["abc123"] == [each.id for each in store.find("user.id", 1)]
        assert 1 == store.clear()


class Name(str, Enum):  # noqa: UP042 - str() of a StrEnum is its text
    LOGINS = "logins"
    USER = "user.id"


def test_an_option_that_is_more_than_text_is_its_text(tmp_path):
    """A table, a prefix and an index that are enums are named by what they equal."""
    options = {"table": Name.LOGINS, "prefix": Name.USER, "indexes": [Name.USER]}
    with SQLiteStore(tmp_path / "p.db", **options) as store:
        store.set("abc123", {"user": {"id": 1}})
        assert ["abc123"] == [each.id for each in store.find(Name.USER, 1)]
    options = {"table": "logins", "prefix": "user.id", "indexes": ["user.id"]}
    with SQLiteStore(tmp_path / "p.db", **options) as store:
        assert ["abc123"] == [each.id for each in store.find("user.id", 1)]
    assert 1 == sum("user" in name for name in names_in(tmp_path / "p.db"))


def names_in(path):
    with apsw.Connection(str(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema")]
    db.close()
    return names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"table": "a", "indexes": ("b",)}, {"table": "a_by_b"}),
        ({"table": "a", "indexes": ("b_by_c",)}, {"table": "a_by_b", "indexes": ("c",)}),
        ({"table": "a", "indexes": ("user.ID",)}, {"table": "a", "indexes": ("user.id",)}),
        ({"table": "a", "indexes": ("É",)}, {"table": "a", "indexes": ("é",)}),
        ({"table": "a", "indexes": ("aB",)}, {"table": "A", "indexes": ("Ab", "aB")}),
    ],
    ids=str,
)
def test_no_name_in_a_file_stands_for_two_things(tmp_path, one, other):
    """Tables and indexes share their names' room, which is blind to case, and none gets lost."""
    with SQLiteStore(tmp_path / "p.db", **one), SQLiteStore(tmp_path / "p.db", **other) as store:
        assert 0 == store.length()
        declared = {
            (each["table"].lower(), path)
            for each in (one, other)
            for path in each.get("indexes", ())
        }
        made = [name for name in names_in(tmp_path / "p.db") if ":" in name]
        assert len(declared) == len(made)
        # All is there, so that nobody who opens it again waits for who is writing.
        writing = apsw.Connection(str(tmp_path / "p.db"))
        writing.execute("BEGIN IMMEDIATE")
        try:
            for options in (one, other):
                SQLiteStore(tmp_path / "p.db", busy_timeout=0, **options).close()
        finally:
            writing.close()


@pytest.mark.parametrize("face", [SQLiteStore, AsyncSQLiteStore])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_store_is_not_copied(face, copied):
    """Neither `copy` nor `pickle` makes one that shares half of it; the error says what to do."""
    with pytest.raises(TypeError, match="open it in the worker"):
        copied(face())


@pytest.mark.parametrize("table", ["logins", "admins"])
def test_tables_keep_sessions_apart(table, tmp_path):
    """Two stores on one file with a table each never meet."""
    with SQLiteStore(tmp_path / "p.db", table=table) as ours, SQLiteStore(tmp_path / "p.db") as all:
        all.set("abc123", {"user": 1})
        assert ours.get("abc123") is None
        assert 0 == ours.clear()
        ours.set("abc123", {"user": 2})
        assert {"user": 1} == all.get("abc123")


@pytest.mark.parametrize("call", ["destroy_many", "destroy_where", "merge"])
def test_one_text_is_not_several_ids(call):
    """A text where several are asked for would be taken letter by letter, so it is an error."""
    with SQLiteStore(indexes=("user",)) as store:
        store.set("a", {"user": 1})
        with pytest.raises(TypeError):
            {
                "destroy_many": lambda: store.destroy_many("abc"),
                "destroy_where": lambda: store.destroy_where("user", 1, keep="abc"),
                "merge": lambda: store.merge("a", {}, "user"),
            }[call]()
        assert {"user": 1} == store.get("a")


@pytest.mark.parametrize("limit", [0, -1, 1.5, None, "1", True])
def test_a_limit_is_a_whole_number(limit):
    """Anything else would look like the end, or like no limit."""
    with SQLiteStore() as store:
        for call in (store.sweep, lambda limit: store.scan(limit=limit)):
            with pytest.raises(ValueError, match="limit"):
                call(limit)


def test_nothing_pickles():
    """No module imports what runs code out of data, nor `eval`s anything (threat 7)."""
    risky = {"pickle", "cPickle", "dill", "shelve", "cloudpickle", "jsonpickle"}
    found = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [(node.module or "").split(".")[0]]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = [name for name in ("eval", "exec") if name == node.func.id]
            elif isinstance(node, ast.Attribute) and ast.unparse(node) == "marshal.loads":
                names = ["marshal.loads"]
            found += [(path.name, name) for name in names if name in {*risky, "eval", "exec"}]
            found += [(path.name, name) for name in names if name == "marshal.loads"]
    assert [] == found


def test_the_version_is_the_projects():
    """`__version__` is what the package index will show."""
    assert f'version = "{connect_sqlite.__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_importing_it_is_silent():
    """An import prints nothing, warns of nothing and starts no thread."""
    code = "import connect_sqlite, threading; assert threading.active_count() == 1"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    )
    assert ("", "") == (done.stdout, done.stderr)
