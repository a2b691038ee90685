"""The page about Django says what is true."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

from connect_sqlite import SQLiteStore

from .pages import DOCS, blocks

CHECKS = Path(inspect.getfile(SQLiteStore)).parents[1] / "django"

BEFORE = """
from pathlib import Path

BASE_DIR = Path(__file__).parent
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "urls"
SECRET_KEY = "a secret key for tests alone"
USE_TZ = True
"""

URLS = """
from django.http import JsonResponse
from django.urls import path

from views import sessions, sign_out_elsewhere


def count(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"visits": request.session["visits"]})


urlpatterns = [path("", count), path("mine", sessions), path("others", sign_out_elsewhere)]
"""

PROGRAM = """
import json
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

call_command("check", "--fail-level", "WARNING")
call_command("migrate", verbosity=0)
browser = Client()
seen = [browser.get("/", secure=True).json() for _ in range(2)]
if {indexed}:
    mira = User.objects.create_user("mira")
    browsers = [Client() for _ in range(3)]
    for each in browsers:
        each.force_login(mira)
    seen = [len(browsers[0].get("/mine").json()), browsers[0].get("/others").json()]
    seen.append([each.get("/mine").status_code for each in browsers])
print(json.dumps(seen))
"""


def visit(folder, *settings, indexed):
    """What a project says that has these blocks of the page as its settings."""
    _, _, views = blocks("django")
    (folder / "settings.py").write_text(BEFORE + "\n".join(settings))
    (folder / "views.py").write_text(views)
    (folder / "urls.py").write_text(URLS)
    (folder / "program.py").write_text(PROGRAM.replace("{indexed}", str(indexed)))
    command = [sys.executable, "-W", "error", "program.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_lines_to_paste_are_enough(tmp_path):
    """With the page's first block a project has sessions that are kept, and no check complains."""
    first, _, _ = blocks("django")
    assert [{"visits": 1}, {"visits": 2}] == visit(tmp_path, first, indexed=False)
    assert (tmp_path / "sessions.db").exists()


def test_the_views_of_a_users_sessions_work(tmp_path):
    """The page's views list a user's sessions and end all but the one at hand."""
    first, second, _ = blocks("django")
    assert [3, {"ended": 2}, [200, 302, 302]] == visit(tmp_path, first, second, indexed=True)


def test_every_check_is_listed():
    """The page lists the checks that there are, and no others."""
    code = "".join(path.read_text() for path in CHECKS.glob("*.py"))
    there = set(re.findall(r"\b[EW]\d{3}\b", code))
    listed = re.findall(r"^\| `connect_sqlite\.([EW]\d{3})`", page(), re.MULTILINE)
    assert sorted(there) == listed


def test_every_option_is_listed():
    """Each option of the store that Django leaves open has its line in the table."""
    options = set(inspect.signature(SQLiteStore).parameters)
    listed = re.findall(r"^\| (`[a-z_`, ]+`) \|", page(), re.MULTILINE)
    named = {name for cell in listed for name in re.findall(r"[a-z_]+", cell)}
    assert options - {"ttl", "serializer", "location"} <= named


def page():
    return (DOCS / "django.md").read_text()
