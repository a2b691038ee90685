"""D: sessions that are ended, and what happens late (D7 to D14)."""

from ..listing import elsewhere, line


def seen_ending(visit, page, **query):
    """The calls on the store, what the browser is told, and what is left in the store."""
    told = visit.get(page, **query).told
    visit.site.rest()
    return visit.calls, told, visit.rows


GOODBYE = "The cookie is deleted in the browser too."


@line(
    "D7",
    "`destroy()` ends the session in the store; the browser is told nothing.",
    express=("get,destroy", "nothing", []),
    here=("get,destroy", "that it is over", []),
    why=GOODBYE,
)
def destroy(visit):
    visit.seed({"a": 1})
    return seen_ending(visit, "destroy")


@line("D7", "Nothing is left of its data in the request.", both={"left": None})
def destroyed_data(visit):
    visit.seed({"a": 1})
    return visit.get("destroy").json


@line(
    "D7",
    "A session that was never saved is destroyed in the store too.",
    express=("destroy", "nothing", []),
    here=("", "that it is over", []),
    why="The store has nothing to destroy; the cookie is deleted, for a sign-out is answered.",
)
def destroy_new(visit):
    return seen_ending(visit, "destroy")


@line(
    "D7",
    'With `unset="destroy"` the store is told twice.',
    express=("get,destroy,destroy", "nothing", []),
    here=("get,destroy", "that it is over", []),
    why="Once. " + GOODBYE,
    unset="destroy",
)
def destroy_twice(visit):
    visit.seed({"a": 1})
    return seen_ending(visit, "destroy")


@line(
    "D8",
    "A session set to null is left as it is in the store, whatever was changed before.",
    both=("get", "nothing", [{"a": 1}]),
)
def null(visit):
    visit.seed({"a": 1})
    return seen_ending(visit, "null", b="2")


@line("D8", "So is one deleted from the request.", both=("get", "nothing", [{"a": 1}]))
def delete(visit):
    visit.seed({"a": 1})
    return seen_ending(visit, "delete")


@line("D8", "A new one is not saved then.", both=("", "nothing", []))
def null_new(visit):
    return seen_ending(visit, "null", b="2")


@line("D8", "Nor with `save_uninitialized`.", both=("", "nothing", []), save_uninitialized=True)
def null_uninitialized(visit):
    return seen_ending(visit, "null")


@line(
    "D8",
    'With `unset="destroy"` it is destroyed.',
    express=("get,destroy", "nothing", []),
    here=("get,destroy", "that it is over", []),
    why=GOODBYE,
    unset="destroy",
)
def null_destroys(visit):
    visit.seed({"a": 1})
    return seen_ending(visit, "null")


@line(
    "D8",
    'With `unset="destroy"` so is one deleted from the request, be it new.',
    express=("destroy", "nothing", []),
    here=("", "that it is over", []),
    why="The store has nothing to destroy; the cookie is deleted, for a sign-out is answered.",
    unset="destroy",
)
def delete_new_destroys(visit):
    return seen_ending(visit, "delete")


@line(
    "D8",
    "A session left without data stays.",
    express=("get,set", "nothing", [{}]),
    here=("get,destroy", "that it is over", []),
    why="`clear()` is how many sign out: it ends the session, here and in the browser.",
)
def cleared(visit):
    visit.seed({"a": 1})
    return seen_ending(visit, "clear")


@line("D9", "The id cannot be assigned.", both=True)
def assign_id(visit):
    visit.seed({"a": 1})
    return visit.get("assign-id").json


@line("D9", "Whoever goes through its keys meets data alone.", both=["a", "n"])
def keys(visit):
    visit.seed({"a": 1})
    visit.get("count")
    return visit.get("names").json


@line(
    "D10",
    "What changes a new session once the headers are out is saved, under an id that nobody has.",
    express=("set", "nothing", [{"a": "1"}]),
    here=("", "nothing", []),
    why="Nobody could find that row: it is not written, and the log says so.",
)
def late_new(visit):
    return seen_ending(visit, "late-set", a="1")


@line(
    "D10", "What changes a known session then is saved.", both=("first last", [{"a": 1, "b": "2"}])
)
def late_known(visit):
    visit.seed({"a": 1})
    body = visit.get("late-set", b="2").body
    visit.site.rest()
    return body, visit.rows


def meanwhile(visit, slow, quick):
    """A request that is late to write, and another one in the meantime."""
    visit.seed({"a": 1})
    visit.site.hold()
    pending = visit.begin("set", **slow)
    visit.site.wait_until_held()
    visit.get(*quick[:1], **(quick[1] if len(quick) > 1 else {}))
    visit.site.release()
    pending.answer()
    return visit.rows


@line(
    "D11",
    "Of two parallel requests the one that writes last undoes what the other wrote.",
    express=[{"a": 1, "slow": "1"}],
    here=[{"a": 1, "quick": "1", "slow": "1"}],
    why="Their changes meet, per key.",
)
def parallel(visit):
    return meanwhile(visit, {"slow": "1"}, ("set", {"quick": "1"}))


@line(
    "D11",
    'The same, and chosen: `on_conflict` is `"replace"`.',
    both=[{"a": 1, "slow": "1"}],
    ours={"on_conflict": "replace"},
)
def parallel_replacing(visit):
    return meanwhile(visit, {"slow": "1"}, ("set", {"quick": "1"}))


@line(
    "D11",
    "A sign-out is undone by a request that is late to write.",
    express=[{"a": 1, "slow": "1"}],
    here=[],
    why="What was ended stays so.",
)
def late_after_sign_out(visit):
    return meanwhile(visit, {"slow": "1"}, ("destroy",))


@line(
    "D12",
    "What a handler changed before it failed is saved and sent, with the page of status 500.",
    express=(500, "an id", [{"a": "1"}]),
    here=(500, "nothing", []),
    why="Neither, for it stopped midway.",
)
def failing_handler(visit):
    answer = visit.get("throw", a="1")
    return answer.status, answer.told, visit.rows


@line(
    "D12",
    "The same, and chosen: `save_on_error`.",
    both=(500, "an id", [{"a": "1"}]),
    ours={"save_on_error": True},
)
def failing_handler_saved(visit):
    answer = visit.get("throw", a="1")
    return answer.status, answer.told, visit.rows


elsewhere(
    "D13",
    "A response that is ended again stays as it is.",
    "Neither gateway has such a call: the server refuses what comes after a response's end.",
)


@line(
    "D14",
    "A session lives on while it is used within its lifetime, and ends when it was not.",
    both=[True, True, False],
    cookie={"max_age": 100},
)
def lifetime(visit):
    visit.get("count")
    first, same = visit.sid, []
    for seconds in (60, 60, 130):
        visit.clock.advance(seconds)
        visit.get("count")
        same.append(visit.sid == first)
    return same
