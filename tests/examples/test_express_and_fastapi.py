"""Express and FastAPI on one session file: what is done at either holds at the other at once."""

import re
import signal
import socket
import stat
import subprocess
import sys

import httpx
import pytest
from pair import EXAMPLE, ROOT, SlowCount
from processes import PATIENCE, is_listening

from needs import node_dir

NOBODY = "Nobody is signed in."
BOTH_WAYS = pytest.mark.parametrize(
    ("here", "there"), [("Express", "FastAPI"), ("FastAPI", "Express")]
)


@BOTH_WAYS
def test_who_signs_in_at_one_is_signed_in_at_the_other(visitor, here, there):
    """Both show the same person, and by which app the sign-in was."""
    browser = visitor().sign_in(here)
    assert f"Mira is signed in, by {here}." == browser.see(here) == browser.see(there)
    assert browser.handle(here) == browser.handle(there)


@BOTH_WAYS
def test_nobody_else_is_signed_in(visitor, here, there):
    """Without the cookie, or with one that was tampered with, both apps know nobody."""
    browser, stranger = visitor().sign_in(here), visitor()
    assert NOBODY == stranger.see(here) == stranger.see(there)
    thief = browser.copy()
    thief.client.cookies.clear()
    thief.client.headers["Cookie"] = f"express-and-fastapi={browser.cookie[:-1]}!"
    assert NOBODY == thief.see(here) == thief.see(there)
    thief.client.close()


@BOTH_WAYS
def test_the_counter_is_one(visitor, here, there):
    """Counts at both apps go to one counter, also before anybody is signed in, and come along."""
    browser = visitor()
    for name, step in ((here, "1"), (there, "10"), (there, "1"), (here, "10")):
        browser.send(name, "count", step=step)
    assert 22 == browser.count(here) == browser.count(there)
    browser.sign_in(there)
    browser.send(here, "count")
    assert 23 == browser.count(here) == browser.count(there)


@BOTH_WAYS
def test_the_id_changes_at_sign_in(visitor, here, there):
    """A cookie from before the sign-in opens the signed-in session at neither app."""
    browser = visitor()
    browser.send(here, "count")
    planted = browser.copy()
    browser.sign_in(there)
    assert browser.sid not in ("", planted.sid)
    assert NOBODY == planted.see(here) == planted.see(there)
    assert 0 == planted.count(here) == planted.count(there)
    planted.client.close()


@BOTH_WAYS
def test_rotation_at_one_is_seen_by_the_other(visitor, here, there):
    """The new cookie opens the same session at both apps, and the old one opens nothing."""
    browser = visitor().sign_in(here)
    browser.send(here, "count", step="10")
    old, before = browser.copy(), browser.handle(there)
    browser.send(there, "rotate")
    assert before != browser.handle(here) == browser.handle(there)
    assert f"Mira is signed in, by {here}." == browser.see(here) == browser.see(there)
    assert 10 == browser.count(here) == browser.count(there)
    assert NOBODY == old.see(here) == old.see(there)
    old.client.close()


@BOTH_WAYS
def test_sign_out_at_one_is_seen_by_the_other(visitor, here, there):
    """After it neither app knows the visitor, the cookie is gone, and a copy of it is worthless."""
    browser = visitor().sign_in(here)
    copy = browser.copy()
    browser.send(there, "sign-out")
    assert browser.cookie is None
    assert NOBODY == browser.see(here) == browser.see(there)
    assert NOBODY == copy.see(here) == copy.see(there)
    copy.client.close()


def test_a_slow_request_at_fastapi_revives_no_sign_out_at_express(pair, visitor):
    """A change that was under way when the visitor signed out next door brings nothing back."""
    browser = visitor().sign_in("Express")
    copy = browser.copy()
    SlowCount(pair.urls["FastAPI"], browser.cookie).finish()
    assert 1 == browser.count("Express")
    slow = SlowCount(pair.urls["FastAPI"], browser.cookie)
    browser.send("Express", "sign-out")
    answer = slow.finish()
    assert answer.startswith(b"HTTP/1.1 303 ")
    assert b"set-cookie" not in answer.lower()
    assert NOBODY == copy.see("Express") == copy.see("FastAPI")
    assert 0 == copy.count("Express") == copy.count("FastAPI")
    copy.client.close()


@pytest.mark.parametrize("name", ["Express", "FastAPI"])
def test_a_restart_signs_nobody_out(own_pair, visitor, name):
    """Whichever app is restarted, both still know the visitor."""
    browser = visitor(own_pair).sign_in("Express").sign_in("FastAPI", "Jonas")
    browser.send(name, "count")
    own_pair.restart(name)
    assert "Jonas is signed in, by FastAPI." == browser.see("Express") == browser.see("FastAPI")
    assert 1 == browser.count("Express") == browser.count("FastAPI")


@pytest.mark.parametrize("name", ["Express", "FastAPI"])
def test_one_app_serves_on_while_the_other_is_away(own_pair, visitor, name):
    """Neither app needs the other, which finds what was done meanwhile when it is back."""
    (other,) = {*own_pair.urls} - {name}
    own_pair.stop(other)
    browser = visitor(own_pair).sign_in(name)
    own_pair.start(other)
    assert f"Mira is signed in, by {name}." == browser.see(other)


@pytest.mark.parametrize("name", ["Express", "FastAPI"])
def test_names_are_text(visitor, name):
    """What people type is shown as they typed it, and never becomes part of the page."""
    browser = visitor().sign_in(name, '<b>"O\'Neil" & Co')
    for page in map(browser.page, browser.urls):
        assert "<b>" not in page
        assert "&lt;b&gt;" in page or "&#60;b&#62;" in page


@pytest.mark.parametrize("name", ["Express", "FastAPI"])
@pytest.mark.parametrize("person", ["", "  ", "x" * 41])
def test_a_wrong_name_is_refused(visitor, name, person):
    """No name, or too long a one, signs nobody in."""
    browser = visitor()
    answer = browser.client.post(browser.urls[name] + "sign-in", data={"name": person})
    assert 400 == answer.status_code
    assert NOBODY == browser.see(name)


@BOTH_WAYS
def test_everything_works_without_javascript(visitor, here, there):
    """The pages are forms and a link to the other app, without any script."""
    browser = visitor()
    pages = [browser.page(here), browser.sign_in(here).page(here)]
    actions = set(re.findall('action="/([a-z-]+)"', "".join(pages)))
    assert {"sign-in", "count", "rotate", "sign-out"} == actions
    for page in pages:
        assert f"This is {here}" in page
        assert f'href="{browser.urls[there]}"' in page
        assert not re.search(r"<script|\son\w+=|javascript:|\$\w", page)
    assert 200 == browser.client.get(browser.urls[here] + "style.css").status_code


@pytest.mark.parametrize("name", ["Express", "FastAPI"])
def test_who_only_looks_gets_no_cookie(visitor, name):
    """Looking around makes no session, nor does rotating or signing out without one."""
    browser = visitor()
    browser.see(name)
    browser.send(name, "rotate")
    browser.send(name, "sign-out")
    assert browser.cookie is None


def test_one_command_starts_both(tmp_path):
    """It says where both are, takes other ports if they are taken, and Ctrl-C ends both."""
    node_dir()
    command = [sys.executable, str(EXAMPLE), "--data", str(tmp_path / "data")]
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = str(holder.getsockname()[1])
        example = subprocess.Popen(
            [*command, "--express-port", taken, "--fastapi-port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        said = ""
        try:
            while "Ctrl-C" not in said:
                line = example.stdout.readline()
                assert line, f"the example ended:\n{said}"
                said += line
            urls = re.findall(r"(\w+): +http://127\.0\.0\.1:(\d+)/", said)
            ports = {name: int(port) for name, port in urls}
            pages = {n: httpx.get(f"http://127.0.0.1:{p}/", trust_env=False) for n, p in urls}
        finally:
            example.send_signal(signal.SIGINT)
            try:
                code = example.wait(PATIENCE)
            finally:
                example.kill()
    said += example.stdout.read()
    example.stdout.close()
    assert f"Port {taken} is taken, so this is {ports['Express']}." in said
    assert {"Express", "FastAPI"} == set(ports)
    assert [f"This is {name}" in page.text for name, page in pages.items()] == [True, True]
    assert 0 == code
    assert said.rstrip().endswith(f"Stopped.  The sessions wait in {tmp_path / 'data'}.")
    assert [False, False] == [is_listening(port) for port in ports.values()]
    modes = {stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "data").iterdir()}
    assert {0o600} == modes
