"""How sessions are named, found and ended where ids are hidden."""

import asyncio
import secrets

import apsw
import pytest

from connect_sqlite import AsyncSQLiteStore, Handle, InvalidSessionId, handle_of
from connect_sqlite.doctor import State, doctor

from .files import LATER, NEW, OLD, unreadable, write

HIDING = pytest.mark.parametrize(
    "options",
    [{"key": OLD}, {"key": [NEW, OLD]}, {"hash_ids": True}],
    ids=["sealed", "two keys", "hashed"],
)


@HIDING
def test_finding_needs_no_scan(path, opened, options):
    """`find` and `destroy_where` go through the declared index, as in a plain store."""
    store = opened(**options)
    store.set("abc123", {"user": {"id": 42}})
    operations = store._calls._operations
    operations = getattr(operations, "_operations", operations)
    (kept,) = operations._find
    for sql in (operations._find[kept].sql, operations._destroy_where[kept]):
        with apsw.Connection(str(path)) as db:
            bound = (0, "", "", "", "", "[]")[: 6 if "?6" in sql else 5]
            plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", bound))
        db.close()
        assert "SEARCH sessions USING INDEX sessions:" in plan
        assert "SCAN sessions" not in plan


@HIDING
def test_where_you_are_signed_in(opened, options):
    """A row that `find` lists is ended by its `.id`, or by the text of its handle."""
    store = opened(**options)
    for sid in ("laptop", "phone", "tablet"):
        store.set(sid, {"user": {"id": 7}})
    listed = store.find("user.id", 7)
    assert {handle_of(sid) for sid in ("laptop", "phone", "tablet")} == {
        handle_of(each.id) for each in listed
    }
    assert all(type(each.id) is Handle for each in listed)
    phone = next(each for each in listed if each.id == handle_of("phone"))
    assert 1 == store.destroy_many([phone.id])
    assert store.get("phone") is None
    assert 1 == store.destroy(Handle(handle_of("tablet")))
    assert 0 == store.destroy(Handle(handle_of("tablet")))
    assert 0 == store.destroy_where("user.id", 7, keep=["laptop"])
    assert 0 == store.destroy_where("user.id", 7, keep=[Handle(handle_of("laptop"))])
    assert [handle_of("laptop")] == [str(each) for each in store.ids()]


@HIDING
@pytest.mark.parametrize("call", ["get", "set", "create", "touch", "merge", "rotate"])
def test_a_handle_is_no_id(opened, options, call):
    """What shows or changes a session wants its id: whoever has only seen a list has none."""
    store = opened(**options)
    store.set("abc123", {})
    handle = store.ids()[0]
    more = {"get": (), "rotate": ("new", {})}.get(call, ({},))
    with pytest.raises(InvalidSessionId, match="handle") as caught:
        getattr(store, call)(handle, *more)
    assert str(handle) not in str(caught.value)


@HIDING
@pytest.mark.parametrize("text", ["", "x", "a" * 23, "a" * 21 + "%", "abc123\0", "é" * 22])
def test_what_is_no_handle_is_refused(opened, options, text):
    """A handle out of a URL may be anything; it is refused as an id would be (threat 1)."""
    with pytest.raises(InvalidSessionId):
        opened(**options).destroy(Handle(text))


def test_a_plain_store_knows_no_handles(opened):
    """There a handle leads to no session, so that a logout by one does not only seem to work."""
    with pytest.raises(InvalidSessionId, match="handle"):
        opened().destroy_many([Handle(handle_of("abc123"))])


def test_a_handle_is_text():
    """`handle_of` of a handle is that handle, and `str` of it a plain `str`."""
    handle = Handle(handle_of("abc123"))
    assert handle_of("abc123") == handle_of(handle) == str(handle) == handle
    assert [str, str] == [type(handle_of(handle)), type(str(handle))]


@HIDING
def test_a_page_goes_on_behind_a_handle(opened, options):
    """`scan` takes the last `.id` of the page before, also when it came back as text."""
    store = opened(**options)
    for number in range(25):
        store.set(str(number), {"n": number})
    found, after = [], None
    while page := store.scan(after=after, limit=4):
        found += [each["n"] for each in page]
        after = Handle(str(page[-1].id))
    assert list(range(25)) == sorted(found)


def test_what_was_in_a_hashed_table_by_another_program_is_not_shown(path, opened, caplog):
    """A row under an id is not listed as if that were a handle; it is counted (threat 8)."""
    store = opened(hash_ids=True)
    store.set("here", {})
    write(path, "INSERT INTO sessions VALUES ('sess:canary', '{}', ?)", LATER)
    assert [handle_of("here")] == store.ids() == [each.id for each in store.all()]
    assert 2 == unreadable(store)
    assert "canary" not in caplog.text


def test_many_ids_are_remembered_only_for_a_while(opened):
    """The keys of ids that were asked for take no more memory than some thousand of them."""
    store = opened(key=OLD)
    store.set("abc123", {"n": 1})
    for _ in range(17_000):
        assert store.get(secrets.token_hex()) is None
    assert len(store._calls._known) <= 16_384
    assert {"n": 1} == store.get("abc123")


@pytest.mark.parametrize("options", [{"key": OLD}, {"hash_ids": True}], ids=["sealed", "hashed"])
def test_litestars_store_says_what_it_cannot_do(tmp_path, options):
    """A namespace cannot be told where ids are hidden: that is an error, and no value is lost."""
    from connect_sqlite.litestar import Store

    async def use():
        async with AsyncSQLiteStore(tmp_path / "values.db", **options) as store:
            values = Store(store)
            await values.set("key", b"value")
            with pytest.raises(TypeError, match="hides its ids"):
                await values.delete_all()
            assert b"value" == await values.get("key")

    asyncio.run(use())


@HIDING
def test_the_doctor_finds_such_a_store_well(opened, options):
    """Its rows are read with its keys, and its indexes are those that it means."""
    store = opened(**options)
    store.set("abc123", {"user": {"id": 1}})
    found = {each.check: each for each in doctor(store).findings}
    assert State.OK is found["rows"].state is found["indexes"].state
    assert "abc123" not in str(found)
