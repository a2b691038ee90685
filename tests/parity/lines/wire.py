"""W: the cookie on the wire."""

import re
from urllib.parse import quote

from ..listing import ASGI, EXPRESS, elsewhere, line
from ..visitor import signed

OLD, NEW = "the secret of last year, long enough", "the secret of this year, long enough"


def as_cookie(value: str) -> str:
    return quote(value, safe="!~*'()")


@line(
    "W1",
    "The value is the escaped `s:`, the id, a dot and the signature; then come path and `HttpOnly`.",
    both=(True, ["Path=/", "HttpOnly"]),
)
def form(visit):
    answer = visit.get("count")
    return answer.value == as_cookie(signed(visit.sid)), answer.shared_attributes


@line(
    "W1",
    "By default the cookie says nothing about other sites and nothing about HTTPS.",
    express=["Path=/", "HttpOnly"],
    here=["Path=/", "HttpOnly", "SameSite=Lax"],
    why="`SameSite=Lax` is said always, and `Secure` on HTTPS: no browser has to guess.",
    harness={"bare": True},
)
def defaults(visit):
    return visit.get("count").attributes
