"""Django: what may be kept in a session, with its own JSON and with other serializers."""

import pickle
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core import signing
from django.db import models
from django.test import override_settings
from django.utils.safestring import mark_safe

from connect_sqlite import InvalidSession
from connect_sqlite.django import SessionStore, store


class Status(models.TextChoices):
    PAID = "paid", "Paid"


class Pickles:
    """What a project has that keeps more than JSON has."""

    def dumps(self, data):
        return pickle.dumps(data)

    def loads(self, data):
        return pickle.loads(data)


pickling = override_settings(SESSION_SERIALIZER=f"{__name__}.Pickles")


def again(session):
    """The session as the next request has it."""
    return SessionStore(session.session_key)


def test_what_djangos_json_takes_is_taken(django_project):
    """Keys that are numbers, text marked as safe, and members of enums come back as Django's own
    serializer returns them, from a new session and from a changed one."""
    values = {"title": mark_safe("<b>"), "status": Status.PAID, "cart": {1: 2}, "pair": (1, 2)}
    plain = {"title": "<b>", "status": "paid", "cart": {"1": 2}, "pair": [1, 2]}
    session = SessionStore()
    session.update(values)
    session.save()
    assert plain == again(session).load()
    other = SessionStore(django_project.make(n=1))
    other.update(values)
    other.save()
    assert {"n": 1, **plain} == again(other).load()
    other["cart"][3] = 4
    other.cycle_key()
    assert {"1": 2, "3": 4} == again(other)["cart"]


@pytest.mark.parametrize("value", [datetime(2026, 11, 25), timedelta(1), {1, 2}, b"bytes"])
def test_what_json_has_not_is_djangos_own_error(django_project, value):
    """A value that Django's serializer refuses is refused as it does, and nothing is written."""
    session = SessionStore(django_project.make(n=1))
    session["value"] = value
    with pytest.raises(TypeError, match="is not JSON serializable"):
        session.save()
    assert {"n": 1} == again(session).load()


@pytest.mark.parametrize("value", [float("nan"), {"deep": float("inf")}])
def test_what_would_not_come_back_equal_is_refused(django_project, value):
    """NaN and infinity are refused by name: Django would write what is no JSON."""
    session = SessionStore(django_project.make(n=1))
    session["value"] = value
    with pytest.raises(InvalidSession, match="'value"):
        session.save()


def test_the_key_cookie_is_kept(django_project):
    """A row says itself when it ends, under `cookie`: another use of that key is refused."""
    session = SessionStore()
    session["cookie"] = "chocolate"
    with pytest.raises(InvalidSession, match="choose another key"):
        session.save()


@pickling
def test_another_serializer_keeps_its_meaning(django_project):
    """Whatever it can carry comes back equal, and parallel changes are merged all the same."""
    values = {"price": Decimal("9.99"), "seen": datetime(2026, 11, 25), "tags": {1, 2}, "t": (1,)}
    session = SessionStore()
    session.update(values)
    session.save()
    one, two = again(session), again(session)
    one["tags"].add(3)
    two["price"] += 1
    assert (True, True) == (one.modified, two.modified)
    one.save()
    two.save()
    expected = {**values, "tags": {1, 2, 3}, "price": Decimal("10.99")}
    assert expected == again(session).load()


@pickling
def test_another_serializers_rows_are_signed(django_project):
    """They are what Django's own are, text signed with SECRET_KEY: one that was changed by somebody
    else is never unpickled, and counts as absent."""
    key = django_project.make(price=Decimal("9.99"))
    ((row, _),) = django_project.rows.values()
    signed = row.pop("_serialized")
    salt = "django.contrib.sessions.SessionStore"
    assert {"price": Decimal("9.99")} == signing.loads(signed, salt=salt, serializer=Pickles)
    assert {} == row
    django_project.write(key, {"_serialized": signed.replace(signed[:5], "AAAAA", 1)})
    session = SessionStore(key)
    assert {} == session.load()
    assert session.session_key is None


@pickling
def test_another_serializers_rows_are_found_by_index(django_project):
    """What an index names is kept as JSON beside them, so that a user's sessions are found."""
    indexed = django_project.settings(indexes=["_auth_user_id"])
    with override_settings(CONNECT_SQLITE=indexed):
        key = django_project.make(_auth_user_id="7", seen=datetime(2026, 11, 25))
        django_project.make(_auth_user_id="8")
        assert [key] == [each.id for each in store().find("_auth_user_id", "7")]
        session = SessionStore(key)
        session["n"] = 1
        session.save()
        assert 1 == store().destroy_where("_auth_user_id", "7")


def test_another_serializer_signs_everybody_out(django_project):
    """Sessions of the serializer before are nobody's, as in Django, and no error."""
    key = django_project.make(_auth_user_id="7", n=1)
    with pickling:
        assert {} == SessionStore(key).load()
