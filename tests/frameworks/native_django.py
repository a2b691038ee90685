"""In the child process: Django's own tests of sessions, on ours.

`python -m frameworks.native_django` in the `tests` folder of Django's source distribution.
"""

import pickle
import sys
import tempfile
from pathlib import Path

import django
from django.conf import settings

ENGINE = "connect_sqlite.django"


def configure(folder):
    """A project whose sessions are ours; the database is for what else the tests touch."""
    settings.configure(
        CONNECT_SQLITE={"location": Path(folder) / "sessions.db"},
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=["django.contrib.sessions", "sessions_tests", ENGINE],
        SECRET_KEY="a secret key for tests alone",
        SESSION_ENGINE=ENGINE,
        USE_TZ=False,  # as Django's own runner has it; a test that needs it turns it on
    )
    django.setup()


def tests():
    """The mixin on our backend, with and without time zones, and the middleware's tests."""
    from django.test import SimpleTestCase, override_settings
    from sessions_tests.tests import SessionMiddlewareTests, SessionTestsMixin

    from connect_sqlite.django import SessionStore

    class OurSessionTests(SessionTestsMixin, SimpleTestCase):
        backend = SessionStore

    @override_settings(USE_TZ=True)
    class OurSessionWithTimeZoneTests(OurSessionTests):
        pass

    @override_settings(SESSION_SERIALIZER="frameworks.native_django.Another")
    class OurSessionWithAnotherSerializerTests(OurSessionTests):
        pass

    class OurMiddlewareTests(SessionMiddlewareTests):
        pass  # it finds the engine in the settings

    kinds = [
        OurSessionTests,
        OurSessionWithTimeZoneTests,
        OurSessionWithAnotherSerializerTests,
        OurMiddlewareTests,
    ]
    for kind in kinds:
        kind.__module__, kind.__qualname__ = "native", kind.__name__
    return kinds


def main():
    from django.test.runner import DiscoverRunner

    class Runner(DiscoverRunner):
        def build_suite(self, *_, **__):
            suite = self.test_suite()
            for kind in tests():
                suite.addTests(self.test_loader.loadTestsFromTestCase(kind))
            return suite

    return Runner(verbosity=2, interactive=False).run_tests([])


class Another:
    """A serializer that is not Django's JSON."""

    def dumps(self, data):
        return pickle.dumps(data)

    def loads(self, data):
        return pickle.loads(data)


if __name__ == "__main__":
    sys.path.insert(0, ".")
    with tempfile.TemporaryDirectory() as scratch:
        configure(scratch)
        sys.exit(bool(main()))
