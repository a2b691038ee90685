"""The page for people who come from express-session: its two apps do the same."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pair import ROOT
from processes import HOST, PATIENCE, free_ports, wait_for

from connect_sqlite import SQLiteStore
from connect_sqlite._session.options import CookieOptions
from connect_sqlite.asgi import Session, SessionMiddleware
from needs import node_dir

PAGE = (ROOT / "docs" / "from-express-session.md").read_text()
SECRET = "a secret for tests, 32 bytes or more"
PASSWORD = "correct horse"
MONTH = 30 * 24 * 60 * 60


def code(language: str) -> str:
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


# What the page leaves to the reader, and a page that fills a cart before anybody signs in.
JS = f"""
async function checkPassword(name, word) {{ return word === '{PASSWORD}' ? {{ id: name }} : null }}
{code("js")}
app.post('/cart', (req, res) => {{ req.session.cart = ['tea']; res.json({{}}) }})
app.listen(Number(process.env.PORT), '{HOST}')
"""
PYTHON = f"""
async def check_password(name, word): return {{"id": name}} if word == "{PASSWORD}" else None
{code("python")}
@app.post("/cart")
async def cart(request: Request) -> None: request.session["cart"] = ["tea"]
__import__("uvicorn").run(app, port=int(os.environ["PORT"]), log_level="warning")
"""


@pytest.fixture(params=["js", "python"])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[httpx.Client]:
    """A visitor to the app that the page writes in this language."""
    program, text = ("node", JS) if request.param == "js" else (sys.executable, PYTHON)
    (tmp_path / "app").write_text(text)
    (port,) = free_ports(1)
    own = {"NODE_PATH": str(node_dir() / "node_modules"), "SECRET": SECRET, "PORT": str(port)}
    app = subprocess.Popen([program, "app"], cwd=tmp_path, env={**os.environ, **own})
    try:
        wait_for(app, port)
        url = f"http://{HOST}:{port}"
        with httpx.Client(base_url=url, trust_env=False, follow_redirects=True) as browser:
            yield browser
    finally:
        app.terminate()
        app.wait(PATIENCE)


def sign_in(browser: httpx.Client, **more: str) -> httpx.Response:
    response = browser.post("/login", data={"name": "mira", "password": PASSWORD, **more})
    assert 200 == response.status_code
    return response.history[0]


def test_signing_in(browser):
    """The right password signs in, under a new id, and the cart comes along."""
    browser.post("/cart")
    before = browser.cookies["connect.sid"]
    sign_in(browser)
    assert before != browser.cookies["connect.sid"]
    assert {"id": "mira"} == browser.get("/").json()["user"]
    assert ["tea"] == browser.get("/").json()["cart"]
    browser.cookies.clear()
    browser.headers["Cookie"] = f"connect.sid={before}"
    assert browser.get("/").json()["user"] is None


def test_a_wrong_password(browser):
    """Another password signs nobody in."""
    response = browser.post("/login", data={"name": "mira", "password": "guess"})
    assert 403 == response.status_code
    assert browser.get("/").json()["user"] is None


@pytest.mark.parametrize("remember", [True, False])
def test_remember_me(browser, remember, tmp_path):
    """Who is remembered has a cookie for a month and a session that lives as long; others a day."""
    response = sign_in(browser, **({"remember": "true"} if remember else {}))
    assert remember == ("expires=" in response.headers["set-cookie"].lower())
    with SQLiteStore(tmp_path / "sessions.db") as store:
        (row,) = store.all()
    left = row.expires_ms / 1000 - time.time()
    assert abs(left - (MONTH if remember else 86_400)) < PATIENCE


def test_signing_out(browser):
    """The session is gone from the store, and the cookie from the browser."""
    sign_in(browser)
    cookie = browser.cookies["connect.sid"]
    browser.post("/logout")
    assert "connect.sid" not in browser.cookies
    browser.headers["Cookie"] = f"connect.sid={cookie}"
    assert browser.get("/").json()["user"] is None


def test_a_flash_message(browser):
    """It is shown on the next page, and only there."""
    sign_in(browser)
    assert ["Saved"] == browser.post("/profile").json()["messages"]
    assert [] == browser.get("/").json()["messages"]


def named(table_after: str, column: int) -> set[str]:
    """The names in backquotes in a column of the table that begins with this text."""
    table = PAGE.partition(table_after)[2].partition("\n\n")[0]
    cells = [line.split(" | ")[column] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([a-zA-Z_]+)`", cell)}


def test_every_option_on_the_page_is_one(tmp_path):
    """Each option named for the middleware, the cookie and the store exists."""
    keywords = SessionMiddleware.__init__.__kwdefaults__.keys() | {"store"}
    own = re.search(r"^Not in express-session: (.*?)\.", PAGE, re.DOTALL | re.MULTILINE)[1]
    options = named("| express-session | default |", 2) | set(re.findall(r"`([a-z_]+)`", own))
    assert set() == (options - {"CookieOptions"}) - keywords
    assert set() == keywords - options - {"clock", "on_rotated", "on_destroyed", "on_expired"}
    fields = set(CookieOptions.__dataclass_fields__)
    assert fields - {"domain", "priority"} == named("| `cookie.…` |", 2) - {"session"}
    assert named("| the Node store |", 2) <= SQLiteStore.__init__.__kwdefaults__.keys()


def test_every_call_on_the_page_is_one():
    """Each attribute and method of the session that the page names exists."""
    calls = PAGE.partition("## Calls")[2].partition("##")[0]
    cells = "".join(line.split(" | ")[-1] for line in calls.splitlines() if line.startswith("|"))
    named = set(re.findall(r"\bsession\.([a-z_]+)", code("python") + cells))
    named |= set(re.findall(r"`([a-z_]+)", PAGE.partition("Only here: ")[2].partition("\n\n")[0]))
    assert named >= {"rotate", "destroy", "flashes", "csrf_token", "authenticated_within"}
    assert set() == {name for name in named if not hasattr(Session, name)}


def test_resave_overwrites_nothing_here(tmp_path):
    """With `resave` a request that only read leaves what another one changed meanwhile."""
    path = tmp_path / "sessions.db"

    async def page(scope, receive, send):
        session = scope["session"]
        if scope["path"] == "/make":
            session["n"] = 1
        elif scope["path"] == "/read":
            assert 1 == session["n"]
            with SQLiteStore(path) as others:
                others.merge(session.id, {"n": 2})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(session.get("n")).encode()})

    async def visit():
        app = SessionMiddleware(page, store=path, secret=SECRET, resave=True)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            for each in ("/make", "/read"):
                await browser.get(each)
            answer = (await browser.get("/")).text
        await app.store.close()
        return answer

    assert "2" == asyncio.run(visit())
