"""E: what goes out first, the response or the save."""

from ..listing import elsewhere, line

WAITS = "The store answers before the first byte goes out: what the browser asks next finds it."


def begins_before_it_is_saved(visit, page, **request):
    visit.site.hold()
    pending = visit.begin(page, a="1", **request)
    visit.site.wait_until_held()
    begun = pending.has_begun()
    visit.site.release()
    answer = pending.answer()
    assert "an id" == answer.told
    assert [{"a": "1"}] == visit.rows
    return begun, answer.body


@line(
    "E1",
    "The headers and all but the end of the body go out before the session is saved.",
    express=(True, "first last"),
    here=(False, "first last"),
    why=WAITS,
)
def stream(visit):
    return begins_before_it_is_saved(visit, "stream")


@line(
    "E2", "Without a body the headers wait too; `HEAD` saves and sends as `GET`.", both=(False, "")
)
def no_body(visit):
    return begins_before_it_is_saved(visit, "set", method="HEAD")


@line(
    "E3",
    "So a redirect can be followed before the session is saved.",
    express=(True, "Found. Redirecting to /show"),
    here=(False, "Found. Redirecting to /show"),
    why=WAITS,
)
def redirect(visit):
    return begins_before_it_is_saved(visit, "redirect")


@line(
    "E4",
    "When saving fails the visitor gets the page and the cookie of a session that is not there.",
    express=(200, "an id", ["Error"]),
    here=(503, "nothing", []),
    why="The answer is 503, never a success that was not.",
)
def failing_save(visit):
    visit.site.fail("set")
    answer = visit.get("set", a="1")
    return answer.status, answer.told, visit.site.errors()


@line(
    "E4",
    "So when touching fails, and when destroying does.",
    express=[(200, ["Error"]), (200, ["Error"])],
    here=[(503, []), (503, [])],
    why="503 again: a sign-out that did not happen must not look like one.",
    unset="destroy",
)
def failing_end(visit):
    seen = []
    for call, page in (("touch", "show"), ("destroy", "null")):
        visit.site.forget()
        visit.seed({"a": 1})
        visit.site.fail(call)
        seen.append((visit.get(page).status, visit.site.errors()))
    return seen


@line(
    "E5",
    "An attribute that cannot be written leaves the response without its cookie.",
    express=("nothing", ["TypeError"]),
    here="ValueError",
    why="It is an error when the middleware is built.",
    cookie={"domain": "two words"},
)
def bad_attribute(visit):
    return visit.refused or (visit.get("count").told, visit.site.errors())


@line(
    "E6",
    "A store may call back at once or later.",
    both=("get,set", {"n": 2}),
    harness={"deferred": True},
)
def later_answers(visit):
    visit.get("count")
    visit.site.calls()
    data = visit.get("count").json
    return visit.calls, data


elsewhere(
    "E6",
    "One store may do the one, and another the other.",
    "ASGI awaits its store, WSGI calls one that blocks, and each refuses the other's.",
)
