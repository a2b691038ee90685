"""In the child process: settings for Django's `runtests.py`, whose sessions are then ours."""

import os

CONNECT_SQLITE = {"location": os.environ["SESSIONS"]}
DATABASES = {
    name: {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    for name in ("default", "other")
}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SECRET_KEY = "a secret key for tests alone"
SESSION_ENGINE = "connect_sqlite.django"
USE_TZ = False
