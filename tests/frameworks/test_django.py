"""Django: what holds for a user's sessions, over the test client."""

import threading

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.test import override_settings

from connect_sqlite import SQLiteStore, StoreBusy, StoreError
from connect_sqlite.django import SessionStore, async_store, store

from .django_site import handlers, show


def test_a_session_is_there_in_the_next_request(django_project):
    """What a view puts into the session is there in the next request, and a row of plain JSON."""
    browser = django_project.browser()
    assert {"n": 1} == browser.get("/count").json()
    assert {"n": 2} == browser.get("/count").json()
    assert ({"n": 2}, 1_209_600) == django_project.row(browser)


def test_who_does_nothing_costs_nothing(django_project):
    """A view that does not look at the session reads nothing, and its answer has no cookie."""
    known = django_project.browser()
    known.get("/count")
    before = django_project.calls()
    for browser in (known, django_project.browser()):
        answer = browser.get("/idle")
        assert {} == answer.cookies
        assert "Vary" not in answer.headers
    assert before == django_project.calls()


def test_looking_writes_nothing(django_project):
    """A view that only reads is one read of the store, and makes no session."""
    browser = django_project.browser()
    assert {} == browser.get("/show").cookies
    browser.get("/count")
    django_project.clock.advance(100)
    before = django_project.calls()
    answer = browser.get("/show")
    assert ({}, "Cookie") == (answer.cookies, answer.headers["Vary"])
    assert before + 1 == django_project.calls()
    assert 1_209_500 == django_project.row(browser)[1]


@pytest.mark.parametrize("key", ["invented" * 4, "short", "x" * 300, "ö" * 200, "a\0bcdefghi"])
def test_a_key_that_the_store_does_not_know_is_not_adopted(django_project, key):
    """Whatever a cookie says, a session that is made gets a key of its own."""
    browser = django_project.browser(key)
    assert {"n": 1} == browser.get("/count").json()
    assert {django_project.key(browser)} == set(django_project.rows)
    assert key != django_project.key(browser)
    assert {} == django_project.browser(key).get("/show").json()


def test_a_change_deep_inside_is_saved(django_project):
    """A list in the session that is appended to needs no `session.modified = True`."""
    handlers["add"] = lambda request: request.session["cart"]["lines"].append("a shoe")
    browser = django_project.browser(django_project.make(cart={"lines": []}))
    browser.get("/add")
    assert {"cart": {"lines": ["a shoe"]}} == browser.get("/show").json()


def test_modified_set_to_false_saves_nothing(django_project):
    """A view that takes its changes back by `session.modified = False` changes nothing."""

    def change_and_forget(request):
        request.session["n"] = 99
        request.session.modified = False

    handlers["forget"] = change_and_forget
    browser = django_project.browser()
    browser.get("/count")
    browser.get("/forget")
    assert {"n": 1} == browser.get("/show").json()


def test_parallel_requests_keep_each_others_changes(django_project):
    """Two requests that change different keys at the same time both have their way."""
    browser = django_project.browser(django_project.make(old=1, stays=2))
    twin = django_project.twin(browser)

    def slow(request):
        del request.session["old"]
        request.session["slow"] = True
        twin.get("/count")

    handlers["slow"] = slow
    browser.get("/slow")
    assert {"stays": 2, "n": 1, "slow": True} == browser.get("/show").json()


def test_a_second_save_undoes_nothing(django_project):
    """Who saves twice in a request writes what changed in between, and nothing else."""
    session = SessionStore(django_project.make(a=1))
    session["a"] = 2
    session.save()
    other = SessionStore(session.session_key)
    other["a"] = 3
    other.save()
    session["b"] = 1
    session.save()
    assert {"a": 3, "b": 1} == SessionStore(session.session_key).load()


def test_a_sign_out_meanwhile_wins(django_project):
    """A request whose session is ended by another is answered 400, and brings nothing back."""
    browser = django_project.browser(django_project.make(user=7))
    twin = django_project.twin(browser)

    def slow(request):
        request.session["n"] = 1
        twin.get("/out")

    handlers["slow"] = slow
    assert 400 == browser.get("/slow").status_code
    assert {} == django_project.rows


@pytest.mark.parametrize("must_create", [False, True])
def test_a_busy_store_is_no_sign_out(django_project, must_create):
    """While another process writes for too long, saving raises StoreBusy: Django would take an
    UpdateError for a sign-out, and answer 400."""
    session = SessionStore(django_project.make(user=7))
    session["n"] = 1
    with override_settings(CONNECT_SQLITE=django_project.settings(busy_timeout=0.05)):
        with django_project.writing(), pytest.raises(StoreBusy):
            session.save(must_create)
        session.save()
    assert {"user": 7, "n": 1} == SessionStore(session.session_key).load()


def test_flush_ends_the_session(django_project):
    """After `flush` the row is gone, the cookie is deleted, and a copy of it opens nothing."""
    browser = django_project.browser()
    browser.get("/count")
    twin = django_project.twin(browser)
    browser.get("/out")
    assert (None, {}) == (django_project.key(browser), django_project.rows)
    assert {} == twin.get("/show").json()


def test_data_after_a_flush_make_a_new_session(django_project):
    """What is put in after `flush` is under a new key, without what was there before."""

    def again(request):
        request.session.flush()
        request.session["new"] = 1

    handlers["again"] = again
    browser = django_project.browser()
    browser.get("/count")
    old = django_project.key(browser)
    browser.get("/again")
    assert {"new": 1} == browser.get("/show").json()
    assert {django_project.key(browser)} == set(django_project.rows)
    assert old != django_project.key(browser)


def test_clear_without_a_look_empties_the_session(django_project):
    """`clear` as the first thing that a view does leaves the key, and nothing under it."""
    handlers["clear"] = lambda request: request.session.clear()
    browser = django_project.browser(django_project.make(user=7, n=1))
    browser.get("/clear")
    assert {} == django_project.row(browser)[0]
    assert {"n": 1} == browser.get("/count").json()


def test_cycle_key_moves_the_session(django_project):
    """`cycle_key` keeps the data under a new key, with what others saved meanwhile, and the old
    key is dead."""
    browser = django_project.browser(django_project.make(a=1))
    twin = django_project.twin(browser)

    def cycle(request):
        request.session["b"] = 2
        twin.get("/count")
        request.session.cycle_key()

    handlers["cycle"] = cycle
    old = django_project.key(browser)
    browser.get("/cycle")
    assert old != django_project.key(browser)
    assert {django_project.key(browser): {"a": 1, "b": 2, "n": 1}} == {
        key: data for key, (data, _) in django_project.rows.items()
    }


def test_cycle_key_does_not_bring_back_who_signed_out(django_project):
    """A change of password in a session that is ended meanwhile is answered 400; a stranger's
    session, who is signing in just then, begins anew."""

    def cycle(request):
        show(request)
        django_project.twin(browser).get("/out")
        request.session.cycle_key()

    handlers["cycle"] = cycle
    browser = django_project.browser(django_project.make(_auth_user_id="7"))
    assert 400 == browser.get("/cycle").status_code
    assert {} == django_project.rows
    browser = django_project.browser(django_project.make(cart=[1]))
    assert 200 == browser.get("/cycle").status_code
    assert {} == browser.get("/show").json()


def test_cycle_key_brings_back_no_sign_in_of_the_projects_own(django_project):
    """What says who had signed in ends with its session, whatever its name; what this request put
    in is kept."""

    def cycle(request):
        request.session["seen"] = request.session.get("member_id")
        django_project.twin(browser).get("/out")
        request.session.cycle_key()
        request.session["after"] = True

    handlers["cycle"] = cycle
    browser = django_project.browser(django_project.make(member_id=7))
    assert 200 == browser.get("/cycle").status_code
    assert {"seen": 7, "after": True} == browser.get("/show").json()


def test_saving_what_never_was_is_an_update_error(django_project):
    """`save` on a key that nobody has updates nothing, and makes nothing."""
    session = SessionStore("nobody" * 4)
    session._session_cache = {"n": 1}
    with pytest.raises(UpdateError):
        session.save()
    assert {} == django_project.rows


def test_sessions_are_found_and_ended_by_their_user(django_project):
    """With an index, all sessions of a user are listed, and ended but for the one at hand."""
    indexed = django_project.settings(indexes=["_auth_user_id"])
    with override_settings(CONNECT_SQLITE=indexed):
        mine = {django_project.make(_auth_user_id="7", n=n) for n in range(3)}
        other = django_project.make(_auth_user_id="8")
        assert mine == {each.id for each in store().find("_auth_user_id", "7")}
        here = mine.pop()
        assert 2 == store().destroy_where("_auth_user_id", "7", keep=(here,))
        assert {here, other} == set(django_project.rows)


def test_one_store_of_each_kind_serves_a_process(django_project):
    """Threads that come at the same moment get the same store; sync and async see one file."""
    barrier = threading.Barrier(8)
    found = []

    def look():
        barrier.wait()
        found.append((store(), async_store()))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len(set(found))
    assert isinstance(store(), SQLiteStore)


def test_a_file_that_cannot_be_used_is_a_store_error(django_project):
    """A folder that cannot be made is said by the store, where the session is first used."""
    (django_project.file.parent / "file").write_text("no folder")
    location = django_project.file.parent / "file" / "sessions.db"
    with override_settings(CONNECT_SQLITE={"location": location}), pytest.raises(StoreError):
        SessionStore().save()


@pytest.mark.parametrize("sealing", [{"key": b"k" * 32}, {"hash_ids": True}], ids=["key", "ids"])
def test_sessions_of_a_sealed_file(django_project, sealing):
    """With `key` or `hash_ids` visitors are known as before, and the file holds no cookie."""
    with override_settings(CONNECT_SQLITE=django_project.settings(**sealing)):
        browser = django_project.browser()
        for visits in (1, 2):
            assert {"n": visits} == browser.get("/count").json()
        cookie = browser.cookies["sessionid"].value
        store().close()
        content = b"".join(each.read_bytes() for each in django_project.file.parent.iterdir())
        assert cookie.encode() not in content
