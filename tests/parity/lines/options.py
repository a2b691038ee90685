"""O: the options and their defaults."""

import json

from ..listing import elsewhere, line
from ..visitor import START
from .wire import HTTPS


@line("O1", "`name` is the cookie's.", both=["shop"], name="shop")
def name(visit):
    answer = visit.get("count")
    assert {"n": 2} == visit.get("count").json
    return [each.partition("=")[0] for each in answer.set_cookies]


@line(
    "O1",
    "`key` says the same.",
    express=None,
    here="TypeError",
    why="It is refused: there is one word for it.",
    key="shop",
)
def alias(visit):
    return visit.refused


@line(
    "O2",
    "Without a secret, or with an empty one, every request is answered with 500.",
    express=500,
    here="ValueError",
    why="The application does not start: a deployment that cannot work should not look like one.",
    secret="",
)
def empty_secret(visit):
    return visit.refused or visit.get("show").status


@line("O2", "An empty list of secrets is refused at the start.", both=True, secret=[])
def no_secrets(visit):
    return bool(visit.refused)


elsewhere(
    "O2",
    "Without `secret`, that of `cookie-parser` serves (`req.secret`).",
    "The secret is the middleware's own.",
)
elsewhere(
    "O3",
    "Without `store` sessions are kept in memory, with a warning in production.",
    "`store` is required: what would be lost at the next restart is not chosen by silence.",
)


@line("O4", "A `genid` that is no function is refused at the start.", both="TypeError", genid=5)
def genid_of_another_type(visit):
    return visit.refused


@line(
    "O5",
    "`resave` is on by default: what was only read is saved, over what others saved meanwhile.",
    express="get,set",
    here="get",
    why="Off: what was only read is at most touched.",
    harness={"bare": True},
)
def resave(visit):
    visit.seed({"a": 1})
    visit.get("show")
    return visit.calls


@line(
    "O6",
    "`saveUninitialized` is on by default: every visitor gets a row and a cookie.",
    express=("set", "an id"),
    here=("", "nothing"),
    why="Off: who did nothing costs no row, and gets no cookie that would need consent.",
    harness={"bare": True},
)
def save_uninitialized(visit):
    told = visit.get("show").told
    return visit.calls, told


@line(
    "O7",
    "With `rolling` a known session's cookie goes out with each response; a new, empty one's not.",
    both=("nothing", "an id", "an id"),
    rolling=True,
)
def rolling(visit):
    return visit.get("show").told, visit.get("count").told, visit.get("nothing").told


@line("O8", "`unset` is `keep` or `destroy`; else it is refused.", both=True, unset="delete")
def unset(visit):
    return bool(visit.refused)


def is_secure(visit, *protocols):
    """Whether the cookie of `secure="auto"` is `Secure`, for each `X-Forwarded-Proto`."""
    answers = [
        visit.get("count", cookie=None, headers=[("X-Forwarded-Proto", p)]) for p in protocols
    ]
    return ["Secure" in answer.attributes for answer in answers]


AUTO = {"secure": "auto"}


@line(
    "O9",
    "With `proxy` the first word of `X-Forwarded-Proto` says whether it is HTTPS.",
    both=[True, True, True, False, False],
    proxy=True,
    cookie=AUTO,
)
def believed_proxy(visit):
    return is_secure(visit, "https", "https,http", " HTTPS ,x", "http, https", "")


@line("O9", "Without `proxy` it does not count.", both=[False], proxy=False, cookie=AUTO)
def disbelieved_proxy(visit):
    return is_secure(visit, "https")


@line(
    "O9",
    "When nothing is said of `proxy`, Express's setting `trust proxy` decides.",
    express=[True],
    here=[False],
    why="What the server says of the scheme counts; to know its proxies is the server's business.",
    harness={"trust": True},
    cookie=AUTO,
)
def framework_trusts(visit):
    return is_secure(visit, "https")


elsewhere(
    "O9",
    "A TLS connection is always secure.",
    "So is a request whose scheme the server gives as `https` or `wss` "
    "([tests/session/test_asgi.py](../tests/session/test_asgi.py)).",
)


@line(
    "O10",
    "`cookie` may be a function of the request.",
    both=([], ["Expires=Wed, 18 Nov 2026 11:07:40 GMT"]),
    cookie="chosen",
)
def cookie_function(visit):
    short = visit.get("count", cookie=None).shared_attributes
    long = visit.get("count", cookie=None, headers=[("X-Long", "1")]).shared_attributes
    return [a for a in short if "Expires" in a], [a for a in long if "Expires" in a]


@line(
    "O10",
    "An option of the cookie that does not exist is passed over.",
    express=None,
    here="TypeError",
    why="It is an error when the middleware is built, which names the option that was meant.",
    cookie={"http_olny": False},
)
def unknown_option(visit):
    return visit.refused


SECURE = {"secure": True}


@line(
    "O11",
    "With `secure`, over plain HTTP, the session is saved and its cookie not sent.",
    both=("nothing", [{"n": 1}]),
    cookie=SECURE,
)
def withheld(visit):
    return visit.get("count").told, visit.rows


@line(
    "O11",
    "So it is on the developer's own machine.",
    express="nothing",
    here="an id",
    why="There it is sent, as browsers accept it from `localhost`.",
    cookie=SECURE,
)
def at_home(visit):
    return visit.get("count", host="localhost:8000").told


@line(
    "O11",
    '`secure="auto"` follows the request that makes the session, and is stored as it came out.',
    both=[(False, False), (True, True)],
    cookie=AUTO,
    proxy=True,
)
def auto_secure(visit):
    seen = []
    for headers in ([], HTTPS):
        answer = visit.get("count", cookie=None, headers=headers)
        seen.append(("Secure" in answer.attributes, visit.stored_cookie["secure"]))
        visit.site.forget()
    return seen


def same_site_said(visit, headers=()):
    answer = visit.get("count", headers=headers)
    return [each for each in answer.attributes if each.startswith("SameSite")]


for value, said in {True: "Strict", "strict": "Strict", "lax": "Lax", False: ""}.items():

    @line(
        "O12",
        f"`sameSite: {json.dumps(value)}` is {f'`{said}`' if said else 'left out'}.",
        both=[f"SameSite={said}"] if said else [],
        cookie={"same_site": value},
        case=str(value).lower(),
    )
    def same_site(visit):
        return same_site_said(visit)


@line(
    "O12",
    '`sameSite="auto"` is `None` on HTTPS, else `Lax`.',
    both=(["SameSite=Lax"], ["SameSite=None"]),
    cookie={"same_site": "auto", "secure": "auto"},
    proxy=True,
)
def auto_same_site(visit):
    plain = same_site_said(visit)
    visit.cookie = None
    return plain, same_site_said(visit, HTTPS)


@line(
    "O12",
    "`none` is sent without `Secure`, and browsers then refuse the cookie.",
    express=None,
    here="ValueError",
    why="It is an error when the middleware is built.",
    cookie={"same_site": "none", "secure": False},
)
def none_in_the_clear(visit):
    return visit.refused


@line(
    "O13",
    "A `maxAge` of 0 ends at once.",
    both=["Expires=Wed, 18 Nov 2026 11:06:40 GMT"],
    cookie={"max_age": 0},
)
def no_time(visit):
    said = visit.get("count").attributes
    return [each for each in said if each.startswith("Expires")]


@line(
    "O13",
    "With a `maxAge` that is no number the server starts, and its requests hang.",
    express=False,
    here="TypeError",
    why="It is an error when the middleware is built.",
    cookie={"max_age": "60"},
)
def max_age_of_another_type(visit):
    return visit.refused or visit.begin("nothing").has_begun(leave=True)


@line(
    "O14",
    "A date of its end that the handler sets is a lifetime from then on: later requests move it.",
    both=(60_000, 60_000, 60_000),
)
def end_set(visit):
    visit.get("expires", at=str(START + 60_000), a="1")
    whole, lives = visit.stored_cookie["originalMaxAge"], visit.lives
    visit.clock.advance(30)
    visit.get("count")
    return whole, lives, visit.lives


@line(
    "O14",
    "A date of its end that has passed is sent as it is, and the session is gone.",
    both=("Expires=Thu, 01 Jan 1970 00:00:00 GMT", []),
)
def past_end(visit):
    visit.seed({"a": 1})
    said = visit.get("expires", at="0", a="2").attributes
    return next(each for each in said if each.startswith("Expires")), visit.rows


elsewhere(
    "O13",
    "A `Date` is taken for a `maxAge`, with a warning.",
    "A `timedelta` is taken for one ([tests/session/test_cookie_options.py]"
    "(../tests/session/test_cookie_options.py)).",
)


elsewhere(
    "O14",
    "The option `cookie.expires` gives all sessions one end; `false` makes a browser's session.",
    "There is no such option: after that day every session would be born dead. `max_age=None` is "
    "the other. `session.cookie.expires` is there.",
)


@line(
    "O15",
    "Outside of the cookie's path there is no session; how the path is spelt counts.",
    both=[{}, {}, None, None],
    cookie={"path": "/foo"},
)
def path(visit):
    return [visit.get(page).json for page in ("foo", "foo/show", "show", "FOO/show")]


@line(
    "O15",
    "A path that begins with the same letters is inside.",
    express={},
    here=None,
    why="Whole segments count, as in browsers: `/foobar` is not in `/foo`.",
    cookie={"path": "/foo"},
)
def path_beside(visit):
    return visit.get("foobar").json


@line(
    "O15",
    "The whole path counts, also where the application is mounted below another.",
    both=[{}, None],
    cookie={"path": "/shop/foo"},
    harness={"mount": "/shop"},
)
def mounted(visit):
    return [visit.get(page).json for page in ("shop/foo/show", "shop/show")]


@line(
    "O16",
    '`"auto"` from a function is not resolved: no cookie is sent, and on HTTPS an error comes.',
    express=("nothing", "nothing"),
    here=(["SameSite=Lax"], ["Secure", "SameSite=None"]),
    why="It is resolved as without a function.",
    cookie="auto",
    proxy=True,
)
def auto_from_function(visit):
    answers = [visit.get("count", cookie=None, headers=headers) for headers in ([], HTTPS)]
    return tuple(a.attributes[2:] if a.told == "an id" else a.told for a in answers)
