"""Writing `Set-Cookie`, and the row's `cookie` object."""

import json

import pytest

from connect_sqlite._session.cookie import CookieWriter
from connect_sqlite._session.options import cookie_options
from connect_sqlite._session.signing import Signer

from .conftest import SECRET, START
from .vectors import VECTORS

NOW = int(START * 1000)
SIGNER = Signer(SECRET)
VALUE = "s%3Aid." + SIGNER.sign("id")[3:].replace("+", "%2B").replace("/", "%2F")

EVERYTHING = {
    "domain": "ex.com",
    "path": "/shop",
    "secure": True,
    "http_only": True,
    "partitioned": True,
    "priority": "high",
    "same_site": "lax",
    "max_age": 60,
}


def writer(options=None, *, https=False, signer=SIGNER, name="connect.sid"):
    return CookieWriter(name, cookie_options(options), signer, https=https)


@pytest.mark.filterwarnings("ignore:a secret of less than:UserWarning")
@pytest.mark.parametrize(("sid", "secret", "_", "value"), VECTORS)
def test_writes_the_value_as_express_does(sid, secret, _, value):
    """The cookie's value is byte for byte Express's (W1, W5)."""
    header = writer({"same_site": False}, signer=Signer(secret)).header(sid, None, NOW)
    assert f"connect.sid={value}; Path=/; HttpOnly".encode() == header


@pytest.mark.parametrize(
    ("options", "https", "attributes"),
    [
        ({}, False, "; Path=/; HttpOnly; SameSite=Lax"),
        ({}, True, "; Path=/; HttpOnly; Secure; SameSite=Lax"),
        ({"same_site": None}, False, "; Path=/; HttpOnly"),
        ({"http_only": False, "same_site": False}, False, "; Path=/"),
        (
            {"secure": True, "same_site": "strict"},
            False,
            "; Path=/; HttpOnly; Secure; SameSite=Strict",
        ),
        ({"secure": False}, True, "; Path=/; HttpOnly; SameSite=Lax"),
        ({"same_site": "auto"}, False, "; Path=/; HttpOnly; SameSite=Lax"),
        ({"same_site": "auto"}, True, "; Path=/; HttpOnly; Secure; SameSite=None"),
        (
            EVERYTHING,
            True,
            "; Domain=ex.com; Path=/shop; Expires=Wed, 18 Nov 2026 11:07:40 GMT; Max-Age=60; "
            "HttpOnly; Secure; Partitioned; Priority=High; SameSite=Lax",
        ),
    ],
)
def test_attributes_stand_in_express_order(options, https, attributes):
    """The attributes and their order are Express's, with `Max-Age` beside `Expires` (W3)."""
    built = writer(options, https=https)
    lifetime = 60_000 if "max_age" in options else None
    assert f"connect.sid={VALUE}{attributes}" == built.header("id", lifetime, NOW).decode()


@pytest.mark.parametrize(
    ("lifetime", "said"),
    [
        (None, None),
        (0, "0"),
        (1, "1"),
        (1500, "2"),
        (3_600_000, "3600"),
        (100 * 31_536_000_000, "3153600000"),
    ],
)
def test_max_age_is_the_configured_number(lifetime, said):
    """`Max-Age` is the lifetime in whole seconds; a cookie that ends with the browser has none."""
    parts = dict(
        part.partition("=")[::2]
        for part in writer().header("id", lifetime, NOW).decode().split("; ")
    )
    assert said == parts.get("Max-Age")
    assert ("Expires" in parts) == (lifetime is not None)


def test_case_7_the_deleting_cookie_has_the_same_attributes():
    """Case 7: the deleting header says the same name, domain, path and flags, and ends at once."""
    options = {"domain": "example.com", "path": "/shop", "secure": True, "same_site": "lax"}
    assert (
        b"connect.sid=; Domain=example.com; Path=/shop; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
        b"Max-Age=0; HttpOnly; Secure; SameSite=Lax"
    ) == writer(options, https=True).deletion


def test_the_row_says_what_express_would_say():
    """A row's cookie object has Express's keys in its order, and times as JavaScript has them."""
    assert (
        '{"originalMaxAge":60000,"partitioned":true,"priority":"high",'
        '"expires":"2026-11-18T11:07:40.000Z","secure":true,"httpOnly":true,"domain":"ex.com","path":"/shop","sameSite":"lax"}'
    ) == json.dumps(writer(EVERYTHING).to_json(60_000, NOW + 60_000, None), separators=(",", ":"))
    assert (
        '{"originalMaxAge":null,"expires":null,"secure":false,"httpOnly":true,"path":"/"}'
    ) == json.dumps(writer({"same_site": False}).to_json(None, NOW, None), separators=(",", ":"))


def test_a_hardened_setting_is_noticed_in_a_row():
    """A row saved under other attributes is told apart; its lifetime is no difference (L11)."""
    lax, strict = writer(), writer({"same_site": "strict"})
    assert lax.is_kept_in(lax.to_json(None, NOW, None))
    assert lax.is_kept_in(lax.to_json(5000, NOW + 5000, None))
    assert not strict.is_kept_in(lax.to_json(None, NOW, None))
    assert not lax.is_kept_in(None)
    assert not lax.is_kept_in("text")
