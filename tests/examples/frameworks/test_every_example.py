"""The same app in every framework and under every server: what it answers, over HTTP."""

import re

import httpx
import pytest
from apps import everywhere, where_the_cookie_is_ours
from browsers import HERE, SECRET, Browser, SlowNote, anybody

from connect_sqlite import SQLiteStore, handle_of
from connect_sqlite._session.signing import Signer, new_id

SIGN_IN_FIRST = {"error": "Sign in first."}
GUARDED = [
    ("GET", "/account"),
    ("POST", "/notes"),
    ("GET", "/sessions"),
    ("DELETE", "/sessions/0000000000000000000000"),
    ("DELETE", "/sessions"),
    ("POST", "/sign-out"),
]


def is_refused(response: httpx.Response, status: int) -> bool:
    """Whether it is that status, with an error in words and nothing else."""
    if response.status_code != status:
        return False
    answer = response.json()
    return {"error"} == set(answer) and isinstance(answer["error"], str)


@everywhere
def test_the_page_is_the_same(server, browser):
    """Every example serves the one page at `/`."""
    answer = browser().send("GET", "/")
    assert (200, "text/html") == (answer.status_code, answer.headers["content-type"][:9])
    assert (HERE / "index.html").read_bytes() == answer.content


@everywhere
def test_a_stranger_is_told_to_sign_in(server, browser):
    """Whatever a stranger asks for, the answer is 401 in words, and gives no cookie."""
    stranger = browser()
    stranger.send("GET", "/")
    for method, path in GUARDED:
        body = {"text": "a note"} if path == "/notes" else None
        answer = stranger.send(method, path, body)
        assert (401, SIGN_IN_FIRST) == (answer.status_code, answer.json()), path
    assert [] == [*stranger.client.cookies.jar]


@everywhere
def test_signing_in(server, browser):
    """Who signs in is known from then on, by the name without the spaces around it."""
    name = anybody("Mira Łukasiewicz 👋")
    visitor = browser()
    expected = {"framework": server.app.framework, "user": name, "notes": []}
    assert expected == visitor.good("POST", "/sign-in", {"name": f"  {name} "})
    assert expected == visitor.account
    assert "x" * 40 == browser().sign_in("x" * 40).account["user"]


@everywhere
@pytest.mark.parametrize("body", [{"name": n} for n in ("", "   ", "x" * 41, 5, None)] + [{}, []])
def test_a_wrong_name_is_refused(server, browser, body):
    """No name, or one that is too long or no text, signs nobody in."""
    visitor = browser()
    assert is_refused(visitor.send("POST", "/sign-in", body), 400)
    assert not visitor.is_known


@everywhere
@pytest.mark.parametrize("body", [b"", b"{", b'{"name": ', b"\xff\xfe", b'"text"', b"[1]"])
def test_what_is_not_json_is_refused(server, browser, body):
    """A body that cannot be read is the visitor's mistake, 400, and never the server's."""
    visitor = browser().sign_in(anybody())
    headers = {"Content-Type": "application/json"}
    for path in ("/sign-in", "/notes"):
        assert is_refused(visitor.client.post(path, content=body, headers=headers), 400)
    assert [] == visitor.account["notes"]


@everywhere
def test_notes_add_up(server, browser):
    """Each note is there after those before it, as it was typed."""
    visitor = browser().sign_in(anybody())
    typed = ["first", "<b>second</b> & 'third'", "żółć 👋"]
    seen = [visitor.note(text)["notes"] for text in typed]
    assert [typed[:1], typed[:2], typed] == seen
    assert typed == visitor.account["notes"]


@everywhere
def test_the_id_changes_with_the_user(server, browser):
    """Signing in ends the old id and keeps the data: who knew the old cookie knows nothing."""
    visitor = browser().sign_in(anybody())
    visitor.note("from before")
    old, before = visitor.copy(), visitor.handle
    name = anybody("Jonas")
    visitor.sign_in(name)
    assert visitor.cookie not in (None, old.cookie)
    assert before != visitor.handle
    assert (name, ["from before"]) == (visitor.account["user"], visitor.account["notes"])
    assert not old.is_known


@everywhere
def test_an_id_that_has_ended_is_not_taken_up_again(server, browser):
    """Signing in with the cookie of a session that was ended makes a session of another id."""
    visitor = browser().sign_in(anybody())
    thief, ended = visitor.copy(), visitor.handle
    visitor.good("POST", "/sign-out")
    old = thief.cookie
    victim = thief.copy().sign_in(anybody())
    assert old != victim.cookie
    assert ended != victim.handle
    assert not thief.is_known


@everywhere
def test_an_invented_id_is_not_taken_up(server, browser):
    """A cookie that somebody made up is nobody's, and signing in with it gives another."""
    for invented in ("0123456789abcdefghijklmnopqrstuv", "s:invented.signature", "x", "%00", "e30"):
        visitor = browser().with_cookie(invented)
        assert not visitor.is_known
        visitor.sign_in(anybody())
        assert invented != visitor.cookie
        assert not browser().with_cookie(invented).is_known


@everywhere
def test_a_cookie_that_was_tampered_with_is_nobodys(server, browser):
    """One character more, less, or another, and the cookie opens nothing."""
    visitor = browser().sign_in(anybody())
    cookie = visitor.cookie
    middle = len(cookie) // 2
    other = "A" if cookie[middle] != "A" else "B"
    for tampered in (
        cookie[:-1],
        cookie + "x",
        cookie[:middle] + other + cookie[middle + 1 :],
        cookie[:middle],
    ):
        assert not visitor.with_cookie(tampered).is_known
    assert visitor.is_known


@everywhere
def test_two_browsers_see_each_other(server, browser):
    """Both are in the list of each, and each knows which of them it is."""
    name = anybody()
    first, second = browser().sign_in(name), browser().sign_in(name)
    for one, other in ((first, second), (second, first)):
        lines = one.sessions
        assert [{"handle", "here", "framework"}] * 2 == [set(line) for line in lines]
        assert {server.app.framework} == {line["framework"] for line in lines}
        assert {one.handle: True, other.handle: False} == {
            line["handle"]: line["here"] for line in lines
        }


@everywhere
def test_one_browser_ends_the_other(server, browser):
    """The one that is ended is a stranger from its next request on; the other stays."""
    name = anybody()
    first, second = browser().sign_in(name), browser().sign_in(name)
    first.good("DELETE", f"/sessions/{second.handle}")
    assert (True, False) == (first.is_known, second.is_known)
    assert [first.handle] == [line["handle"] for line in first.sessions]


@everywhere
def test_a_browser_ends_itself_by_its_handle(server, browser):
    """Ending the session at hand is signing out."""
    visitor = browser().sign_in(anybody())
    copy = visitor.copy()
    visitor.good("DELETE", f"/sessions/{visitor.handle}")
    assert (False, False) == (visitor.is_known, copy.is_known)


@everywhere
def test_nobody_ends_sessions_of_others(server, browser):
    """Another user's handle is as unknown as one that does not exist, and ends nothing."""
    visitor, other = browser().sign_in(anybody()), browser().sign_in(anybody("Jonas"))
    for handle in (other.handle, handle_of("nobody"), "x", "%2e%2e", "%C3%BC"):
        assert is_refused(visitor.send("DELETE", f"/sessions/{handle}"), 404), handle
    assert (True, True) == (visitor.is_known, other.is_known)


@everywhere
def test_ending_all_others(server, browser):
    """All the user's other sessions end; this one stays, and so do other people's."""
    name = anybody()
    browsers = [browser().sign_in(name) for _ in range(3)]
    stranger = browser().sign_in(anybody("Jonas"))
    browsers[1].good("DELETE", "/sessions")
    assert [False, True, False] == [each.is_known for each in browsers]
    assert [browsers[1].handle] == [line["handle"] for line in browsers[1].sessions]
    assert stranger.is_known


@everywhere
def test_signing_out(server, browser):
    """The session is gone for everybody, the cookie is deleted, and a copy of it is worthless."""
    name = anybody()
    visitor, elsewhere = browser().sign_in(name), browser().sign_in(name)
    visitor.note("from before")
    copy = visitor.copy()
    visitor.good("POST", "/sign-out")
    assert visitor.cookie is None
    assert (False, False) == (visitor.is_known, copy.is_known)
    assert [True] == [line["here"] for line in elsewhere.sessions]
    assert [] == copy.sign_in(name).account["notes"] == visitor.sign_in(name).account["notes"]


@everywhere
def test_what_is_personal_is_for_no_shared_cache(server, browser):
    """An answer that depends on the cookie says so."""
    answer = browser().sign_in(anybody()).send("GET", "/account")
    assert "cookie" in answer.headers["vary"].lower()


@everywhere
def test_requests_that_wait_hold_up_nobody(server, browser):
    """While three requests of other browsers wait for their bodies, a fourth is served by another
    worker or thread, sees all of them, and ends one, which stays ended when its body has come."""
    name = anybody()
    first, *others = [browser().sign_in(name) for _ in range(4)]
    handles = [each.handle for each in others]
    slow = [SlowNote(each, f"slow {number}") for number, each in enumerate(others)]
    assert {first.handle, *handles} == {line["handle"] for line in first.sessions}
    first.good("DELETE", f"/sessions/{handles[1]}")
    answers = [each.finish() for each in slow]
    assert [b"200", b"200"] == [answers[place].split()[1] for place in (0, 2)]
    assert answers[1].split()[1] in (b"200", b"401")
    assert [True, False, True] == [each.is_known for each in others]
    assert [["slow 0"], ["slow 2"]] == [others[place].account["notes"] for place in (0, 2)]


@where_the_cookie_is_ours
def test_the_cookies_attributes(server, browser):
    """Scripts cannot read it, other sites' posts do not carry it, it is for the whole site and
    ends with the browser; signing out deletes the same one."""
    visitor = browser()
    given = visitor.send("POST", "/sign-in", {"name": anybody()})
    deleted = visitor.send("POST", "/sign-out")
    for answer in (given, deleted):
        (line,) = answer.headers.get_list("set-cookie")
        pair, *attributes = re.split("; *", line)
        assert pair.startswith("connect.sid=")
        words = {attribute.lower() for attribute in attributes}
        assert {"httponly", "samesite=lax", "path=/"} <= words
        ends = {word.split("=")[0] for word in words} & {"max-age", "expires"}
        assert (answer is deleted) == bool(ends)


@where_the_cookie_is_ours
def test_a_planted_session_is_not_the_users(server, browser):
    """What a visitor collected before signing in comes along, under an id that nobody knew."""
    sid = new_id()
    with SQLiteStore(server.database, indexes=("user.name",)) as store:
        store.create(sid, {"notes": ["from before"]})
    planted = signed(browser(), sid)
    visitor = planted.copy()
    assert not visitor.is_known
    visitor.sign_in(anybody())
    assert ["from before"] == visitor.account["notes"]
    assert handle_of(sid) != visitor.handle
    assert not planted.is_known


@where_the_cookie_is_ours
def test_a_well_signed_id_that_the_store_does_not_know_is_not_taken_up(server, browser):
    """The signature alone makes no session: the id must be one that was given out and lives."""
    sid = new_id()
    visitor = signed(browser(), sid)
    planted = visitor.copy()
    assert handle_of(sid) != visitor.sign_in(anybody()).handle
    assert not planted.is_known


def signed(browser: Browser, sid: str) -> Browser:
    """A browser with the cookie of this id."""
    return browser.with_cookie("s%3A" + Signer(SECRET).sign(sid))
