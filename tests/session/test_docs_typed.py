"""The page about typed sessions says what is true."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

PAGE = (Path(__file__).parent.parent.parent / "docs/typed-sessions.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SECRET = "a secret for tests that is long enough"


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What the page's first block defines."""
    monkeypatch.chdir(tmp_path)
    names = {"SECRET": SECRET, "__name__": "page"}
    exec(BLOCKS[0], names)
    return names


def test_the_first_block_is_an_application(names):
    """Its dependency hands out an account, and what a handler changes there is kept."""

    async def visit():
        transport = httpx.ASGITransport(names["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            paths = ("/sign-in?name=Mira", "/notes?text=tea", "/notes?text=milk")
            return [(await browser.post(path)).json() for path in paths]

    assert ["Hello, Mira", 1, 2] == asyncio.run(visit())


def test_the_migration_of_the_page(names):
    """Its second block makes accounts of a release before fit."""
    from fastapi import FastAPI

    names["app"] = FastAPI()
    exec(BLOCKS[1], names)
    assert "Mira Sol" == names["migrate"]({"first": "Mira", "last": "Sol"}).name
