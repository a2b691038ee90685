"""A Django project with sessions in its `django_session` table.

`python django_project.py make` fills the table, and prints as JSON what browsers would have in
their cookies; `visit` and such a key prints what a view finds in that session.  As a settings
module it is what the command is told with `--settings`.
"""

import json
import os
import pickle
import sys

FOLDER = os.environ["PROJECT"]
SECRET_KEY = os.environ.get("PROJECT_KEY", "the project's secret key, which is long enough")
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER}/db.sqlite3"}}
INSTALLED_APPS = ["django.contrib.sessions"]
SESSION_ENGINE = os.environ.get("PROJECT_ENGINE", "django.contrib.sessions.backends.db")
SESSION_COOKIE_AGE = 3600
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
ROOT_URLCONF = "django_urls"
ALLOWED_HOSTS = ["*"]
USE_TZ = os.environ.get("PROJECT_TZ", "1") == "1"
TIME_ZONE = "Asia/Kathmandu"
if os.environ.get("PROJECT_TARGET"):
    CONNECT_SQLITE = {"location": os.environ["PROJECT_TARGET"], "table": "visitors"}


class Pickling:
    """As Django's own serializer was, until it was taken out."""

    def dumps(self, data):
        return pickle.dumps(data)

    def loads(self, content):
        raise AssertionError("nobody unpickles")


def make():
    """One session of each kind."""
    import django

    django.setup()
    from django.core import signing
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    keys = {}

    def save(name, data, expiry=None):
        session = SessionStore()
        session.update(data)
        if expiry is not None:
            session.set_expiry(expiry)
        session.save()
        keys[name] = session.session_key

    def plant(name, text):
        save(name, {"a": 1})
        Session.objects.filter(session_key=keys[name]).update(session_data=text)

    save("mira", {"_auth_user_id": "7", "cart": [["tea", 2]], "ü": "ß"})
    save("short", {"a": 1}, 300)
    save("large", {"text": "x" * 10_000})
    save("ended", {"a": 1})
    past = timezone.now() - timezone.timedelta(days=1)
    Session.objects.filter(session_key=keys["ended"]).update(expire_date=past)
    salt = "django.contrib.sessions.SessionStore"
    plant("pickled", signing.dumps({"a": "secret words"}, salt=salt, serializer=Pickling))
    plant("foreign", signing.dumps({"a": 1}, key="another key", salt=salt))
    plant("list", signing.dumps([1], salt=salt))
    save("reserved", {"cookie": "secret words"})
    save("empty", {})
    print(json.dumps(keys))


def visit(key):
    """What a view finds for a browser that has this key in its cookie."""
    import django

    django.setup()
    from django.test import Client

    browser = Client()
    browser.cookies["sessionid"] = key
    print(browser.get("/").content.decode())


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "django_project"
    make() if sys.argv[1] == "make" else visit(sys.argv[2])
