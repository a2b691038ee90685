"""The reference's own calling convention: error first, optional, called exactly once."""

import inspect

import apsw
import pytest

from connect_sqlite import (
    CallbackStore,
    InvalidSession,
    InvalidSessionId,
    SQLiteStore,
    StoreClosed,
    StoredSession,
    TouchResult,
)
from connect_sqlite.testing import Clock


class Heard:
    """A callback that remembers what it was called with."""

    def __init__(self):
        self.calls = []

    def __call__(self, *args):
        self.calls.append(args)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def plain(clock):
    with SQLiteStore(clock=clock) as store:
        yield store


@pytest.fixture
def store(plain):
    return CallbackStore(plain)


CALLS = {
    "get": lambda store, *callback: store.get("abc123", *callback),
    "set": lambda store, *callback: store.set("abc123", {"user": {"id": 2}}, *callback),
    "destroy": lambda store, *callback: store.destroy("abc123", *callback),
    "touch": lambda store, *callback: store.touch("abc123", {}, *callback),
    "length": lambda store, *callback: store.length(*callback),
    "clear": lambda store, *callback: store.clear(*callback),
    "ids": lambda store, *callback: store.ids(*callback),
    "all": lambda store, *callback: store.all(*callback),
}
RESULTS = {
    "get": (None, {"user": {"id": 1}}),
    "set": (None,),
    "destroy": (None, 1),
    "touch": (None, "OK"),
    "length": (None, 1),
    "clear": (None, 1),
    "ids": (None, ["abc123"]),
    "all": (None, [{"user": {"id": 1}}]),
}
REFUSED = {
    "get": lambda store, *callback: store.get("", *callback),
    "set": lambda store, *callback: store.set("abc123", {"tags": {1}}, *callback),
    "destroy": lambda store, *callback: store.destroy("a\0", *callback),
    "touch": lambda store, *callback: store.touch(
        "abc123", {"cookie": {"maxAge": "soon"}}, *callback
    ),
}


def test_all_of_the_references_calls_are_there():
    """The nine methods of the reference, by its names."""
    public = {name for name in vars(CallbackStore) if not name.startswith("_")}
    assert {*CALLS, "close"} == public


@pytest.mark.parametrize("call", CALLS)
def test_the_callback_gets_no_error_and_the_result(store, call):
    """`callback(None, result)`, once, before the call returns; the call itself returns nothing."""
    store.set("abc123", {"user": {"id": 1}})
    heard = Heard()
    assert CALLS[call](store, heard) is None
    assert [RESULTS[call]] == heard.calls


@pytest.mark.parametrize("call", CALLS)
def test_the_callback_is_optional(store, plain, call):
    """Without one the call is done all the same."""
    store.set("abc123", {"user": {"id": 1}})
    assert CALLS[call](store) is None
    after = {"set": {"user": {"id": 2}}, "destroy": None, "clear": None}
    assert after.get(call, {"user": {"id": 1}}) == plain.get("abc123")


@pytest.mark.parametrize("call", REFUSED)
def test_the_callback_gets_the_error_first(store, plain, call):
    """`callback(error, None)`, or `callback(error)` from `set`; nothing is raised or written."""
    store.set("abc123", {"user": {"id": 1}})
    heard = Heard()
    REFUSED[call](store, heard)
    ((error, *rest),) = heard.calls
    assert isinstance(error, InvalidSessionId | InvalidSession)
    assert ([] if call == "set" else [None]) == rest
    assert {"user": {"id": 1}} == plain.get("abc123")


@pytest.mark.parametrize("call", REFUSED)
def test_without_a_callback_an_error_is_raised(store, call):
    """An error that nobody listens for is not lost."""
    with pytest.raises((InvalidSessionId, InvalidSession)):
        REFUSED[call](store)


@pytest.mark.parametrize("call", CALLS)
def test_after_close_the_error_is_store_closed(store, call):
    """`close` takes no callback, may be called again, and ends the store."""
    store.close()
    store.close()
    heard = Heard()
    CALLS[call](store, heard)
    ((error, *_),) = heard.calls
    assert isinstance(error, StoreClosed)
    with pytest.raises(StoreClosed):
        CALLS[call](store)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("raised", [RuntimeError, StoreClosed, InvalidSession])
def test_what_a_callback_raises_passes_to_the_caller(store, call, raised):
    """A callback that fails is not called again, not even where it raises a store's own error."""
    heard = Heard()

    def fail(*args):
        heard(*args)
        raise raised("mine")

    with pytest.raises(raised, match="mine"):
        CALLS[call](store, fail)
    assert 1 == len(heard.calls)
    assert heard.calls[0][0] is None


@pytest.mark.parametrize("call", REFUSED)
def test_a_callback_that_raises_at_an_error_is_called_once(store, call):
    """What it raises passes to the caller; it may be the error itself."""
    heard = Heard()

    def raise_it(error, *rest):
        heard(error, *rest)
        raise error

    with pytest.raises((InvalidSessionId, InvalidSession)) as caught:
        REFUSED[call](store, raise_it)
    assert 1 == len(heard.calls)
    assert heard.calls[0][0] is caught.value


def test_absent_and_expired_are_no_errors(store, clock):
    """`get` gives None and `touch` gives `"EXPIRED"`, as results."""
    heard = Heard()
    store.get("abc123", heard)
    store.touch("abc123", {}, heard)
    store.destroy("abc123", heard)
    store.set("abc123", {"cookie": {"maxAge": 1000}})
    clock.advance(1)
    store.get("abc123", heard)
    store.length(heard)
    assert [(None, None), (None, "EXPIRED"), (None, 0), (None, None), (None, 0)] == heard.calls


def test_a_callback_may_call_the_store(store):
    """As code written for the reference does, one call inside another's callback."""
    log = []
    store.set(
        "abc123",
        {"n": 1},
        lambda err: store.get(
            "abc123",
            lambda err, session: store.set(
                "abc123",
                {"n": session["n"] + 1},
                lambda err: store.get("abc123", lambda err, session: log.append(session)),
            ),
        ),
    )
    assert [{"n": 2}] == log


def test_the_references_examples(store, clock, capsys):
    """The reference page's calls, line by line, print what their comments say."""
    store.set("abc123", {"user": {"id": 1}}, lambda err: print("saved", err))
    store.get("abc123", lambda err, session: print(session))
    store.touch("abc123", {"user": {"id": 1}}, lambda err, result: print(result))
    store.set("def456", {"user": {"id": 2}})
    store.length(lambda err, count: print("active", count))
    store.ids(lambda err, ids: print(ids))
    store.all(lambda err, found: print([(each.id, each["user"]) for each in found]))
    store.destroy("abc123", lambda err, count: print("deleted", count))
    store.clear(lambda err, count: print("cleared", count))
    store.close()
    assert [
        "saved None",
        "{'user': {'id': 1}}",
        "OK",
        "active 2",
        "['abc123', 'def456']",
        "[('abc123', {'id': 1}), ('def456', {'id': 2})]",
        "deleted 1",
        "cleared 1",
    ] == capsys.readouterr().out.splitlines()


def test_results_keep_their_types(store):
    """A callback gets the very objects that the store's own calls return."""
    store.set("abc123", {"user": 1})
    heard = Heard()
    store.get("abc123", heard)
    store.touch("abc123", {}, heard)
    assert [StoredSession, TouchResult] == [type(result) for _, result in heard.calls]


@pytest.mark.parametrize("name", sorted({*CALLS, "close"}))
def test_parameters_are_the_stores_and_a_callback(name):
    """Each call takes what the store's takes, and the callback last."""
    ours = list(inspect.signature(getattr(CallbackStore, name)).parameters)
    theirs = list(inspect.signature(getattr(SQLiteStore, name)).parameters)
    assert [*theirs, *(["callback"] if name != "close" else [])] == ours


def test_a_row_that_is_not_utf_8_is_no_error(tmp_path):
    """Such a session is absent, and the callback is told so as ever."""
    with SQLiteStore(tmp_path / "sessions.db") as plain:
        with apsw.Connection(str(tmp_path / "sessions.db")) as db:
            text = "CAST(x'7bff7d' AS TEXT)"
            db.execute(f"INSERT INTO sessions VALUES ('sess:bad', {text}, 9000000000000)")
        db.close()
        heard = Heard()
        CallbackStore(plain).get("bad", heard)
        CallbackStore(plain).all(heard)
        assert [(None, None), (None, [])] == heard.calls
