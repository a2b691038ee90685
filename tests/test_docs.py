"""What the README and the pages say is true: their code runs, and their links lead somewhere."""

import asyncio
import re
import secrets
from pathlib import Path

import httpx
import pytest

from connect_sqlite._session.rules import RULES

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*/*.md")),
]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def test_the_readmes_app_counts_visits(tmp_path, monkeypatch):
    """The README's first block is an app that remembers its visitor."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_SECRET", secrets.token_hex())
    names: dict = {}
    exec(blocks(ROOT / "README.md", "python")[0], names)

    async def visit_twice() -> list[dict]:
        transport = httpx.ASGITransport(names["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            return [(await browser.get("/")).json() for _ in range(2)]

    assert [{"visits": 1}, {"visits": 2}] == asyncio.run(visit_twice())


def test_the_readmes_store_prints_what_it_says(tmp_path, monkeypatch, capsys):
    """The README's second block prints what its comment promises."""
    monkeypatch.chdir(tmp_path)
    exec(blocks(ROOT / "README.md", "python")[1], {})
    assert "{'user': {'id': 1}}\n" == capsys.readouterr().out


def test_make_knows_every_command_that_the_readme_names():
    """Each `make` command in the README is a target."""
    named = set(re.findall(r"\bmake ([a-z]+)", "".join(blocks(ROOT / "README.md", "sh"))))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test"} == named
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Every relative link of a page is a file of the project."""
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    missing = [
        link
        for link in links
        if not link.startswith(("https:", "mailto:")) and not (page.parent / link).exists()
    ]
    assert [] == missing


def rule_lines() -> str:
    """The session layer's table of rules, as the page has it."""
    words = {None: "-", True: "yes", False: "no"}
    lines = [
        f"| {'known' if rule.known else 'new'} "
        f"| {rule.intent.value if rule.intent else '-'} "
        f"| {words[rule.changed]} "
        f"| {words[None if rule.empty is None else not rule.empty]} "
        f"| {f'`{rule.option}`' if rule.option else '-'} "
        f"| {rule.action.value} | {rule.tell.value} ({rule.why}) |\n"
        for rule in RULES
    ]
    return "".join(lines)


def test_the_table_of_rules_is_the_codes():
    """What the page on sessions says is done when, is what the code decides by."""
    assert rule_lines() in (ROOT / "docs" / "sessions.md").read_text()


@pytest.mark.parametrize("code", blocks(ROOT / "docs" / "sessions.md", "python"))
def test_the_page_on_sessions_runs(code, tmp_path, monkeypatch):
    """Each block of Python on the page works as it is."""
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(code, names)
    if "store" in names:
        asyncio.run(names["store"].close())


def test_the_page_on_sealed_stores_runs(tmp_path, monkeypatch):
    """Its blocks of Python, one after the other, work as they are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_KEY", secrets.token_hex(32))
    names: dict = {}
    for code in blocks(ROOT / "docs" / "sealing.md", "python"):
        exec(code, names)
    assert 0 == names["done"].sealed
    assert names["listed"]
