"""The store for Litestar's caches and rate limits: any bytes under any key."""

import asyncio
import string
from datetime import timedelta

import pytest
from litestar import Litestar, get
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.stores.registry import StoreRegistry
from litestar.testing import TestClient

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed
from connect_sqlite.litestar import Store
from session.conftest import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def runner():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def rows(tmp_path, clock, runner):
    """What the values are kept in."""
    rows = AsyncSQLiteStore(tmp_path / "cache.db", table="cache", clock=clock)
    yield rows
    runner.run(rows.close())


@pytest.fixture
def store(rows, clock):
    return Store(rows, clock=clock)


AWKWARD = [*string.punctuation, "..", "foo/bar", "ключ", "", "a\0b", "\ud800", "k" * 5000]


@pytest.mark.parametrize("key", AWKWARD, ids=lambda key: ascii(key[:9]))
def test_any_key_has_its_value(runner, store, key):
    """A key may be any text; each has a value of its own."""
    runner.run(store.set(key, b"value"))
    runner.run(store.set(key + "x", b"other"))
    assert b"value" == runner.run(store.get(key))
    assert b"other" == runner.run(store.get(key + "x"))
    runner.run(store.delete(key))
    assert (None, False) == (runner.run(store.get(key)), runner.run(store.exists(key)))
    assert runner.run(store.exists(key + "x"))


@pytest.mark.parametrize("value", [b"", b"\0\xff\x80", "text", "żółć", bytes(range(256)) * 400])
def test_any_bytes_come_back(runner, store, value):
    """Bytes come back as they were, and text as its bytes."""
    runner.run(store.set("key", value))
    expected = value.encode() if isinstance(value, str) else value
    assert expected == runner.run(store.get("key"))


def test_a_missing_key_has_nothing(runner, store):
    """Of a key without a value, `get` and `expires_in` say None, and `delete` says nothing."""
    runner.run(store.delete("key"))
    found = runner.run(store.get("key", renew_for=10)), runner.run(store.expires_in("key"))
    assert (None, None) == found


def test_without_an_end_it_stays(runner, store, clock):
    """A value without `expires_in` has no end, whatever the store's `ttl` is."""
    runner.run(store.set("key", b"value"))
    clock.advance(100 * 365 * 86_400)
    assert b"value" == runner.run(store.get("key", renew_for=10))
    assert -1 == runner.run(store.expires_in("key"))


@pytest.mark.parametrize("lifetime", [10, timedelta(seconds=10)])
def test_it_ends_when_it_was_told_to(runner, store, clock, lifetime):
    """A value is there for `expires_in` seconds, and then it is not."""
    runner.run(store.set("key", b"value", expires_in=lifetime))
    assert 10 == runner.run(store.expires_in("key"))
    clock.advance(9)
    assert 1 == runner.run(store.expires_in("key"))
    clock.advance(1)
    assert (None, None) == (runner.run(store.get("key")), runner.run(store.expires_in("key")))


def test_what_has_ended_can_be_deleted(runner, store, rows, clock):
    """`delete_expired` frees the room of values that have ended, and of no others."""
    for key, lifetime in (("a", 1), ("b", None), ("c", 10)):
        runner.run(store.set(key, b"value", expires_in=lifetime))
    clock.advance(2)
    assert 1 == runner.run(rows.stats())["expired"]
    runner.run(store.delete_expired())
    stats = runner.run(rows.stats())
    assert (0, 2) == (stats["expired"], stats["live"])


@pytest.mark.parametrize("more", [10, timedelta(seconds=10)])
def test_reading_renews_it_if_asked(runner, store, clock, more):
    """`get` with `renew_for` moves the end of a value that has one."""
    runner.run(store.set("key", b"value", expires_in=2))
    clock.advance(1)
    assert b"value" == runner.run(store.get("key", renew_for=more))
    clock.advance(9)
    assert b"value" == runner.run(store.get("key"))
    clock.advance(1)
    assert None is runner.run(store.get("key"))


def test_namespaces_are_apart(runner, store):
    """The same key in a namespace, in one below it and in one beside it are three values."""
    foo = store.with_namespace("foo")
    places = [store, foo, foo.with_namespace("bar"), store.with_namespace("foobar")]
    places += [store.with_namespace("foo/bar"), store.with_namespace(":bar")]
    for number, place in enumerate(places):
        runner.run(place.set("bar", str(number)))
    assert [str(n).encode() for n in range(6)] == [runner.run(p.get("bar")) for p in places]


def test_delete_all_goes_down_and_not_up(runner, store):
    """`delete_all` deletes a namespace and those below it, however much there is, and no other."""
    foo = store.with_namespace("foo")
    below, beside = foo.with_namespace("bar"), store.with_namespace("foo2")
    for place in (store, foo, below, beside):
        for number in range(120):
            runner.run(place.set(f"key-{number}", b"value", expires_in=10 if number % 2 else None))
    runner.run(foo.delete_all())
    left = [runner.run(place.exists("key-119")) for place in (store, foo, below, beside)]
    assert [True, False, False, True] == left
    runner.run(store.delete_all())
    left = [runner.run(place.exists("key-119")) for place in (store, foo, below, beside)]
    assert [False] * 4 == left


def test_delete_all_leaves_sessions_alone(runner, store, rows):
    """Where sessions lie in the same table, and values of another namespace, they stay."""
    other = Store(rows, namespace="OTHER")
    for sid in ("0" * 43, "LITESTAR", "z" * 43):
        runner.run(rows.set(sid, {"user": 7}))
    runner.run(other.set("key", b"value"))
    runner.run(store.set("key", b"value"))
    runner.run(store.delete_all())
    assert 4 == runner.run(rows.length())
    assert b"value" == runner.run(other.get("key"))


def test_how_a_value_lies_in_the_file(runner, store, rows):
    """A value is the JSON object that the page describes, under its namespace and key."""
    runner.run(store.with_namespace("a b").set("key", b"value"))
    (row,) = runner.run(rows.all())
    assert "LITESTAR/a%20b/:key" == row.id
    assert "dmFsdWU=" == row["base64"]


def test_litestar_uses_it_for_caches_and_rate_limits(tmp_path):
    """Responses are cached and requests counted, each in a namespace that Litestar asked for."""
    calls = []

    @get("/cached", cache=60)
    async def cached() -> str:
        calls.append(1)
        return "\N{SNOWMAN}"

    root = Store(tmp_path / "cache.db")
    limit = RateLimitConfig(rate_limit=("hour", 2))
    app = Litestar(
        [cached],
        middleware=[limit.middleware],
        stores=StoreRegistry(default_factory=root.with_namespace),
        lifespan=[root],
    )
    with TestClient(app) as client:
        answers = [client.get("/cached") for _ in range(3)]
    assert [200, 200, 429] == [answer.status_code for answer in answers]
    assert "\N{SNOWMAN}" == answers[1].text
    assert 1 == len(calls)
    with SQLiteStore(tmp_path / "cache.db") as rows:
        assert {"rate_limit", "response_cache"} == {sid.split("/")[1] for sid in rows.ids()}


def test_a_store_that_it_opened_is_closed_at_shutdown(runner, tmp_path):
    """Litestar's shutdown closes a store that was given by its path; one that was given stays."""
    own = Store(tmp_path / "cache.db")
    given = AsyncSQLiteStore()
    with TestClient(Litestar(stores={"own": own, "given": Store(given)})):
        pass
    with pytest.raises(StoreClosed):
        runner.run(own.get("key"))
    assert 0 == runner.run(given.length())
    runner.run(given.close())


def test_the_store_that_it_opens_has_options(runner, tmp_path):
    """With `max_bytes` larger values fit; for a store that is open already it is too late."""
    large = b"x" * 2_000_000
    with pytest.raises(TypeError, match="max_bytes"):
        Store(AsyncSQLiteStore(), max_bytes=5_000_000)
    store = Store(tmp_path / "cache.db", durability="relaxed", max_bytes=5_000_000)
    with TestClient(Litestar(stores={"cache": store})) as client:
        client.blocking_portal.call(store.set, "key", large)
        assert large == client.blocking_portal.call(store.get, "key")
