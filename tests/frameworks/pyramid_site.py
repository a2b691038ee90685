"""A Pyramid site with sessions, and browsers to visit it."""

from pyramid.config import Configurator
from webtest import TestApp

from connect_sqlite import SQLiteStore
from connect_sqlite.pyramid import SessionFactory

SECRET = "a secret of the tests, which is long enough"
URL = "http://shop.example"


class Site:
    """Views by their paths; each takes the request and returns what JSON has, or a response."""

    def __init__(self, path, views, *, configure=lambda config: None, store=None, **options):
        self.store = SQLiteStore(path, **store or {})
        options.setdefault("secret", SECRET)
        with Configurator(settings={}) as config:
            config.set_session_factory(SessionFactory(self.store, **options))
            configure(config)
            for number, (route, view) in enumerate(views.items()):
                config.add_route(f"view {number}", route)
                config.add_view(view, route_name=f"view {number}", renderer="json")
            self.app = config.make_wsgi_app()

    def browser(self, url=URL):
        return browser(self.app, url)

    def close(self):
        self.store.close()


def browser(app, url=URL):
    """It keeps its cookies from one request to the next."""
    return TestApp(app, extra_environ={"HTTP_HOST": url.partition("://")[2]})


def cookie(answer):
    """The `Set-Cookie` of an answer, as its value and a dict of its attributes."""
    lines = answer.headers.getall("Set-Cookie")
    (line,) = [line for line in lines if line.startswith("connect.sid=")]
    pair, *attributes = line.split("; ")
    named = (each.partition("=")[::2] for each in attributes)
    return pair.partition("=")[2], dict(named)


def show(request):
    return request.session.copy()


def sign_in(request):
    request.session["user"] = request.params["name"]
    return request.session.copy()
