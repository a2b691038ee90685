"""Django: the same over its async client, with views that await."""

import asyncio

import pytest
from django.contrib.auth import aauthenticate, alogin, alogout
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.core.management import call_command
from django.test import AsyncClient, override_settings

from connect_sqlite import StoreBusy
from connect_sqlite.django import SessionStore, async_store, store

from .django_site import User, handlers


async def show(request):
    return dict(await request.session.aitems())


async def count(request):
    await request.session.aset("n", await request.session.aget("n", 0) + 1)
    return await show(request)


async def flush(request):
    await request.session.aflush()


@pytest.fixture
def project(django_project):
    """The project, with views that await; both stores are open."""
    handlers.update(show=show, count=count, out=flush)
    yield django_project
    store()


def browser(project, key=None):
    return project.browser(key, AsyncClient)


async def get(client, name):
    """What an async view answers."""
    return (await client.get(f"/async/{name}")).json()


def test_a_session_is_there_in_the_next_request(project):
    """What an async view puts into the session is there in the next, async or not, and after
    `aflush` it is nowhere."""

    async def visit():
        client = browser(project)
        assert {"n": 1} == await get(client, "count")
        assert {"n": 2} == await get(client, "count")
        return client

    client = asyncio.run(visit())
    assert {"n": 2} == project.row(client)[0]
    handlers["show"] = lambda request: dict(request.session.items())
    assert {"n": 2} == project.browser(project.key(client)).get("/show").json()
    asyncio.run(client.get("/async/out"))
    assert (None, {}) == (project.key(client), project.rows)


def test_a_key_that_the_store_does_not_know_is_not_adopted(project):
    """An invented key is nobody's here too."""
    client = browser(project, "invented" * 4)
    assert {"n": 1} == asyncio.run(get(client, "count"))
    assert {project.key(client)} == set(project.rows)
    assert "invented" * 4 != project.key(client)


def test_parallel_requests_keep_each_others_changes(project):
    """Ten requests on one event loop, each of which has loaded the session before any saves, all
    have their way."""
    client = browser(project, project.make(n=0))

    async def visit():
        loaded = asyncio.Barrier(10)
        names = [f"add{number}" for number in range(10)]

        def adding(name):
            async def add(request):
                await request.session.aset(name, True)
                await loaded.wait()
                await request.session.asave()

            return add

        handlers.update({name: adding(name) for name in names})
        twins = [browser(project, project.key(client)) for _ in names]
        await asyncio.gather(*(get(*each) for each in zip(twins, names, strict=True)))

    asyncio.run(visit())
    assert {"n": 0, **{f"add{number}": True for number in range(10)}} == project.row(client)[0]


def test_a_sign_out_meanwhile_wins(project):
    """A request whose session is ended by another is answered 400, and brings nothing back."""
    client = browser(project, project.make(user=7))
    twin = browser(project, project.key(client))

    async def slow(request):
        await request.session.aset("n", 1)
        await twin.get("/async/out")

    handlers["slow"] = slow
    assert 400 == asyncio.run(client.get("/async/slow")).status_code
    assert {} == project.rows


def test_acycle_key_takes_others_changes_along(project):
    """The data are under a new key, with what others saved meanwhile, and the old key is dead."""
    client = browser(project, project.make(a=1))
    twin = browser(project, project.key(client))

    async def cycle(request):
        await request.session.aset("b", 2)
        await get(twin, "count")
        await request.session.acycle_key()

    handlers["cycle"] = cycle
    asyncio.run(client.get("/async/cycle"))
    assert {"a": 1, "b": 2, "n": 1} == asyncio.run(get(client, "show"))
    assert {project.key(client)} == set(project.rows)


def test_signing_in_and_out(project):
    """`alogin()` gives another key and keeps the data, `alogout()` ends the session."""
    call_command("migrate", verbosity=0)
    user = User.objects.create_user("mira", password="her password")

    async def sign_in(request):
        found = await aauthenticate(request, username="mira", password="her password")
        await alogin(request, found)

    async def who(request):
        return {"user": (await request.auser()).get_username()}

    handlers.update({"in": sign_in, "out": alogout, "who": who})

    async def visit():
        client = browser(project)
        await get(client, "count")
        stranger = browser(project, project.key(client))
        await get(client, "in")
        assert {"user": "mira"} == await get(client, "who")
        assert 1 == (await get(client, "show"))["n"]
        assert {"user": ""} == await get(stranger, "who")
        await client.get("/async/out")
        assert {"user": ""} == await get(client, "who")

    try:
        asyncio.run(visit())
    finally:
        user.delete()
    assert {} == project.rows


def test_aset_expiry(project):
    """The cookie and the row both end after what `aset_expiry` says."""

    async def short(request):
        await request.session.aset_expiry(300)

    handlers["short"] = short
    client = browser(project)
    answer = asyncio.run(client.get("/async/short"))
    assert 300 == answer.cookies["sessionid"]["max-age"]
    assert 300 == project.row(client)[1]


def test_the_async_store_serves_async_code(project):
    """What is awaited never goes through the store that blocks."""

    async def work():
        session = SessionStore()
        await session.aset("n", 1)
        await session.asave()
        key = session.session_key
        assert await session.aexists(key)
        other = SessionStore(key)
        await other.aset("m", 2)
        await other.asave()
        await other.acycle_key()
        assert not await session.aexists(key)
        with pytest.raises(UpdateError):
            await session.asave()
        await other.adelete()
        await SessionStore.aclear_expired()
        return (await async_store().stats())["operations"]

    before = store().stats()["operations"]
    operations = asyncio.run(work())
    after = store().stats()["operations"]
    assert {**before, "stats": 0} == {**after, "stats": 0}
    assert {"create", "merge", "rotate", "destroy", "get"} <= set(operations)


def test_the_loop_goes_on_while_a_save_waits(project):
    """While another process holds the file, a save waits for `busy_timeout`, other tasks of the
    event loop do not, and what comes of it is StoreBusy: no UpdateError."""
    key = project.make(n=1)

    async def work():
        session = SessionStore(key)
        await session.aset("n", 2)
        ticks = 0
        with project.writing():
            saving = asyncio.ensure_future(session.asave())
            while not saving.done():
                ticks += 1
                await asyncio.sleep(0.005)
            with pytest.raises(StoreBusy):
                await saving
        assert ticks > 5

    with override_settings(CONNECT_SQLITE=project.settings(busy_timeout=0.2)):
        asyncio.run(work())


def test_the_loop_goes_on_while_the_store_is_opened(project):
    """A store that has to wait for another process as it is opened holds up no other task."""
    key = project.make(n=1)

    async def work():
        ticks = 0
        with project.writing():
            # To make the index it has to write.
            settings = project.settings(busy_timeout=0.2, indexes=["_auth_user_id"])
            with override_settings(CONNECT_SQLITE=settings):
                opening = asyncio.ensure_future(SessionStore(key).aload())
                while not opening.done():
                    ticks += 1
                    await asyncio.sleep(0.005)
                with pytest.raises(StoreBusy):
                    await opening
        assert ticks > 5

    asyncio.run(work())


def test_a_key_that_lives_is_not_created_again(project):
    """`asave(must_create=True)` of a key that lives is a CreateError, and leaves it as it is."""
    key = project.make(n=1)

    async def work():
        session = SessionStore(key)
        await session.aset("n", 2)
        with pytest.raises(CreateError):
            await session.asave(must_create=True)

    asyncio.run(work())
    assert {"n": 1} == SessionStore(key).load()
    with pytest.raises(CreateError):
        SessionStore(key).save(must_create=True)
