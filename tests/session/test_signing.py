"""The signature and the ids."""

import base64
import hashlib
import hmac
import re

import pytest

from connect_sqlite._session.signing import Signer, new_id

from .conftest import SECRET
from .vectors import BINARY_SECRET, VECTORS

pytestmark = pytest.mark.filterwarnings("ignore:a secret of less than:UserWarning")


@pytest.mark.parametrize(("sid", "secret", "signed", "_"), VECTORS)
def test_signs_as_express_does(sid, secret, signed, _):
    """A signed id is byte for byte what Node signs with the same secret (W2)."""
    assert signed == Signer(secret).sign(sid)
    assert sid == Signer(secret).unsign(signed.encode())


def test_signs_with_a_secret_of_bytes():
    """A secret may be bytes, as Node's Buffer may be one (W2)."""
    secret, sid, signed = BINARY_SECRET
    assert signed == Signer(secret).sign(sid)


def test_signature_is_plain_hmac():
    """The signature is HMAC-SHA256 in base64 without padding, worked out by other means (W2)."""
    key, sid = SECRET.encode(), "some-id"
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key.ljust(64, b"\0")) + sid.encode()).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key.ljust(64, b"\0")) + inner).digest()
    expected = base64.b64encode(outer).decode().rstrip("=")
    assert f"{sid}.{expected}" == Signer(SECRET).sign(sid)


def test_the_first_secret_signs_and_all_are_accepted():
    """During a rotation cookies under the old secret stay good, new ones use the new (W6)."""
    old, new = Signer("old" * 20), Signer(["new" * 20, "old" * 20])
    assert new.sign("id") == Signer("new" * 20).sign("id")
    assert new.unsign(old.sign("id").encode()) == "id"
    assert old.unsign(new.sign("id").encode()) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda signed: "",
        lambda signed: "id",
        lambda signed: "id.",
        lambda signed: "." + signed.rpartition(".")[2],
        lambda signed: signed[:-1],
        lambda signed: signed + "A",
        lambda signed: signed + "=",
        lambda signed: signed.replace("id", "ie"),
        lambda signed: signed[:-1] + ("A" if signed[-1] != "A" else "B"),
        lambda signed: signed[:-1] + "é",
        lambda signed: signed.swapcase(),
        lambda signed: signed.rpartition(".")[0] + "." + "A" * 43,
    ],
)
def test_a_spoilt_signature_does_not_hold(spoil):
    """Threat 13: whatever was changed about a signed id, it is none."""
    signer = Signer(SECRET)
    assert signer.unsign(spoil(signer.sign("id")).encode()) is None


def test_signatures_are_compared_in_constant_time(monkeypatch):
    """Threat 14: the comparison is the one that tells nothing by the time it takes."""
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    signer = Signer([SECRET, SECRET * 2])
    signer.unsign(b"id." + b"A" * 43)
    assert 2 == len(compared)


def test_new_ids_have_256_random_bits():
    """Threat 14: an id is 43 characters of URL-safe base64, and no two are alike (W4)."""
    ids = {new_id() for _ in range(1000)}
    assert 1000 == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", sid) for sid in ids)


@pytest.mark.parametrize("secret", [None, "", b"", [], (), [""], ["good" * 10, ""]])
def test_no_secret_is_an_error_that_says_how_to_make_one(secret):
    """Case 23: without a secret nothing is invented; the error tells how to make one (O2)."""
    with pytest.raises(ValueError, match=r"secret is missing or empty.*token_urlsafe"):
        Signer(secret)


@pytest.mark.parametrize("secret", [7, [7], [SECRET, 7]])
def test_a_secret_of_another_kind_is_an_error(secret):
    """A number is no secret, neither alone nor among others."""
    with pytest.raises(TypeError, match="secret is a str, bytes"):
        Signer(secret)


def test_a_short_secret_warns():
    """A secret under 32 bytes warns, with how to make a better one, and works (O2)."""
    with pytest.warns(UserWarning, match="less than 32 bytes"):
        Signer("keyboard cat")
