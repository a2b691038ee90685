"""`config.include("connect_sqlite.pyramid")` with settings, as a file of them has: all text."""

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError

from .pyramid_site import SECRET, browser, cookie, sign_in

EVENTS = []


def told(event):
    """A hook that settings name by its dotted name."""
    EVENTS.append(event.owner)


def application(tmp_path, **settings):
    """An application with these settings, `__` standing for a dot."""
    named = {f"connect_sqlite.{name.replace('__', '.')}": text for name, text in settings.items()}
    named.setdefault("connect_sqlite.location", str(tmp_path / "sessions.db"))
    named.setdefault("connect_sqlite.secret", SECRET)
    with Configurator(settings=named) as config:
        config.include("connect_sqlite.pyramid")
        config.add_route("in", "/in")
        config.add_view(sign_in, route_name="in", renderer="json")
        return config.make_wsgi_app()


def test_two_settings_are_enough(tmp_path):
    """The file's location and the secret: the session works, under the usual cookie."""
    visitor = browser(application(tmp_path))
    assert {"user": "Mira"} == visitor.get("/in?name=Mira").json
    assert (tmp_path / "sessions.db").exists()
    assert "connect.sid" in visitor.cookies


def test_every_option_has_a_setting(tmp_path):
    """Numbers, yes and no, lists by line, the cookie's and the store's options, and functions."""
    EVENTS.clear()
    app = application(
        tmp_path,
        owner="user",
        secret=f"\n  {SECRET}, the new one\n  {SECRET}\n",
        sessions_per_owner="2",
        absolute_timeout="3600.5",
        proxy="true",
        rolling="yes",
        resave="off",
        skip="/static\n/robots.txt",
        cookie__max_age="60",
        cookie__same_site="none",
        cookie__secure="true",
        store__table="visitors",
        store__ttl="120",
        on_created="frameworks.test_pyramid_settings.told",
    )
    https = {"HTTP_X_FORWARDED_PROTO": "https"}
    answer = browser(app).get("/in?name=Mira", extra_environ=https)
    _, attributes = cookie(answer)
    assert ("60", "None") == (attributes["Max-Age"], attributes["SameSite"])
    assert "Secure" in attributes
    assert ["Mira"] == EVENTS


def test_a_cookie_of_an_older_secret_is_good(tmp_path):
    """Each line of `connect_sqlite.secret` is one: the first signs, all are accepted."""
    old = browser(application(tmp_path, owner="user"))
    old.get("/in?name=Mira")
    new = browser(application(tmp_path, owner="user", secret=f"{SECRET}, the new one\n{SECRET}"))
    new.set_cookie("connect.sid", old.cookies["connect.sid"])
    assert "Set-Cookie" not in new.get("/in?name=Mira").headers


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"location": ""}, ConfigurationError, "connect_sqlite.location"),
        ({"secret": ""}, ValueError, "secret"),
        ({"idle_timeuot": "60"}, TypeError, "idle_timeuot"),
        ({"cookie__pth": "/"}, TypeError, "pth"),
        ({"store__tabel": "x"}, TypeError, "tabel"),
        ({"elsewhere__path": "/"}, TypeError, "elsewhere.path"),
        ({"rolling": "perhaps"}, ValueError, "rolling"),
        ({"idle_timeout": "soon"}, TypeError, "idle_timeout"),
    ],
)
def test_a_wrong_setting_is_an_error_that_names_it(tmp_path, settings, error, words):
    """What cannot work is said when the application is configured."""
    with pytest.raises(error, match=words):
        application(tmp_path, **settings)


def test_other_settings_are_left_alone(tmp_path):
    """Settings with other prefixes, such as Pyramid's own, are not taken for ours."""
    app = application(tmp_path)
    assert app.registry.settings["pyramid.reload_templates"] is False
