"""The demo as a program: how it starts, what it says, how it ends."""

import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from visitor import COOKIE, PATIENCE, ROOT

from demo.__main__ import listen


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_a_restart_signs_nobody_out(start, visitor):
    """After a restart the visitor is still signed in, with the note."""
    first = start()
    browser = visitor(first).sign_in("patient")
    browser.press("Add note", text="still here")
    first.stop()
    browser.visit(start())
    assert "Hello patient" in browser.text
    assert "still here" in browser.text


def test_two_servers_share_a_folder(start, visitor):
    """Who signs in at one of two servers on the same folder is signed in at the other."""
    first, second = start(), start()
    browser = visitor(first).sign_in("both")
    browser.visit(second)
    assert "Hello both" in browser.text


def test_another_folder_knows_nobody(start, visitor, tmp_path):
    """A server with another folder has another secret: the cookie is worth nothing there."""
    browser = visitor(start()).sign_in("stranger")
    browser.visit(start(tmp_path / "another"))
    assert "Hello" not in browser.text


def test_a_taken_port(start, visitor):
    """When the port is taken the demo takes the next free one, says so, and works there."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = holder.getsockname()[1]
        server = start(port=taken)
    assert server.port > taken
    assert f"Port {taken} is taken, so this is {server.port}." in server.said
    assert "Sign in" in visitor(server).text


def test_answers_are_sent_at_once():
    """No answer is held back until the browser has acknowledged the part before (40 ms each)."""
    with listen(0) as listener:
        assert socket.IPPROTO_TCP == listener.proto  # asyncio's condition for TCP_NODELAY


def test_it_says_where(start, tmp_path):
    """It prints the address and the file it writes, and Ctrl-C ends it with a friendly line."""
    server = start(tmp_path / "made" / "for it")
    database = tmp_path / "made" / "for it" / "sessions.db"
    assert str(database) in server.said
    assert database.is_file()
    assert 0 == server.stop()
    assert server.said.rstrip().endswith(f"Stopped.  The sessions wait in {database}.")
    assert "Traceback" not in server.said


def test_its_files_are_private(start, visitor, tmp_path):
    """Only the owner can read the folder, the secret and the sessions; the secret is not shown."""
    data = tmp_path / "data"
    server = start(data)
    browser = visitor(server).sign_in("private")
    secret = (data / "secret").read_text()
    assert "0o700" == mode(data)
    assert {"0o600"} == {mode(path) for path in data.iterdir()}
    assert {"secret", "sessions.db"} <= {path.name for path in data.iterdir()}
    assert len(secret) >= 32
    assert secret not in server.said + "".join(browser.shown)


def test_the_cookie_is_for_the_browser_alone(start, visitor):
    """The cookie is hidden from scripts and not sent along with other sites' forms."""
    browser = visitor(start())
    response = browser.press("Mira Okafor")
    (cookie,) = response.history[0].headers.get_list("set-cookie")
    assert re.match(f"{COOKIE}=s%3A[^;]+; Path=/; HttpOnly; SameSite=Lax$", cookie)


@pytest.mark.parametrize(
    ("name", "content", "port"),
    [
        ("sessions.db", "certainly not a database, nor ever one" * 40, "0"),
        ("secret", "", "0"),
        ("port", "", "99999"),
    ],
)
def test_what_cannot_be_served_is_said(tmp_path, name, content, port):
    """What makes it impossible to start is named in one line, and the program ends."""
    (tmp_path / name).write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--port", port, "--data", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert name in done.stderr.splitlines()[-1]
