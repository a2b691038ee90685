"""The page about Pyramid says what is true."""

import re
from configparser import ConfigParser
from pathlib import Path

from pyramid.config import Configurator
from pyramid.interfaces import ISession

from .pyramid_site import SECRET, browser

PAGE = (Path(__file__).parent.parent.parent / "docs/pyramid.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def count(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return request.session["visits"]


def visits(config):
    config.add_route("count", "/")
    config.add_view(count, route_name="count", renderer="json")
    visitor = browser(config.make_wsgi_app())
    return [visitor.get("/").json for _ in range(2)]


def test_the_lines_to_paste_are_enough(tmp_path, monkeypatch):
    """The page's first block gives an application sessions that are kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_SECRET", SECRET)
    names = {}
    exec(blocks("python")[0], names)
    with names["config"] as config:
        assert [1, 2] == visits(config)
    names["store"].close()


def test_the_settings_to_paste_are_enough(tmp_path):
    """So does its block of settings."""
    read = ConfigParser()
    read.read_string(blocks("ini")[0])
    settings = dict(read["app:main"]) | {"connect_sqlite.location": str(tmp_path / "s.db")}
    with Configurator(settings=settings) as config:
        assert [1, 2] == visits(config)


def test_every_name_of_pyramids_sessions_is_listed():
    """What ISession has of its own is what the page says keeps working."""
    own = [name for name in ISession.names() if not name.startswith("__")]
    assert [] == [name for name in own if f"`{name}" not in PAGE]
