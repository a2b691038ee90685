"""Django's system checks: what each says, by its id, and that what is right is left alone."""

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

from connect_sqlite.django import store

from .django_site import FOLDER


class Unpickling:
    """A serializer that reads pickles."""

    def dumps(self, data):
        raise NotImplementedError

    def loads(self, data):
        import pickle

        return pickle.loads(data)


def said(*, deploy=False, **settings):
    """The ids of ours that are said with these settings, and the hints."""
    with override_settings(**settings):
        found = run_checks(include_deployment_checks=deploy)
    assert all(each.hint and each.msg for each in found if each.id.startswith("connect_sqlite"))
    return {each.id.removeprefix("connect_sqlite."): each for each in found if "connect" in each.id}


@pytest.fixture
def at(django_project):
    """`CONNECT_SQLITE` of a project that is in order."""
    return {"location": django_project.file}


def test_a_project_in_order_hears_nothing(at):
    """With every setting as it should be no check has anything to say, nor before a deployment."""
    assert {} == said(CONNECT_SQLITE=at)
    options = {"indexes": ["_auth_user_id"], "durability": "full", "busy_timeout": 2.5}
    assert {} == said(CONNECT_SQLITE={**at, **options}, SESSION_COOKIE_SECURE=True, deploy=True)


@pytest.mark.parametrize("setting", [None, "sessions.db", ["sessions.db"]])
def test_e001_nothing_says_where(django_project, setting):
    """E001: CONNECT_SQLITE is missing, or is no dict."""
    assert {"E001"} == set(said(CONNECT_SQLITE=setting))


@pytest.mark.parametrize("location", [None, 5, "", ":memory:", "sqlite::memory:", "sqlite:"])
def test_e002_no_file(django_project, location):
    """E002: there is no location, or it names no file."""
    assert {"E002"} == set(said(CONNECT_SQLITE={"location": location}))


def test_e003_an_option_that_there_is_not(at):
    """E003: an option that no store has is named, with the one that was probably meant."""
    found = said(CONNECT_SQLITE={**at, "tabel": "sessions"})
    assert "'tabel'" in found["E003"].msg
    assert "'table'" in found["E003"].hint
    assert "busy_timeout" in said(CONNECT_SQLITE={**at, "x": 1})["E003"].hint
    assert "SESSION_SERIALIZER" in said(CONNECT_SQLITE={**at, "serializer": None})["E003"].hint


@pytest.mark.parametrize(
    "option",
    [{"durability": "sometimes"}, {"indexes": "user.id"}, {"table": "a b"}, {"busy_timeout": "5"}],
)
def test_e004_an_option_that_cannot_be(at, option):
    """E004: an option with a value that could not work is named."""
    (name,) = option
    assert name.rstrip("es") in said(CONNECT_SQLITE={**at, **option})["E004"].msg


def test_e005_the_file_of_the_database(django_project):
    """E005: the file is that of a database of Django's, whose SQLite is another one."""
    assert {"E005"} == set(said(CONNECT_SQLITE={"location": FOLDER / "x" / ".." / "db"}))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("MEDIA_ROOT", str),
        ("STATIC_ROOT", lambda folder: folder),
        ("STATICFILES_DIRS", lambda folder: [folder]),
        ("STATICFILES_DIRS", lambda folder: [("prefix", str(folder))]),
    ],
)
def test_e006_a_file_for_everybody_to_download(at, django_project, setting, value):
    """E006: the file lies in a folder that the web server serves."""
    served = value(django_project.file.parent)
    assert {"E006"} == set(said(CONNECT_SQLITE=at, **{setting: served}))


def test_e007_a_cookie_that_browsers_refuse(at):
    """E007: SameSite=None needs Secure."""
    assert {"E007"} == set(said(CONNECT_SQLITE=at, SESSION_COOKIE_SAMESITE="None"))
    for same_site in ("Lax", "Strict", False, None):
        assert {} == said(CONNECT_SQLITE=at, SESSION_COOKIE_SAMESITE=same_site)


@pytest.mark.parametrize(
    "path", ["nowhere.at.all", "os.path.join", "datetime.UTC", "builtins.dict"]
)
def test_e008_a_serializer_that_is_none(at, path):
    """E008: SESSION_SERIALIZER names nothing, or something that is no serializer."""
    assert {"E008"} == set(said(CONNECT_SQLITE=at, SESSION_SERIALIZER=path))


def test_w001_another_engine(at):
    """W001: the app is installed, and sessions are kept by another engine all the same."""
    engine = "django.contrib.sessions.backends.db"
    assert {"W001"} == set(said(CONNECT_SQLITE=at, SESSION_ENGINE=engine))
    assert {"W001"} == set(said(CONNECT_SQLITE=at, SESSION_ENGINE="nowhere"))


def test_w002_a_path_without_a_folder(django_project):
    """W002: which file a relative path names depends on where a program is started."""
    for location in ("sessions.db", "sqlite:sessions.db", "./data/sessions.db"):
        assert {"W002"} == set(said(CONNECT_SQLITE={"location": location}))


def test_w003_no_middleware(at):
    """W003: without SessionMiddleware no request has a session."""
    assert {"W003"} == set(said(CONNECT_SQLITE=at, MIDDLEWARE=[])) - {"E408", "E409", "E410"}


def test_w004_a_lifetime_that_says_nothing(at):
    """W004: `ttl` beside SESSION_COOKIE_AGE, which decides."""
    assert {"W004"} == set(said(CONNECT_SQLITE={**at, "ttl": 60}))
    assert {} == said(CONNECT_SQLITE={**at, "ttl": 60}, SESSION_COOKIE_AGE=60)


def test_w005_a_cookie_for_everybody_on_the_way(at):
    """W005: without SESSION_COOKIE_SECURE, before a deployment only."""
    assert {"W005"} == set(said(CONNECT_SQLITE=at, deploy=True))
    assert {} == said(CONNECT_SQLITE=at)


def test_w006_a_cookie_for_scripts(at):
    """W006: SESSION_COOKIE_HTTPONLY is off."""
    assert {"W006"} == set(said(CONNECT_SQLITE=at, SESSION_COOKIE_HTTPONLY=False))


def test_w007_a_serializer_that_unpickles(at):
    """W007: SESSION_SERIALIZER reads pickles, whatever it is called."""
    path = f"{__name__}.Unpickling"
    assert {"W007"} == set(said(CONNECT_SQLITE=at, SESSION_SERIALIZER=path))


def test_manage_check_says_it(at):
    """`manage.py check` prints id and hint, and fails for an error."""
    with (
        override_settings(CONNECT_SQLITE={"location": ""}),
        pytest.raises(SystemCheckError, match=r"(?s)connect_sqlite.E002.*HINT: .*sessions.db"),
    ):
        call_command("check")


@pytest.mark.parametrize("setting", [None, {}, {"location": ":memory:"}, {"locaton": "x"}])
def test_a_session_says_the_same(django_project, setting):
    """Where nobody asked for the checks, the first session says what is wrong, and the hint."""
    with (
        override_settings(CONNECT_SQLITE=setting),
        pytest.raises(ImproperlyConfigured, match=r"CONNECT_SQLITE.*sessions\.db"),
    ):
        store()
