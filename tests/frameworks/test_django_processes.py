"""Django: the stores across a fork, and at the end of a process."""

import json
import subprocess
import sys

PROGRAM = """
import asyncio
import json
import os
import sys

from django.conf import settings

settings.configure(
    CONNECT_SQLITE={"location": sys.argv[1]},
    SECRET_KEY="a secret key for tests alone",
    SESSION_ENGINE="connect_sqlite.django",
)

import django

django.setup()

from connect_sqlite.django import SessionStore


async def add(key, name):
    session = SessionStore(key)
    await session.aset(name, True)
    await session.asave()


session = SessionStore()
session["parent"] = True
session.save()
key = session.session_key
asyncio.run(add(key, "parent_awaited"))

child = os.fork()
mine = "child" if child == 0 else "parent_later"
session = SessionStore(key)
session[mine] = True
session.save()
asyncio.run(add(key, mine + "_awaited"))
if child:
    _, status = os.waitpid(child, 0)
    print(json.dumps([status, sorted(SessionStore(key).keys())]))
"""


def test_stores_are_carried_across_a_fork_and_closed_at_the_end(tmp_path):
    """What was opened before a fork serves parent and child, sync and async; when both have ended,
    nobody having closed anything, the file is whole and alone."""
    file = tmp_path / "sessions.db"
    command = [sys.executable, "-c", PROGRAM, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (0, "") == (done.returncode, done.stderr)
    status, keys = json.loads(done.stdout)
    assert 0 == status
    everybody = ["parent", "parent_awaited", "child", "child_awaited"]
    assert sorted([*everybody, "parent_later", "parent_later_awaited"]) == keys
    assert [file] == list(tmp_path.iterdir())
