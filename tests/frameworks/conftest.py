"""What the frameworks' tests share."""

import logging
import sys

import pytest


@pytest.fixture(autouse=True)
def _logging_stays_as_it_is(monkeypatch):
    """By default Litestar sets up the logging of the whole process, and so of all later tests."""
    if "litestar" in sys.modules:
        configure = "litestar.logging.LoggingConfig.configure"
        monkeypatch.setattr(configure, lambda self: logging.getLogger)


@pytest.fixture
def litestar_site(tmp_path):
    """A function that makes a site of Litestar's handlers, on a file that can be looked into."""
    from .litestar_site import Site

    made = []

    def make(*handlers, **options):
        site = Site(tmp_path / "sessions.db", handlers, **options)
        made.append(site)
        return site

    yield make
    for each in made:
        each.close()


@pytest.fixture
def aiohttp_site(tmp_path):
    """A function that makes a site of aiohttp's handlers, on a file that can be looked into."""
    from .aiohttp_site import Site

    made = []

    def make(handlers, **options):
        site = Site(tmp_path / "sessions.db", handlers, **options)
        made.append(site)
        return site

    yield make
    for each in made:
        each.close()


@pytest.fixture
def django_project(tmp_path):
    """A Django project whose views are `handlers`, on a file that can be looked into."""
    from django.test import override_settings

    from .django_site import BASIC, Project, handlers

    project = Project(tmp_path / "sessions.db")
    handlers.update(BASIC)
    with override_settings(CONNECT_SQLITE=project.settings()):
        yield project
    handlers.clear()
