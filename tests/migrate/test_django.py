"""From Django's own table, by a real project, to the sessions that our engine reads."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connect_sqlite import SQLiteStore

HERE = Path(__file__).parent


class Project:
    """The project in a folder, and the programs that are run in it."""

    def __init__(self, folder, **env):
        self.env = {**os.environ, "PROJECT": str(folder), **env}
        source = os.pathsep.join(path for path in sys.path if path.endswith("src"))
        self.env["PYTHONPATH"] = os.pathsep.join([source, str(HERE)])
        self.target = folder / "sessions.db"
        self.keys = json.loads(self.run("django_project.py", "make").stdout)

    def run(self, *arguments, **env):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=HERE,
            env=self.env | env,
            capture_output=True,
            text=True,
            check=False,
        )

    def migrate(self, *arguments, **env):
        command = ("-m", "connect_sqlite.migrate", "django", "--settings", "django_project")
        return self.run(*command, "--to", str(self.target), *arguments, **env)

    def rows(self, **options):
        with SQLiteStore(self.target, **options) as store:
            return {row.id: row for row in store.all()}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A project whose table nobody changes, so that it serves several tests."""
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(filled, tmp_path):
    filled.target = tmp_path / "sessions.db"
    return filled


def test_sessions_are_carried_over_under_their_keys(project):
    """Data and key stay, so that the cookie in the browser is good; so does each one's end."""
    done = project.migrate()
    rows, keys = project.rows(), project.keys
    assert {keys[name] for name in ("mira", "short", "large")} == set(rows)
    mira = dict(rows[keys["mira"]])
    del mira["cookie"]
    assert {"_auth_user_id": "7", "cart": [["tea", 2]], "ü": "ß"} == mira
    assert 300 == rows[keys["short"]]["_session_expiry"]
    assert 10_000 == len(rows[keys["large"]]["text"])
    for name, seconds in (("mira", 3600), ("short", 300)):
        left = rows[keys[name]].expires - datetime.now(UTC)
        assert timedelta(seconds=seconds - 60) < left <= timedelta(seconds=seconds)
    assert 1 == done.returncode


def test_the_browsers_cookie_stays_good(project):
    """With our engine in the settings, a view finds the same session by the same cookie."""
    engine = {"PROJECT_ENGINE": "connect_sqlite.django", "PROJECT_TARGET": str(project.target)}
    command = ("-m", "connect_sqlite.migrate", "django", "--settings", "django_project")
    project.run(*command, **engine)
    for name, expected in (
        ("mira", {"_auth_user_id": "7", "cart": [["tea", 2]], "ü": "ß"}),
        ("pickled", {}),
        ("ended", {}),
    ):
        done = project.run("django_project.py", "visit", project.keys[name], **engine)
        assert expected == json.loads(done.stdout), done.stderr


def test_the_summary_counts_each_reason_and_tells_nothing(project):
    """Carried, expired, and refused by kind; neither a key nor data is in it."""
    done = project.migrate()
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert [
        "3 carried over",
        "1 had expired",
        "0 there already, or carried over before: left as they are",
        "5 refused",
    ] == lines[:4]
    assert {
        "1 pickled: it is never unpickled",
        "1 not signed with this SECRET_KEY, nor with one of SECRET_KEY_FALLBACKS",
        "1 is not a dict",
        "1 has a key cookie, which is kept for the session's own settings",
        "1 is empty",
    } == set(lines[4:])
    assert "" == done.stderr
    told = done.stdout + done.stderr
    assert not [key for key in project.keys.values() if key in told]
    assert "secret words" not in told


def test_another_secret_key_reads_nothing(project):
    """Data whose signature does not hold are refused, all of them, and none is written."""
    done = project.migrate(PROJECT_KEY="quite another secret key of another project")
    assert "8  not signed with this SECRET_KEY" in done.stdout
    assert {} == project.rows()


def test_a_key_from_before_is_accepted(project):
    """SECRET_KEY_FALLBACKS count, as they do in Django."""
    settings = project.target.parent / "rotated.py"
    settings.write_text(
        "from django_project import *\n"
        "SECRET_KEY_FALLBACKS = [SECRET_KEY]\n"
        "SECRET_KEY = 'the new one, since this morning, and long enough'\n"
    )
    path = os.pathsep.join([project.env["PYTHONPATH"], str(settings.parent)])
    project.migrate("--settings", "rotated", PYTHONPATH=path)
    assert 3 == len(project.rows())


def test_the_engines_own_settings_say_where_to(project):
    """With CONNECT_SQLITE in the settings, its file and table are the target."""
    elsewhere = project.target.parent / "elsewhere.db"
    command = ("-m", "connect_sqlite.migrate", "django", "--settings", "django_project")
    project.run(*command, PROJECT_TARGET=str(elsewhere))
    project.target = elsewhere
    assert 3 == len(project.rows(table="visitors"))


def test_local_times_are_understood(tmp_path):
    """Without USE_TZ the table has the zone's own times, and sessions end when they should."""
    project = Project(tmp_path, PROJECT_TZ="0")
    project.migrate()
    left = project.rows()[project.keys["mira"]].expires - datetime.now(UTC)
    assert timedelta(minutes=50) < left <= timedelta(hours=1)


def test_what_cannot_be_begun_is_said(project):
    """Settings that are not there, the project's own database as target: exit code 2."""
    database = str(Path(project.env["PROJECT"]) / "db.sqlite3")
    for arguments, words in (
        (("--settings", "nowhere"), "settings cannot be used"),
        (("--database", "other"), "DATABASES has no 'other'"),
        (("--to", database), "give the sessions a file of their own"),
    ):
        done = project.migrate(*arguments)
        assert (2, "") == (done.returncode, done.stdout)
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_a_date_that_is_none_keeps_no_other_session_behind(project):
    """Its row is refused alone; what Django gives up at is said.  What stands there is not."""
    database = Path(project.env["PROJECT"]) / "db.sqlite3"

    def spoil(value):
        key = project.keys["short"]
        with closing(sqlite3.connect(database)) as connection, connection:
            update = "UPDATE django_session SET expire_date = ? WHERE session_key = ?"
            connection.execute(update, (value, key))

    for value, code, words in (
        ("secret words", 1, "1  has an end that is no date"),
        ("2999-13-32 00:00:00", 2, "has a row that Django cannot read"),
    ):
        spoil(value)
        done = project.migrate()
        assert code == done.returncode
        assert words in done.stdout + done.stderr
        assert "secret words" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr.partition("Exception ignored")[0]
    assert {project.keys["mira"], project.keys["large"]} == set(project.rows())
