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
    "The value is the escaped `s:`, id, dot and signature; then come path and `HttpOnly`.",
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


@line(
    "W2",
    "The signature is the id's HMAC-SHA256 in base64 without padding; a secret counts as UTF-8.",
    both=True,
    secret="ein Schlüssel, der lang genug für alle ist",
)
def signature(visit):
    visit.get("count")
    return (
        as_cookie(signed(visit.sid, "ein Schlüssel, der lang genug für alle ist")) == visit.cookie
    )


ALL_ATTRIBUTES = {
    "domain": "shop.example",
    "max_age": 60,
    "secure": True,
    "partitioned": True,
    "priority": "high",
    "same_site": "lax",
}
HTTPS = [("X-Forwarded-Proto", "https")]


@line(
    "W3",
    "The attributes have a fixed order, and a lifetime is said as a date only.",
    express="Domain Path Expires HttpOnly Secure Partitioned Priority=High SameSite=Lax",
    here="Domain Path Expires Max-Age HttpOnly Secure Partitioned Priority=High SameSite=Lax",
    why="`Max-Age` goes beside it, which holds whatever the browser's clock says.",
    cookie=ALL_ATTRIBUTES,
    proxy=True,
)
def attributes(visit):
    said = visit.get("count", headers=HTTPS).attributes
    return " ".join(re.sub(r"^(Domain|Path|Expires|Max-Age)=.*", r"\1", each) for each in said)


@line(
    "W3",
    "The date is that of RFC 9110, in GMT.",
    both="Expires=Wed, 18 Nov 2026 11:07:40 GMT",
    cookie={"max_age": 60},
)
def date(visit):
    return visit.get("count").attributes[1]


@line(
    "W4",
    "A new id is made of 24 random bytes: 32 letters, digits, `-` and `_`.",
    express=32,
    here=43,
    why="32 random bytes, 43 characters; ids of theirs are accepted.",
)
def default_id(visit):
    visit.get("count")
    assert re.fullmatch(r"[\w-]+", visit.sid)
    return len(visit.sid)


@line("W4", "A session under such an id is found.", both={"a": 1})
def nodes_id(visit):
    visit.seed({"a": 1}, sid="aB3_-" + "x" * 27)
    return visit.get("show").json


@line("W4", "`genid` is given the request.", both=["of-this-request"], genid="asked")
def genid_asked(visit):
    visit.get("count", headers=[("X-Id", "of-this-request")])
    return visit.ids


@line(
    "W5",
    "An id may be any text; it is escaped in the cookie and found again.",
    both=("s%3Aa%2Fb%2Bc%20d%25%C3%A9.", {"n": 2}),
    genid="odd",
)
def odd_id(visit):
    visit.get("count")
    return visit.cookie[:27], visit.get("count").json


@line(
    "W5",
    "With an id that is no text the page is answered, and nothing is saved or sent.",
    express=(200, "nothing", ""),
    here=(500, "nothing", ""),
    why="A `genid` gone wrong is an error that names it: else every sign-in is lost in silence.",
    genid="number",
)
def id_of_another_type(visit):
    answer = visit.get("count")
    return answer.status, answer.told, visit.calls


@line("W6", "An id may have dots: the signature follows the last.", both={"a": 1})
def dots(visit):
    visit.seed({"a": 1}, sid="one.two.three")
    return visit.get("show").json


@line(
    "W6",
    "Of several secrets the first signs, and each is accepted.",
    both=(True, {"a": 1}, {"a": 1}),
    secret=[NEW, OLD],
)
def secrets(visit):
    visit.get("count")
    signs = as_cookie(signed(visit.sid, NEW)) == visit.cookie
    visit.seed({"a": 1}, sid="seeded")
    old, new = (visit.get("show", cookie=signed("seeded", each)).json for each in (OLD, NEW))
    return signs, old, new


@line("W6", "A signature of another secret is none.", both=({}, ""))
def wrong_secret(visit):
    visit.seed({"a": 1}, secret=OLD)
    return visit.get("show").json, visit.calls


def forms(visit, *fields):
    """What each of these `Cookie` fields leads to."""
    visit.seed({"a": 1})
    return [visit.get("show", cookie=None, headers=[("Cookie", field)]).json for field in fields]


@line(
    "W7",
    "The value counts unescaped, in quotes, needlessly escaped, or with blanks around it.",
    both=[{"a": 1}] * 4,
)
def spellings(visit):
    plain = signed("seeded")
    return forms(
        visit,
        f"connect.sid={plain}",
        f'connect.sid="{as_cookie(plain)}"',
        f"connect.sid=%73%3A{as_cookie(plain[2:])}",
        f"other=1;  connect.sid = {as_cookie(plain)} ; more=2",
    )


@line("W7", "Half a pair of quotes makes it none.", both=[{}, {}])
def half_quoted(visit):
    return forms(visit, f'connect.sid="{signed("seeded")}', f'connect.sid={signed("seeded")}"')


@line(
    "W7",
    "Of several cookies of the name only the first is looked at, be it garbage or long dead.",
    express=[{}, {}],
    here=[{"a": 1}, {"a": 1}],
    why=(
        "Of those whose signature holds, three at most are tried, and the first that the store "
        "knows is used: a dead one in front would lock the visitor out."
    ),
)
def several(visit):
    good = f"connect.sid={signed('seeded')}"
    dead = f"connect.sid={signed('long-dead')}"
    return forms(visit, f"connect.sid=garbage; {good}", f"{dead}; {good}")


@line(
    "W7",
    "Several `Cookie` fields count as one. (Not tried in WSGI, where the server joins them.)",
    both={"a": 1},
    sites=(EXPRESS, ASGI),
)
def several_fields(visit):
    visit.seed({"a": 1})
    return visit.get("show", headers=[("Cookie", "other=1")]).json


@line(
    "W8",
    "A session signed with an old secret keeps its id, and its cookie is not sent anew.",
    both=({"n": 1}, "nothing", "seeded"),
    secret=[NEW, OLD],
)
def old_signature(visit):
    visit.seed(secret=OLD)
    answer = visit.get("count")
    return answer.json, answer.told, visit.sid


@line(
    "W8",
    "When its cookie is sent for another reason, the present secret signs it.",
    both=True,
    secret=[NEW, OLD],
    rolling=True,
)
def signed_anew(visit):
    visit.seed(secret=OLD)
    return as_cookie(signed("seeded", NEW)) == visit.get("show").value


@line(
    "W9",
    "The application's own cookies go out too, and the session's comes last.",
    both=["one", "two", "connect.sid"],
)
def own_cookies(visit):
    answer = visit.get("own-cookies", a="1")
    return [each.partition("=")[0] for each in answer.set_cookies]


@line(
    "W10",
    "No cookie is ever deleted in the browser, at sign-out neither.",
    express=[],
    here=["connect.sid=", "Path=/", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Max-Age=0"],
    why="`destroy()` deletes it: what stays behind is sent with every request, for nothing.",
)
def goodbye(visit):
    visit.seed({"a": 1})
    return [each for said in visit.get("destroy").set_cookies for each in said.split("; ")][:4]


elsewhere(
    "W2",
    "A secret may be a `Buffer` or a `KeyObject`.",
    "`bytes` ([tests/session/test_signing.py](../tests/session/test_signing.py))",
)
