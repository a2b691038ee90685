"""L: how a session is found, and what is done when it is not."""

from ..listing import line
from ..visitor import NODES_COOKIE, signed


@line("L1", "Without a cookie the store is not asked.", both=({}, ""))
def no_cookie(visit):
    return visit.get("show").json, visit.calls


@line(
    "L2",
    "Nor with a cookie that is unsigned, wrongly signed or wrongly escaped.",
    both=([{}, {}, {}, {}], ""),
)
def no_signature(visit):
    visit.seed({"a": 1})
    good = signed("seeded")
    values = ("seeded", good[2:], good[:-1] + "~", good.replace(":", "%3") + "%")
    return [visit.get("show", cookie=value).json for value in values], visit.calls


@line(
    "L3",
    "An id that the store does not know is never adopted: a new one is made.",
    both=("get,set", "an id", True),
)
def unknown(visit):
    visit.cookie = signed("unknown")
    told = visit.get("count").told
    return visit.calls, told, visit.sid not in ("", "unknown")


@line(
    "L4",
    "An error `ENOENT` of the store counts as no session.",
    express=(200, "an id"),
    here=(503, "nothing"),
    why="The answer is 503: a store says that there is none by finding none.",
)
def not_found_error(visit):
    visit.seed({"a": 1})
    visit.site.fail("get", "ENOENT")
    answer = visit.get("count")
    return answer.status, answer.told


@line(
    "L5",
    "When the store fails the page is not asked, and the answer is 500, without a cookie.",
    express=(500, "nothing", "get"),
    here=(503, "nothing", "get"),
    why="The answer is 503, which says that it will pass.",
)
def failing_store(visit):
    visit.seed({"a": 1})
    visit.site.fail("get")
    answer = visit.get("count")
    return answer.status, answer.told, visit.calls


@line(
    "L5",
    'The same, and chosen: `on_store_error` is `"raise"`.',
    both=(500, "nothing", "get"),
    ours={"on_store_error": "raise"},
)
def raising_store(visit):
    visit.seed({"a": 1})
    visit.site.fail("get")
    answer = visit.get("count")
    return answer.status, answer.told, visit.calls


@line(
    "L5",
    "A row that is no JSON answers its visitor with 500 until it ends.",
    express=500,
    here={"n": 1},
    why="It counts as absent and is reported: nobody is locked out by it.",
)
def unreadable_row(visit):
    visit.seed(text="{broken")
    answer = visit.get("count")
    return answer.json if answer.status == 200 else answer.status


@line(
    "L6",
    "A row without `cookie` is an error, and answers with 500.",
    express=500,
    here={"a": 1},
    why="It loads with the defaults; what is written here always has a `cookie`.",
)
def row_without_cookie(visit):
    visit.seed({"a": 1}, cookie=None)
    answer = visit.get("show")
    return answer.json if answer.status == 200 else answer.status


@line(
    "L7",
    "A session whose end has passed is not found.",
    both=({"n": 1}, True),
    cookie={"max_age": 60},
)
def ended(visit):
    visit.get("count")
    before = visit.sid
    visit.clock.advance(60)
    return visit.get("count").json, visit.sid != before


@line(
    "L8",
    "While the store says that it is away, pages have no session at all.",
    express=[(200, None, ""), (200, {"a": 1}, "get,touch")],
    here=[(503, None, "get"), (200, {"a": 1}, "get,touch")],
    why="503: somebody who is signed in is never served as a stranger.",
)
def store_away(visit):
    visit.seed({"a": 1})
    seen = []
    for change in (visit.site.go_away, visit.site.come_back):
        change()
        answer = visit.get("show")
        seen.append((answer.status, answer.json if answer.status == 200 else None, visit.calls))
    return seen


@line(
    "L9",
    "A second middleware around the same request does nothing.",
    both=["connect.sid"],
    harness={"twice": True},
)
def twice(visit):
    return [each.partition("=")[0] for each in visit.get("count").set_cookies]


@line(
    "L10",
    "Data under the name of a method, or of `id`, are passed over and lost with the next save.",
    express=(["a"], [{"a": 1, "n": 1}]),
    here=(["a", "id", "touch"], [{"a": 1, "id": 2, "n": 1, "touch": 3}]),
    why="Data are items of a `dict`, and methods its attributes: they never meet.",
)
def names_of_methods(visit):
    visit.seed({"a": 1, "id": 2, "touch": 3})
    names = visit.get("names").json
    visit.get("count")
    return names, visit.rows


OTHER = {"path": "/", "httpOnly": False, "sameSite": "strict", "secure": False}


@line(
    "L11",
    "A stored lifetime outlives another configuration.",
    both=("Expires=Wed, 18 Nov 2026 11:08:20 GMT", 100_000),
    rolling=True,
    cookie={"max_age": 5},
)
def stored_lifetime(visit):
    lifetime = {"originalMaxAge": 100_000, "expires": "2026-11-18T11:08:20.000Z"}
    visit.seed({"a": 1}, **lifetime)
    said = visit.get("count").attributes
    return next(each for each in said if each.startswith("Expires")), visit.lives


@line(
    "L11",
    "So do the cookie's other stored attributes.",
    express=["Path=/", "SameSite=Strict"],
    here=["Path=/", "HttpOnly"],
    why="They are the configuration's: a hardened setting takes effect at once.",
    rolling=True,
)
def stored_attributes(visit):
    visit.seed({"a": 1}, cookie={**NODES_COOKIE, **OTHER})
    return visit.get("show").attributes
