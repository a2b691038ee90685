"""From Flask-Session, by its own tables and files, to Flask with sessions of ours."""

import pickle
import warnings
from datetime import timedelta

import pytest
from cachelib.file import FileSystemCache
from flask import Flask, session
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy

from connect_sqlite import SQLiteStore
from connect_sqlite.flask import SessionInterface
from connect_sqlite.flask_session import keep_signed_in
from connect_sqlite.migrate.command import main

SECRET = "a secret of the tests, which is long enough"


OPEN = []
"""The old applications' databases."""


def views(app):
    @app.get("/in/<name>")
    def sign_in(name):
        session.permanent = True
        session["user"] = {"name": name}
        session["cart"] = [["tea", 2]]
        return "in"

    @app.get("/")
    def show():
        return {key: value for key, value in session.items() if not key.startswith("_")}

    @app.get("/bytes")
    def odd():
        session["raw"] = b"\x00\xff"
        return "odd"

    @app.get("/raw")
    def raw():
        return session["raw"].hex()

    @app.get("/out")
    def sign_out():
        session.clear()
        return "out"

    return app


def old_app(**config):
    app = Flask("shop")
    app.secret_key = SECRET
    app.config.update(PERMANENT_SESSION_LIFETIME=timedelta(days=7), **config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Flask-Session's own
        Session(app)
    return views(app)


def with_table(tmp_path, **config):
    """Flask-Session on SQLAlchemy, and the arguments that find its table."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    app = Flask("shop")
    app.secret_key = SECRET
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url,
        PERMANENT_SESSION_LIFETIME=timedelta(days=7),
        SESSION_TYPE="sqlalchemy",
        **config,
    )
    app.config["SESSION_SQLALCHEMY"] = database = SQLAlchemy(app)
    OPEN.append((app, database))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        Session(app)
    return views(app), ["flask-session-table", url]


def with_files(tmp_path, **config):
    """Flask-Session on cachelib's files, and the arguments that find its folder."""
    folder = str(tmp_path / "files")
    cache = FileSystemCache(folder)
    app = old_app(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache, **config)
    return app, ["flask-session-files", folder, "--plain-pickles"]


EACH = pytest.mark.parametrize("kind", [with_table, with_files])


@pytest.fixture
def target(tmp_path):
    return tmp_path / "sessions.db"


@pytest.fixture
def new(target):
    """The application as it is afterwards, on the migrated file; made when it is asked for."""
    stores = []

    def make(**config):
        stores.append(SQLiteStore(target))
        app = views(Flask("shop"))
        app.secret_key = SECRET
        app.config.update(PERMANENT_SESSION_LIFETIME=timedelta(days=7), **config)
        app.session_interface = SessionInterface(stores[-1])
        keep_signed_in(app)
        return app

    yield make
    for store in stores:
        store.close()


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        # Flask-Session asks for the time as Python will not tell it for ever.
        warnings.filterwarnings("ignore", "datetime.datetime.utcnow", DeprecationWarning)
        yield
    while OPEN:
        app, database = OPEN.pop()
        with app.app_context():
            database.engine.dispose()


def visitor(app, old=None):
    """A browser; with the cookie of an old one."""
    client = app.test_client()
    if old is not None:
        client.set_cookie("session", old.get_cookie("session").value)
    return client


@EACH
@pytest.mark.parametrize("signed", [False, True])
def test_who_was_signed_in_stays_so(tmp_path, target, new, capsys, kind, signed):
    """The old cookie opens the session that was carried over; the first change replaces it."""
    app, arguments = kind(tmp_path, SESSION_USE_SIGNER=signed)
    old, other = visitor(app), visitor(app)
    old.get("/in/Mira")
    other.get("/in/Jonas")
    assert 0 == main([*arguments, "--to", str(target)])
    app = new(SESSION_USE_SIGNER=signed)
    mira, jonas = visitor(app, old), visitor(app, other)
    expected = {"user": {"name": "Mira"}, "cart": [["tea", 2]]}
    assert expected == mira.get("/").json
    assert "Jonas" == jonas.get("/").json["user"]["name"]
    assert mira.get_cookie("session").value.startswith("s%3A")
    assert expected == mira.get("/").json
    mira.get("/out")
    assert {} == visitor(app, old).get("/").json
    assert "2  carried over" in capsys.readouterr().out


@EACH
def test_a_session_ends_when_it_would_have_ended(tmp_path, target, kind):
    """The end that Flask-Session gave it stays, until the visitor comes back."""
    app, arguments = kind(tmp_path)
    visitor(app).get("/in/Mira")
    main([*arguments, "--to", str(target)])
    with SQLiteStore(target) as store:
        (row,) = store.all()
    with SQLiteStore(":memory:", ttl=7 * 86_400) as other:
        other.create("a", {})
        (now,) = other.all()
    assert abs(row.expires - now.expires) < timedelta(minutes=1)


@EACH
def test_flasks_own_values_come_along(tmp_path, target, new, kind):
    """Bytes, which JSON has not, are bytes afterwards."""
    app, arguments = kind(tmp_path)
    old = visitor(app)
    old.get("/bytes")
    assert 0 == main([*arguments, "--to", str(target)])
    assert "00ff" == visitor(new(), old).get("/raw").text


def test_pickled_files_are_refused_unless_asked_for(tmp_path, target, capsys):
    """cachelib pickles: without `--plain-pickles` each is counted, with how to have it."""
    app, arguments = with_files(tmp_path)
    visitor(app).get("/in/Mira")
    arguments.remove("--plain-pickles")
    assert 1 == main([*arguments, "--to", str(target)])
    told = capsys.readouterr().out
    assert "0  carried over" in told
    assert "1  pickled (--plain-pickles reads" in told


@EACH
def test_each_refusal_is_counted_by_its_reason(tmp_path, target, capsys, kind):
    """Objects, broken rows and reserved keys are refused; the rest is carried; nothing is told."""
    app, arguments = kind(tmp_path)
    good = visitor(app)
    good.get("/in/Mira")
    plant = planting(app)
    plant("objects", pickle.dumps({"a": timedelta(days=1)}))
    plant("broken", b"\xc1")
    plant("reserved", pickle.dumps({"cookie": "secret words"}))
    plant("empty", pickle.dumps({}))
    plant("old", pickle.dumps({"a": 1}), ended=True)
    arguments = [*dict.fromkeys([*arguments, "--plain-pickles"])]
    assert 1 == main([*arguments, "--to", str(target)])
    told = capsys.readouterr()
    for line in (
        "1  carried over",
        "1  had expired",
        "4  refused",
        "1  pickled, with objects in it",
        "1  cannot be read: it is cut off",
        "1  has a key cookie",
        "1  is empty",
    ):
        assert line in told.out
    assert "" == told.err
    assert "secret words" not in told.out
    assert good.get_cookie("session").value not in told.out


def planting(app):
    """A function that puts bytes where the application keeps its sessions."""
    interface = app.session_interface

    def into_table(name, content, *, ended=False):
        from datetime import datetime

        expiry = datetime(2020, 1, 1) if ended else datetime(2999, 1, 1)
        model = interface.sql_session_model
        with app.app_context():
            interface.client.session.add(model(f"session:{name}", content, expiry))
            interface.client.session.commit()

    def into_file(name, content, *, ended=False):
        cache = interface.cache
        cache.set(f"session:{name}", {}, timeout=1_000_000)
        with open(cache._get_filename(f"session:{name}"), "r+b") as file:
            head = file.read(4)
            file.seek(0)
            file.write(b"\x01\0\0\0" if ended else head)
            file.truncate()
            file.write(content)

    return into_file if hasattr(interface, "cache") else into_table


@EACH
def test_a_second_run_changes_nothing(tmp_path, target, new, capsys, kind):
    """Who was signed out meanwhile stays so, and what was changed meanwhile stays changed."""
    app, arguments = kind(tmp_path)
    leaves, stays, late = visitor(app), visitor(app), visitor(app)
    leaves.get("/in/Mira")
    stays.get("/in/Jonas")
    assert 0 == main([*arguments, "--to", str(target)])
    late.get("/in/Aylin")
    migrated = new()
    gone, here = visitor(migrated, leaves), visitor(migrated, stays)
    gone.get("/out")
    here.get("/in/Jonas-2")
    capsys.readouterr()
    assert 0 == main([*arguments, "--to", str(target)])
    told = capsys.readouterr().out
    assert "1  carried over" in told
    assert "2  there already" in told
    assert {} == visitor(migrated, leaves).get("/").json
    assert "Jonas-2" == visitor(migrated, stays).get("/").json["user"]["name"]
    assert "Aylin" == visitor(migrated, late).get("/").json["user"]["name"]
    assert 0 == main([*arguments, "--to", str(target), "--overwrite"])
    assert "Mira" == visitor(migrated, leaves).get("/").json["user"]["name"]


@EACH
def test_a_dry_run_counts_and_writes_nothing(tmp_path, target, capsys, kind):
    """The summary is the one to come; there is no file, or it stays as it was."""
    app, arguments = kind(tmp_path)
    visitor(app).get("/in/Mira")
    assert 0 == main([*arguments, "--to", str(target), "--dry-run"])
    assert "1  would be carried over" in capsys.readouterr().out
    assert [] == [path.name for path in tmp_path.iterdir() if "sessions" in path.name]
    main([*arguments, "--to", str(target)])
    visitor(app).get("/in/Jonas")
    capsys.readouterr()
    main([*arguments, "--to", str(target), "--dry-run"])
    told = capsys.readouterr().out
    assert "1  would be carried over" in told
    assert "1  there already" in told
    with SQLiteStore(target) as store:
        assert 1 == store.length()


def test_a_cookie_that_is_no_old_one_opens_nothing(tmp_path, target, new):
    """Neither an id as the file has it, nor the wrong signature, nor Flask's own cookie."""
    app, arguments = with_table(tmp_path, SESSION_USE_SIGNER=True)
    old = visitor(app)
    old.get("/in/Mira")
    main([*arguments, "--to", str(target)])
    with SQLiteStore(target) as store:
        (sid,) = store.ids()
    value = old.get_cookie("session").value
    plain = value.rpartition(".")[0]
    for signs, cookies in (
        (True, [plain, value + "x", sid, f"s:{sid}.x", "", "a.b.c", "%ff"]),
        (False, [sid, f"s%3A{sid}", "x"]),
    ):
        migrated = new(SESSION_USE_SIGNER=signs)
        for cookie in cookies:
            stranger = visitor(migrated)
            stranger.set_cookie("session", cookie)
            assert {} == stranger.get("/").json
    right = visitor(new(SESSION_USE_SIGNER=True), old)
    assert "Mira" == right.get("/").json["user"]["name"]


def test_what_cannot_be_begun_is_said(tmp_path, target, capsys):
    """A folder or table that is not there, and the target that is the source: exit code 2."""
    app, table = with_table(tmp_path)
    visitor(app).get("/in/Mira")
    source = tmp_path / "old.db"
    for arguments, words in (
        (["flask-session-files", str(tmp_path / "nowhere")], "There is no folder"),
        (["flask-session-table", f"sqlite:///{tmp_path / 'nowhere.db'}"], "There is no file"),
        ([*table, "--table", "others"], "The table others is not one of Flask-Session's"),
        ([*table, "--to", str(source)], "give the sessions a file of their own"),
        (["flask-session-table", "nosuch://x"], "The database cannot be opened"),
    ):
        given = arguments if "--to" in arguments else [*arguments, "--to", str(target)]
        assert 2 == main(given)
        assert words in capsys.readouterr().err
    assert 2 == main(table)
    assert "--to" in capsys.readouterr().err
    assert not target.exists()
