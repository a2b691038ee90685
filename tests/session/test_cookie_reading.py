"""Reading the `Cookie` header."""

import base64
import hmac
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_sqlite._session.cookie import signed_ids, unsigning
from connect_sqlite._session.signing import Signer

from .conftest import SECRET
from .vectors import VECTORS

SIGNER = Signer(SECRET)
UNSIGN = unsigning(SIGNER)
SIGNED = SIGNER.sign("id")
GOOD = f"s%3A{SIGNED.replace('+', '%2B').replace('/', '%2F')}"


def read(header, name="connect.sid", signer=SIGNER):
    return signed_ids(header.encode("latin-1"), name.encode(), unsigning(signer))


def cookie(sid):
    return "connect.sid=s:" + SIGNER.sign(sid)


@pytest.mark.filterwarnings("ignore:a secret of less than:UserWarning")
@pytest.mark.parametrize(("sid", "secret", "_", "value"), VECTORS)
def test_reads_what_express_writes(sid, secret, _, value):
    """A cookie that Express set gives the id it was set for, whatever that holds (W1, W5)."""
    assert [sid] == read(f"connect.sid={value}", signer=Signer(secret))


@pytest.mark.parametrize(
    "header",
    [
        f"connect.sid={GOOD}",
        f"connect.sid=s:{SIGNED}",
        f"connect.sid={GOOD.lower().replace(GOOD[4:].lower(), GOOD[4:])}",
        f'connect.sid="{GOOD}"',
        f"a=1; connect.sid={GOOD}; b=2",
        f"a=1;connect.sid={GOOD};b=2",
        f"a=1;\t connect.sid \t=  {GOOD}\t ; b=2",
        f"connect.sid={GOOD};",
        f";;; connect.sid={GOOD}",
        f"flag; connect.sid={GOOD}",
        f"xconnect.sid=1; connect.sid={GOOD}; connect.sidx=2",
        f"a=connect.sid=1; connect.sid={GOOD}",
        f"$Version=1; connect.sid={GOOD}; $Path=/",
        f"other={'x' * 4000}; connect.sid={GOOD}",
    ],
)
def test_finds_the_cookie(header):
    """The cookie is found wherever it stands, quoted or not, percent-encoded or not (W7)."""
    assert ["id"] == read(header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        ";",
        "=",
        "connect.sid",
        "connect.sid=",
        "connect.sid=;",
        f"connect.sid={SIGNED}",
        f"connect.sid=S:{SIGNED}",
        f"connect.sid=s%3{SIGNED}",
        f"Connect.sid={GOOD}",
        f"connect.sid={GOOD[:-1]}",
        f"connect.sid={GOOD}x",
        f"connect.sid={GOOD[:-1]}%",
        f"connect.sid={GOOD[:-1]}%4",
        f"connect.sid={GOOD[:-1]}%zz",
        f'connect.sid="{GOOD}',
        f'connect.sid={GOOD}"',
        'connect.sid="',
        f'connect.sid=""{GOOD}""',
        f"connect.sid='{GOOD}'",
        f"connect.sid={GOOD}\x00",
        f"connect.sid={GOOD}%00",
        f"connect.sid={GOOD}\r\nSet-Cookie: a=b",
        f"connect.sid=s:i\r\nd.{SIGNED[3:]}",
        f"\xa0connect.sid={GOOD}",
        f"connect.sid\xa0={GOOD}",
        f"a=1;\x0bconnect.sid={GOOD}",
        "connect.sid=s:\xe9.\xff",
        "connect.sid=%FF%FE%FD",
        f"connect.sid=s:%C3.{SIGNED[3:]}",
        "connect.sid=" + "s:" * 32_000,
        "connect.sid=" + "x" * 65_536,
        f'$Version="1; connect.sid={GOOD}"',
        f"other={GOOD}",
    ],
)
def test_threat_13_what_is_odd_is_no_session(header):
    """Threat 13: a cookie that is tampered with, cut or malformed is none, and no error."""
    assert [] == read(header)


@pytest.mark.parametrize("sid", ["", "a\0b", "x" * 256, "é" * 128, "\ud800"])
def test_threat_13_an_id_that_no_store_takes_is_no_session(sid):
    """Threat 13: an id beyond the stores' limits is none even under a good signature."""
    message = sid.encode(errors="surrogatepass")
    mac = base64.b64encode(hmac.digest(SECRET.encode(), message, "sha256")).rstrip(b"=")
    escaped = "".join(f"%{byte:02X}" for byte in b"s:" + message + b"." + mac)
    assert [] == read(f"connect.sid={escaped}")


def test_the_longest_id_is_read_with_every_byte_escaped():
    """An id of 255 bytes is read even when every byte of its cookie is percent-encoded."""
    escaped = "".join(f"%{byte:02X}" for byte in f"s:{SIGNER.sign('x' * 255)}".encode())
    assert ["x" * 255] == read(f"connect.sid={escaped}")


def test_of_several_cookies_those_whose_signature_holds_are_tried_in_order():
    """W7 of Ours: the good ones of the name are returned in order, and the bad ones passed over."""
    header = "; ".join(
        ["connect.sid=garbage", cookie("dead"), "connect.sid=s:x.y", cookie("alive")]
    )
    assert ["dead", "alive"] == read(header)


def test_at_most_three_are_tried():
    """W7 of Ours: a browser that sends many good cookies costs three reads at most."""
    assert ["0", "1", "2"] == read("; ".join(cookie(str(n)) for n in range(9)))


def test_the_same_id_twice_is_tried_once():
    """A cookie that stands there twice, for two paths, say, takes only one of the three places."""
    assert ["a", "b"] == read("; ".join([cookie("a"), cookie("a"), cookie("a"), cookie("b")]))


@given(st.binary(max_size=300))
def test_threat_13_no_header_raises(noise):
    """Threat 13: whatever bytes come, reading them gives a list."""
    assert [] == signed_ids(noise, b"connect.sid", UNSIGN)


_PIECES = [
    b"connect.sid",
    b"=",
    b";",
    b" ",
    b"\t",
    b'"',
    b"%",
    b"%00",
    b"s:",
    b"s%3A",
    b".",
    b"\xff",
]


@given(
    st.lists(st.sampled_from([*_PIECES, SIGNED.encode(), GOOD.encode(), b"$Version", b"\r\n"])).map(
        b"".join
    )
)
def test_threat_13_no_header_made_of_cookie_parts_raises(header):
    """Threat 13: nor does one made of the parts of real cookies; only the good id comes out."""
    assert set(signed_ids(header, b"connect.sid", UNSIGN)) <= {"id"}


@pytest.mark.parametrize(
    "piece", [f"connect.sid={GOOD[:-1]}!; ", "aconnect.sid=1;", "connect.sid;"]
)
def test_threat_16_a_flood_of_cookies_is_not_worked_through(piece):
    """Threat 16: of a thousand cookies with the name in them a few are looked at, not each."""
    looked_at = []

    class Counting:
        def unsign(self, value):
            looked_at.append(value)

    assert [] == signed_ids((piece * 1000).encode(), b"connect.sid", unsigning(Counting()))
    assert len(looked_at) <= 32


def test_a_session_is_found_among_many_cookies():
    """A good cookie behind a dozen forged ones of its name is found."""
    header = f"connect.sid={GOOD[:-1]}!; " * 12 + f"connect.sid={GOOD}"
    assert ["id"] == signed_ids(header.encode(), b"connect.sid", UNSIGN)


SHAPES = {
    "names": "connect.sid",
    "empty cookies": "connect.sid=;",
    "blanks before": " ",
    "blanks after the name": "connect.sid ",
    "semicolons": ";",
    "semicolons and blanks": "; ",
    "quotes": '"',
    "percents": "connect.sid=%;",
    "unsigned": "connect.sid=s:a.b;",
    "signed by nobody": "connect.sid=s:a." + "A" * 43 + ";",
    "one long value": "connect.sid=s:aaaa",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_threat_16_reading_takes_linear_time(shape):
    """Threat 16: 64 KiB of any shape take at most some sixteen times as long as 4 KiB."""
    piece = SHAPES[shape]

    def seconds(size):
        header = (piece * (size // len(piece) + 1))[:size].encode() + b"connect.sid"
        best = 1.0
        for _ in range(7):
            start = time.perf_counter()
            signed_ids(header, b"connect.sid", UNSIGN)
            best = min(best, time.perf_counter() - start)
        return best

    small = max(seconds(4096), 2e-6)
    assert seconds(65_536) < 16 * 8 * small  # quadratic: 16 * 16


class Noting(Signer):
    """A signer that counts how often it is asked."""

    asked = 0

    def unsign(self, value):
        self.asked += 1
        return super().unsign(value)


def test_a_signature_is_checked_once_for_all_requests_of_a_browser():
    """A cookie that was genuine once is recognized, and still gives the same id."""
    signer = Noting(SECRET)
    unsign = unsigning(signer)
    header = f"connect.sid={GOOD}".encode()
    assert [["id"]] * 3 == [signed_ids(header, b"connect.sid", unsign) for _ in range(3)]
    assert 1 == signer.asked


def test_no_flood_of_forged_cookies_drives_the_genuine_ones_out():
    """Forged cookies are checked each time and remembered never: the others stay recognized."""
    signer = Noting(SECRET)
    unsign = unsigning(signer)
    forged = [f"s%3Aid{number}.{'A' * 43}".encode() for number in range(5000)]
    assert "id" == unsign(GOOD.encode())
    assert {None} == {unsign(value) for value in [*forged, forged[0]]}
    before = signer.asked
    assert "id" == unsign(GOOD.encode())
    assert before == signer.asked


def test_what_one_secret_recognized_another_does_not():
    """Another middleware in the same process, with another secret, knows nothing of it."""
    assert "id" == UNSIGN(GOOD.encode())
    assert unsigning(Signer("another secret " * 3))(GOOD.encode()) is None
