"""D: what is written, and when the cookie is sent (D0 is the matrix; to D6)."""

from ..listing import elsewhere, line


def seen(visit, page, **request):
    """The calls on the store, and `+C` when the browser is told an id."""
    told = visit.get(page, **request).told
    calls = visit.calls
    return f"{calls} +C" if told == "an id" else calls


MINUTE = {"max_age": 60}
USUAL = {"touch_interval": None}
"""This package's default; in all other tests each touch is written, as there."""
ALL = {"resave": True, "rolling": True, "save_uninitialized": True, "cookie": MINUTE}

MATRIX = {
    # what a new session only read leads to, a new one changed, a known one read, and changed
    "nothing": ({}, ["", "set +C", "get,touch", "get,set"]),
    "lifetime": ({"cookie": MINUTE}, ["", "set +C", "get,touch", "get,set +C"]),
    "rolling": ({"rolling": True}, ["", "set +C", "get,touch +C", "get,set +C"]),
    "save_new": ({"save_uninitialized": True}, ["set +C", "set +C", "get,touch", "get,set"]),
    "resave": ({"resave": True}, ["", "set +C", "get,set", "get,set"]),
    "all": (ALL, ["set +C", "set +C", "get,set +C", "get,set +C"]),
}

for _case, (_options, _seen) in MATRIX.items():
    _names = " and ".join(f"`{'max_age' if n == 'cookie' else n}`" for n in _options) or "no option"

    @line(
        "D0",
        f"With {_names}: new and read, {_seen[0] or '-'}; new and changed, {_seen[1]}; "
        f"known and read, {_seen[2]}; known and changed, {_seen[3]} (`+C`: with a cookie).",
        both=_seen,
        case=_case,
        **_options,
    )
    def matrix(visit):
        return [
            seen(visit, "show", cookie=None),
            seen(visit, "count", cookie=None),
            seen(visit, "show"),
            seen(visit, "count"),
        ]


@line(
    "D0",
    "A store that cannot touch leaves the end of what was only read.",
    both=86_390_000,
    harness={"touchless": True},
)
def no_touch(visit):
    visit.get("count")
    visit.clock.advance(10)
    visit.get("show")
    return visit.lives


@line("D0", "A change deep in the data is one.", both=("get,set", [{"user": {"name": "b"}}]))
def deep_change(visit):
    visit.seed({"user": {"name": "a"}})
    return seen(visit, "dig", key="user", inner="name", value="b"), visit.rows


@line(
    "D0",
    "So is one of a key `cookie` below the top.",
    both=("get,set", [{"user": {"cookie": "b"}}]),
)
def inner_cookie(visit):
    visit.seed({"user": {"cookie": "a"}})
    return seen(visit, "dig", key="user", inner="cookie", value="b"), visit.rows


@line("D0", "A key that is set and deleted again is no change.", both=("get,touch", [{"a": 1}]))
def set_and_unset(visit):
    visit.seed({"a": 1})
    return seen(visit, "set-and-unset"), visit.rows


@line(
    "D0",
    "Keys in another order are a change.",
    express="get,set",
    here="get,touch",
    why="They are none: saving merges by key, where order says nothing.",
)
def order_of_keys(visit):
    visit.seed({"a": 1, "b": 2})
    return seen(visit, "reorder")


@line(
    "D1",
    "Each request moves the end to a whole lifetime from now: read, changed or touched.",
    both=[60_000, 60_000, 60_000],
    cookie=MINUTE,
)
def sliding_end(visit):
    visit.get("count")
    lives = []
    for page in ("show", "count", "touch"):
        visit.clock.advance(30)
        visit.get(page)
        lives.append(visit.lives)
    return lives


@line(
    "D1",
    "Each request that only reads writes the new end.",
    express=("get,touch", 100_000),
    here=("get", 95_000),
    why="Within a tenth of the lifetime it writes nothing; `touch_interval` says how long.",
    cookie={"max_age": 100},
    ours=USUAL,
)
def touch_interval(visit):
    visit.get("count")
    visit.clock.advance(5)
    visit.site.calls()
    return seen(visit, "show"), visit.lives


@line(
    "D1",
    "Saving writes the new end into the row's `cookie` too.",
    express="2026-11-18T11:08:10.000Z",
    here="2026-11-18T11:07:40.000Z",
    why="The column says when it ends, as after a touch; only another lifetime is written there.",
    cookie=MINUTE,
)
def end_in_the_data(visit):
    visit.get("count")
    visit.clock.advance(30)
    visit.get("count")
    return visit.stored_cookie["expires"]


@line(
    "D2",
    "Another `cookie.maxAge` alone is no change: it is touched, not saved, and not sent.",
    express=("get,touch", 60_000),
    here=("get,set +C", 30_000),
    why="It is saved and sent: row and browser end together.",
    cookie=MINUTE,
)
def lifetime_alone(visit):
    visit.get("count")
    visit.site.calls()
    return seen(visit, "max-age", ms="30000"), visit.stored_cookie["originalMaxAge"]


@line("D2", "A lifetime is not what makes a new session.", both=("", []))
def lifetime_of_new(visit):
    return seen(visit, "max-age", ms="30000"), visit.rows


@line(
    "D2",
    "After a touch the next request reads the time left from the stale `cookie` of the row.",
    express={"left": 10_000, "whole": 60_000},
    here={"left": 40_000, "whole": 60_000},
    why="What is left is what the column says.",
    cookie=MINUTE,
)
def time_left(visit):
    visit.get("count")
    visit.clock.advance(30)
    visit.get("show")
    visit.clock.advance(20)
    return visit.get("cookie").json


@line(
    "D3",
    "`regenerate()` ends the old session and makes an empty one, saved and sent though empty.",
    both=("get,destroy,set +C", True, [{}]),
)
def regenerate(visit):
    old = visit.seed({"a": 1})
    return seen(visit, "regenerate"), visit.sid not in ("", old), visit.rows


@line("D3", "What is put in after it belongs to the new session.", both=[{"b": "2"}])
def regenerate_and_set(visit):
    visit.seed({"a": 1})
    visit.get("regenerate", b="2")
    return visit.rows


@line(
    "D3",
    "A sign-in that keeps the data carries them over by hand.",
    express=("get,destroy,set +C", True, [{"a": 1, "user": "7"}]),
    here=("get,get,destroy,set +C", True, [{"a": 1, "user": "7"}]),
    why="`rotate()` does, and takes along what parallel requests have saved meanwhile.",
)
def rotate(visit):
    old = visit.seed({"a": 1})
    return seen(visit, "rotate", user="7"), visit.sid not in ("", old), visit.rows


@line(
    "D3",
    "A session that was never saved is destroyed all the same.",
    express="destroy,set +C",
    here="set +C",
    why="The store is not told: it has nothing to destroy.",
)
def regenerate_new(visit):
    return seen(visit, "regenerate")


@line(
    "D4",
    "`save()` after `regenerate()`, and the end of the request saves once more.",
    express="get,destroy,set,set +C",
    here="get,destroy,set,get +C",
    why="It is saved once. Before its id goes out, the store is asked whether it still lives.",
    ours=USUAL,
)
def regenerate_and_save(visit):
    visit.seed({"a": 1})
    return seen(visit, "regenerate-and-save", b="2")


@line(
    "D5",
    "After `save()` a new session is not saved again.",
    express="set +C",
    here="set,get +C",
    why="Nor here. Before its id goes out, the store is asked whether it still lives.",
    ours=USUAL,
)
def save_new(visit):
    return seen(visit, "save", a="1")


@line(
    "D5",
    "After `save()` a known one is touched.",
    express="get,set,touch",
    here="get,set",
    why="It is not: saving has moved its end.",
    ours=USUAL,
)
def save_known(visit):
    visit.seed({"a": 1})
    return seen(visit, "save", b="2")


@line(
    "D5",
    "One with a lifetime has its cookie sent, too.",
    express="get,set,touch +C",
    here="get,set,get +C",
    why="So it has here, but for the touch; the store is asked whether the session still lives.",
    cookie=MINUTE,
    ours=USUAL,
)
def save_known_with_lifetime(visit):
    visit.get("count")
    visit.site.calls()
    return seen(visit, "save", b="2")


@line(
    "D5",
    "What changes after `save()` is saved too.",
    both=("get,set,set", [{"a": 1, "after": "yes", "b": "2"}]),
)
def save_then_set(visit):
    visit.seed({"a": 1})
    return seen(visit, "save-then-set", b="2"), visit.rows


@line(
    "D6",
    "`reload()` drops what changed, and reads again.",
    both=({"a": 1}, "get,get,touch", [{"a": 1}]),
)
def reload(visit):
    visit.seed({"a": 1})
    data = visit.get("reload").json
    return data, visit.calls, visit.rows


@line("D6", "There being nothing to reload is an error.", both="failed")
def reload_nothing(visit):
    return visit.get("reload").json


elsewhere("D5", "`save()` may be called without a callback.", "WSGI calls it, and ASGI awaits it.")
