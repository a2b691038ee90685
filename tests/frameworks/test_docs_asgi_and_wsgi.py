"""The page about plain ASGI and WSGI, Bottle and Falcon says what is true."""

import pytest
from webtest import TestApp

from .pages import blocks, run
from .starlette_client import TestClient

ASGI, *WSGI = blocks("asgi-and-wsgi")


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_SECRET", "a secret for tests, 32 bytes or more")


def test_the_lines_for_asgi_are_enough():
    """An ASGI application counts each visitor's visits."""
    app = run(ASGI)["app"]
    # Neither does the application on the page know of start and end.
    browser, other = TestClient(app), TestClient(app)
    assert ["1", "2"] == [browser.get("/").text for _ in range(2)]
    assert "1" == other.get("/").text


@pytest.mark.parametrize("code", WSGI, ids=["plain", "Bottle", "Falcon"])
def test_the_lines_for_wsgi_are_enough(code):
    """So does a WSGI application: plain, of Bottle and of Falcon."""
    app = run(code)["app"]
    browser, other = TestApp(app), TestApp(app)
    assert ["1", "2"] == [browser.get("/").text for _ in range(2)]
    assert "1" == other.get("/").text
    app.close()
