"""The page about migrating says what is true."""

import re
import shlex
from pathlib import Path

from connect_sqlite.migrate.command import _parser

PAGE = (Path(__file__).parent.parent.parent / "docs/migrating.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_every_command_of_the_page_is_one():
    """Its lines are understood, with the options that they name."""
    for line in blocks("sh")[0].splitlines():
        program, *arguments = shlex.split(line)[2:]
        assert "connect_sqlite.migrate" == program
        assert _parser().parse_args(arguments).to == "sessions.db"


def test_every_option_of_the_page_is_one():
    """So are those in its sentences."""
    sources = _parser()._subparsers._group_actions[0].choices.values()
    known = "".join(each.format_help() for each in sources)
    assert [] == [name for name in re.findall(r"`(--[a-z-]+)`", PAGE) if name not in known]


def test_the_lines_for_flask_are_an_application(tmp_path, monkeypatch):
    """The block about Flask-Session's cookies serves requests, old cookie or none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests, which is long enough")
    names = {"__name__": "page"}
    exec(blocks("python")[0], names)
    app = names["app"]

    @app.get("/")
    def page():
        from flask import session

        return str(session.get("a"))

    client = app.test_client()
    client.set_cookie("session", "an-id-of-before")
    assert "None" == client.get("/").text
    app.session_interface.close()
