"""Django: sign-in, sign-out, the admin, messages and the test client's session."""

import re

import pytest
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.core.management import call_command
from django.test import override_settings

from connect_sqlite.django import store

from .django_site import User, handlers


@pytest.fixture(scope="module")
def _tables():
    call_command("migrate", verbosity=0)


@pytest.fixture
def mira(django_project, _tables):
    """A user who may enter the admin, in a project that can look for her sessions."""
    user = User.objects.create_superuser("mira", password="her password")

    def sign_in(request):
        login(request, authenticate(request, username="mira", password="her password"))

    def change_password(request):
        request.user.set_password("another one")
        request.user.save()
        update_session_auth_hash(request, request.user)

    def who(request):
        return {"user": request.user.get_username()}

    handlers.update({"in": sign_in, "out": logout, "password": change_password, "who": who})
    with override_settings(CONNECT_SQLITE=django_project.settings(indexes=["_auth_user_id"])):
        yield user
    user.delete()


def test_signing_in_gives_another_key_and_keeps_the_data(django_project, mira):
    """`login()` moves the session to a new key with what was collected before, and the old key is
    dead; `logout()` ends it."""
    browser = django_project.browser()
    browser.get("/count")
    stranger = django_project.twin(browser)
    browser.get("/in")
    assert {"user": "mira"} == browser.get("/who").json()
    assert 1 == browser.get("/show").json()["n"]
    assert {"user": ""} == stranger.get("/who").json()
    assert {django_project.key(browser)} == set(django_project.rows)
    twin = django_project.twin(browser)
    browser.get("/out")
    assert {"user": ""} == twin.get("/who").json()
    assert {} == django_project.rows


def test_a_user_is_signed_out_everywhere_else(django_project, mira):
    """`destroy_where` ends the user's other sessions; they are strangers from then on."""
    here, there, other = (django_project.browser() for _ in range(3))
    for browser in (here, there):
        browser.get("/in")
    other.get("/count")
    mine = store().find("_auth_user_id", str(mira.pk))
    assert {django_project.key(here), django_project.key(there)} == {each.id for each in mine}
    keep = (django_project.key(here),)
    assert 1 == store().destroy_where("_auth_user_id", str(mira.pk), keep=keep)
    assert ["mira", "", ""] == [each.get("/who").json()["user"] for each in (here, there, other)]


def test_a_new_password_ends_the_other_sessions(django_project, mira):
    """`update_session_auth_hash` keeps the browser at hand signed in, under a new key; the others
    are strangers at their next request."""
    here, there = django_project.browser(), django_project.browser()
    for browser in (here, there):
        browser.get("/in")
    old = django_project.key(here)
    here.get("/password")
    assert old != django_project.key(here)
    assert ["mira", ""] == [browser.get("/who").json()["user"] for browser in (here, there)]
    assert {django_project.key(here)} == set(django_project.rows)


@pytest.mark.parametrize("storage", ["session.SessionStorage", "fallback.FallbackStorage"])
def test_the_admin(django_project, mira, storage):
    """Signing in at the admin's form works, what is done there is told once, and signing out ends
    the session."""
    with override_settings(MESSAGE_STORAGE=f"django.contrib.messages.storage.{storage}"):
        browser = django_project.browser()
        page = browser.get("/admin/", follow=True)
        assert "Log in" in page.text
        form = {"username": "mira", "password": "her password", "next": "/admin/"}
        page = browser.post("/admin/login/", form, follow=True)
        assert "Site administration" in page.text
        made = {"username": storage, "usable_password": "false"}
        page = browser.post("/admin/auth/user/add/", made, follow=True)
        assert re.search(rf"The user .*{storage}.* was added", page.text)
        assert "was added" not in browser.get("/admin/").text
        browser.post("/admin/logout/")
        assert 302 == browser.get("/admin/").status_code
        assert {} == django_project.rows


def test_messages_are_shown_once(django_project):
    """A message of one request is there in the next that asks, and not in the one after."""
    handlers["say"] = lambda request: messages.info(request, "Saved.")
    handlers["shown"] = lambda request: [str(each) for each in messages.get_messages(request)]
    with override_settings(
        MESSAGE_STORAGE="django.contrib.messages.storage.session.SessionStorage"
    ):
        browser = django_project.browser()
        browser.get("/say")
        assert [["Saved."], []] == [browser.get("/shown").json() for _ in range(2)]


def test_the_test_clients_session(django_project, mira):
    """In a project's own tests `client.session` is read and changed, and `force_login` signs in."""
    client = django_project.browser()
    session = client.session
    session["n"] = 41
    session.save()
    assert {"n": 42} == client.get("/count").json()
    assert 42 == client.session["n"]
    client.force_login(mira)
    assert {"user": "mira"} == client.get("/who").json()
    client.logout()
    assert {"user": ""} == client.get("/who").json()
    assert {} == django_project.rows
