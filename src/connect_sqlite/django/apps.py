"""The app `"connect_sqlite.django"`: it has no models, and checks the settings."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from .checks import check_cookie_is_secure, check_settings

__all__ = ["ConnectSQLiteConfig"]


class ConnectSQLiteConfig(AppConfig):
    """In `INSTALLED_APPS`, beside `django.contrib.sessions`."""

    name = "connect_sqlite.django"
    label = "connect_sqlite"
    verbose_name = "Sessions in SQLite"

    def ready(self) -> None:
        """Let `manage.py check` and `runserver` know the checks."""
        register(check_settings, Tags.security)
        register(check_cookie_is_secure, Tags.security, deploy=True)
