"""The page about Litestar says what is true."""

import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.testing import TestClient

from connect_sqlite import SQLiteStore

from .litestar_site import SECRET

PAGE = (Path(__file__).parent.parent.parent / "docs/litestar.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def pasted(tmp_path, monkeypatch):
    """A function that makes a module of a block: Litestar looks types up in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_SECRET", SECRET)

    def make(block):
        module = ModuleType("pasted")
        monkeypatch.setitem(sys.modules, "pasted", module)
        exec(block, module.__dict__)
        return module

    return make


def test_the_lines_to_paste_are_enough(pasted):
    """The page's first block is an app that remembers its visitor."""
    with TestClient(pasted(BLOCKS[0]).app) as client:
        assert [{"visits": 1}, {"visits": 2}] == [client.get("/").json() for _ in range(2)]


def test_the_stores_lines_are_enough(pasted):
    """The block about caches and rate limits keeps both, as the page says how."""
    with TestClient(pasted(BLOCKS[1]).app) as client:
        assert "worked out once a minute" == client.get("/slow").text
    with SQLiteStore("cache.db") as rows:
        (limit,) = [sid for sid in rows.ids() if "rate_limit" in sid]
        assert {"base64", "cookie"} == set(rows.get(limit))
    assert f"`{limit.replace('testclient', '127.0.0.1')}`" in PAGE


def test_every_option_of_litestars_is_listed():
    """Each of `ServerSideSessionConfig`'s options is in the page's table."""
    options = inspect.signature(ServerSideSessionConfig).parameters
    assert [] == [name for name in options if f"`{name}`" not in PAGE]
