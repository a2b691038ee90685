"""A Django project with our sessions, whose views are given by each test."""

import atexit
import inspect
import shutil
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import django
import orjson
from django.conf import settings

from connect_sqlite.testing.clock import Clock

if not settings.configured:
    FOLDER = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "db"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "connect_sqlite.django",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="a secret key for tests alone",
        SESSION_ENGINE="connect_sqlite.django",
        STATIC_URL="/static/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        USE_TZ=True,
    )
    django.setup()

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import path

from connect_sqlite.django import SessionStore, store

__all__ = ["BASIC", "Project", "User", "handlers", "show"]

handlers = {}
"""The views of the test that runs, by their path: they take the request and return data."""


def _answer(result):
    return (
        result
        if isinstance(result, HttpResponse)
        else JsonResponse({} if result is None else result, safe=False)
    )


def view(request, name):
    """One that blocks."""
    return _answer(handlers[name](request))


async def awaited(request, name):
    """One that is awaited."""
    result = handlers[name](request)
    return _answer(await result if inspect.isawaitable(result) else result)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("async/<name>", awaited),
    path("<name>", view),
]


def show(request):
    return dict(request.session.items())


def idle(request):
    return {}


def count(request):
    request.session["n"] = request.session.get("n", 0) + 1
    return show(request)


def flush(request):
    request.session.flush()


BASIC = {"show": show, "idle": idle, "count": count, "out": flush}
"""What most tests visit."""


class Project:
    """The file of the sessions, its rows, and browsers."""

    def __init__(self, file):
        self.file = file
        # The cookie's age is Django's to tell, who has a clock of its own.
        self.clock = Clock(float(int(time.time())))

    def settings(self, **options):
        """For `CONNECT_SQLITE`."""
        return {"location": self.file, "clock": self.clock, **options}

    def browser(self, key=None, kind=Client):
        client = kind()
        if key is not None:
            client.cookies["sessionid"] = key
        return client

    def twin(self, client):
        """Another browser with the same cookie."""
        return self.browser(self.key(client))

    @staticmethod
    def key(client):
        cookie = client.cookies.get("sessionid")
        return cookie.value if cookie and cookie.value else None

    @property
    def rows(self):
        """What is in the file, by key: the text and the end, in seconds from now."""
        store()  # so that there is a file
        with closing(apsw.Connection(str(self.file), apsw.SQLITE_OPEN_READONLY)) as db:
            found = db.execute("SELECT sid, sess, expired FROM sessions").fetchall()
        return {
            sid.removeprefix("sess:"): (orjson.loads(text), round(ends / 1000 - self.clock.now))
            for sid, text, ends in found
        }

    def row(self, client):
        return self.rows[self.key(client)]

    def calls(self):
        """How often the store was asked for something, but for this."""
        calls = store().stats()["operations"]
        return sum(count for name, count in calls.items() if name != "stats")

    def make(self, **data):
        """A session that was saved before; its key."""
        session = SessionStore()
        session.update(data)
        session.create()
        return session.session_key

    def write(self, key, content):
        """Put another text into a row, as somebody might who can write the file."""
        with closing(apsw.Connection(str(self.file))) as db:
            text = orjson.dumps(content).decode()
            db.execute("UPDATE sessions SET sess = ? WHERE sid = ?", (text, f"sess:{key}"))

    @contextmanager
    def writing(self):
        """Another program that has begun to write, and does not come to an end."""
        store()
        with closing(apsw.Connection(str(self.file))) as db:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("ROLLBACK")
