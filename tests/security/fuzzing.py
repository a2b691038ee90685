"""Coverage-guided fuzzing of what reads the `Cookie` header: `python -m tests.security.fuzzing`.

Headers are mutated at random; one that takes the reader a way that no other took is kept in
corpus/cookies.txt, for the tests to try each time.  What each must give is worked out by a second
reader that is slow and plain.
"""

import argparse
import hashlib
import hmac
import random
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from urllib.parse import unquote_to_bytes

from connect_sqlite._session import cookie, signing
from connect_sqlite._session.cookie import signed_ids, unsigning
from connect_sqlite._session.signing import Signer

__all__ = ["CORPUS", "NAME", "SECRET", "check", "load", "mutated", "ways"]

NAME = b"connect.sid"
SECRET = "a secret for tests, 32 bytes or more"
CORPUS = Path(__file__).parent / "corpus" / "cookies.txt"
_FILES = {cookie.__file__, signing.__file__}
_LONGEST = 4096

Edge = tuple[str, int, int]


def signature(sid: bytes) -> bytes:
    """As cookie-signature makes it."""
    return b64encode(hmac.new(SECRET.encode(), sid, hashlib.sha256).digest()).rstrip(b"=")


def signed(sid: bytes) -> bytes:
    return b"s:" + sid + b"." + signature(sid)


_PIECES = [
    *(
        NAME,
        NAME + b"=",
        b";",
        b"; ",
        b"=",
        b" ",
        b"\t",
        b"\xa0",
        b'"',
        b"%",
        b"%00",
        b"%2",
        b"%3B",
    ),
    *(
        b"s:",
        b"s%3A",
        b"s%3a",
        b".",
        b"\0",
        b"\r\n",
        b"\xff",
        b"$Version=1; ",
        b"a=b; ",
        b"\xc3\xa9",
    ),
    *(signed(b"id"), signed(b"id").replace(b":", b"%3A"), signed(b"a.b"), signed(b"")),
    *(signed(b"\xff"), signed(b"x" * 255), signed(b"x" * 256), signed(b"\xc3\xa9"), b"A" * 43),
]


def seeds() -> list[bytes]:
    """Each piece as a value, and each before, inside and behind a genuine cookie."""
    genuine = signed(b"id")
    cookie, other = NAME + b"=" + genuine, NAME + b"=" + signed(b"other")
    several = [
        NAME + b'="' + genuine + b'"',
        NAME + b"=" + signed(b"100%"),
        b"; ".join([cookie, cookie, cookie, other]),
        b"; ".join([other] + [NAME + b"=" + signed(each) for each in (b"1", b"2", b"3")]),
    ]
    return several + [
        header
        for piece in _PIECES
        for header in (
            NAME + b"=" + piece,
            piece + NAME + b"=" + genuine,
            NAME + piece + b"=" + genuine,
            NAME + b"=" + piece + genuine,
            NAME + b"=" + genuine + piece,
        )
    ]


def load() -> list[bytes]:
    """The stored headers."""
    lines = CORPUS.read_text("ascii").splitlines()
    return [line.encode("ascii").decode("unicode_escape").encode("latin-1") for line in lines]


def store(corpus: Iterable[bytes]) -> None:
    lines = sorted({each.decode("latin-1").encode("unicode_escape").decode() for each in corpus})
    CORPUS.write_text("".join(f"{line}\n" for line in lines), "ascii")


def mutated(rng: random.Random, corpus: list[bytes]) -> bytes:
    """A header made of one of these by a few changes."""
    header = bytearray(rng.choice(corpus))
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(header))
        to = min(len(header), at + rng.randint(0, 20))
        match rng.randrange(6):
            case 0:
                header[at:at] = rng.choice(_PIECES)
            case 1:
                header[at:to] = b""
            case 2:
                header[at:to] = rng.choice(corpus)[: rng.randint(0, 200)]
            case 3:
                header[at : at + 1] = bytes([rng.randrange(256)])
            case 4:
                header[at:at] = header[at:to] * rng.randint(1, 40)
            case 5:
                header[at:to] = rng.choice(_PIECES)
    return bytes(header[:_LONGEST])


def read(header: bytes) -> list[str]:
    """By a new reader, which remembers nothing."""
    return signed_ids(header, NAME, unsigning(Signer(SECRET)))


def check(header: bytes) -> None:
    """Raise unless the header gives what it must."""
    given, wanted = read(header), plainly(header)
    # Behind 32 places with the name in them nothing is looked at any more.
    if header.count(NAME) <= 32:
        assert wanted[:3] == given
    else:
        assert set(given) <= set(wanted)


def plainly(header: bytes) -> list[str]:
    """The ids of all its genuine cookies, each once, without a thought of time."""
    ids: list[str] = []
    for pair in header.split(b";"):
        name, _, value = pair.partition(b"=")
        if name.strip(b" \t") != NAME or len(value) > 1024:
            continue
        value = value.strip(b" \t")
        if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"'):
            value = value[1:-1]
        plain = unquote_to_bytes(value)
        whole = len(value) == len(plain) + 2 * value.count(b"%")
        sid, dot, mac = plain.removeprefix(b"s:").rpartition(b".")
        genuine = plain.startswith(b"s:") and dot and mac == signature(sid)
        if not (whole and genuine and 0 < len(sid) < 256 and b"\0" not in sid):
            continue
        try:
            text = sid.decode()
        except UnicodeDecodeError:
            continue
        if text not in ids:
            ids.append(text)
    return ids


def ways(act: Callable[[], Any]) -> set[Edge]:
    """From which line of the reader to which it went."""
    edges: set[Edge] = set()
    last: dict[CodeType, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in _FILES:
            return None
        if event == "call":
            last[code] = 0
        elif event == "line":
            edges.add((f"{code.co_filename}:{code.co_name}", last.get(code, 0), frame.f_lineno))
            last[code] = frame.f_lineno
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return edges


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tries", type=int, default=50_000)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    given = options.parse_args()
    print(f"seed {given.seed}")
    rng = random.Random(given.seed)
    corpus = [*load(), *seeds()]
    seen = set().union(*(ways(lambda each=each: read(each)) for each in corpus))
    kept = 0
    for _ in range(given.tries):
        header = mutated(rng, corpus)
        check(header)
        new = ways(lambda header=header: read(header)) - seen
        if new:
            seen |= new
            corpus.append(header)
            kept += 1
    store(corpus)
    print(f"{given.tries} headers, all read as they must be; {kept} of them went new ways")


if __name__ == "__main__":
    main()
