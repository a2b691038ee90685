"""G: the objects that a handler meets."""

from ..listing import elsewhere, line

MINUTE = {"max_age": 60}


@line(
    "G1",
    "`session.touch()` counts as use of the session.",
    both=("get,touch", 60_000),
    cookie=MINUTE,
)
def touch(visit):
    visit.get("count")
    visit.clock.advance(30)
    visit.site.calls()
    visit.get("touch")
    return visit.calls, visit.lives


@line("G1", "The session says its id.", both=True)
def session_id(visit):
    visit.get("count")
    return visit.get("id").json == visit.sid


@line(
    "G2",
    "`session.cookie` says how long is left, and how long it was given.",
    both=[{"left": 60_000, "whole": 60_000}, {"left": 50_000, "whole": 60_000}],
    cookie=MINUTE,
)
def cookie_times(visit):
    new = visit.get("cookie").json
    visit.get("count")
    visit.clock.advance(10)
    return [new, visit.get("cookie").json]


@line("G2", "Without a lifetime neither is said.", both={"left": None, "whole": None})
def no_times(visit):
    return visit.get("cookie").json


elsewhere(
    "G2",
    "`session.cookie` has the other attributes too, and each session may have its own.",
    "They are the configuration's alone; `cookie` may be a function of the request.",
)
elsewhere(
    "G3",
    "The module offers `Store`, `Session`, `Cookie` and `MemoryStore`.",
    "`SessionMiddleware`, `Session`, `SessionCookie` and `CookieOptions` are in "
    "`connect_sqlite.asgi` and `.wsgi`, the stores in `connect_sqlite`.",
)


@line(
    "G4",
    "Of two middlewares on one store the later one's cookie options count for both.",
    express=60_000,
    here=None,
    why="Each has its own; the store is not changed by them.",
    harness={"another": True},
)
def two_middlewares(visit):
    visit.get("count")
    return visit.stored_cookie["originalMaxAge"]


elsewhere(
    "G4",
    "A store is an event emitter with `get`, `set` and `destroy`, and perhaps `touch`, `all`, "
    "`length` and `clear`.",
    "A store has every call of one contract ([tests/store](../tests/store)).",
)
elsewhere(
    "G5",
    "`MemoryStore` keeps text in memory; its `all` is an object by ids.",
    '`SQLiteStore(":memory:")` is the real store without a file, and `all()` a list '
    "([tests/store](../tests/store)).",
)
