"""Random visits of several browsers, parallel ones among them, against a simple model."""

import asyncio
import re
from contextlib import nullcontext
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_sqlite import AsyncSQLiteStore, SQLiteStore

from .conftest import SECRET, Clock
from .site import Site, finish, set_cookies
from .wsgi_site import Immediate, WsgiSite

OWN = {"cookie", "_session"}

acts = st.one_of(
    st.just("add"),
    st.integers(1, 2),  # signs this user in
    st.sampled_from(["leave", "rotate", "regenerate", "destroy", "clear"]),
)
visits = st.recursive(
    st.tuples(st.integers(0, 2), st.lists(acts, max_size=3), st.just([])),
    lambda inner: st.tuples(
        st.integers(0, 2), st.lists(acts, max_size=3), st.lists(inner, max_size=2)
    ),
    max_leaves=3,
)
"""Whose, what its handler does, and the visits that begin and end while it is being answered."""


class Life:
    """A session of the model: its data, and the id under which it lives now."""

    def __init__(self, sid, data):
        self.sid = sid
        self.data = data


class Wish:
    """What a handler left of a session, and what it asked for."""

    def __init__(self, life):
        self.loaded = dict(life.data) if life else None
        self.sid = life and life.sid
        self.data = dict(self.loaded or {})
        self.intent = None

    def act(self, act, key):
        if act == "add":
            self.data[key] = 1
        elif act == "leave":
            self.data.pop("user", None)
        elif act == "clear":
            self.data = {}
        elif act == "rotate":
            self.intent = self.intent or "rotate"
        elif act in ("regenerate", "destroy"):
            self.data, self.intent = {}, act
        else:
            self.data["user"] = {"id": act}

    @property
    def signs_in(self):
        return self.data.get("user") not in (None, (self.loaded or {}).get("user"))

    @property
    def changes_hands(self):
        return self.data.get("user") != self.loaded.get("user")

    def onto(self, data):
        """The data with these changes."""
        removed = set(self.loaded) - set(self.data)
        changed = {k: v for k, v in self.data.items() if self.loaded.get(k) != v}
        return {k: v for k, v in data.items() if k not in removed} | changed


class World:
    """A site and its browsers, and beside them what should be."""

    def __init__(self, gateway):
        clock = Clock()
        awaits = gateway == "asgi"
        options = {"clock": clock, "indexes": ("user.id",), "sweep_interval": None}
        self.store = (AsyncSQLiteStore if awaits else SQLiteStore)(**options)
        self.runner = asyncio.Runner() if awaits else nullcontext(Immediate())
        self.kind = Site if awaits else WsgiSite
        self.clock = clock
        self.cookies = {}
        self.lives = []
        self.ids_seen = set()
        self.keys = count()

    def run(self, all_visits):
        with self.runner as runner:
            site = self.kind(
                runner,
                {"/": self.handler},
                store=self.store,
                secret=SECRET,
                clock=self.clock,
                owner="user.id",
            )
            self.client = site.client("http://x")
            self.under_way = {}
            for visit in all_visits:
                runner.run(self.visit(visit))
            runner.run(self.store.close())

    def living(self, sid):
        return next((life for life in self.lives if life.sid == sid), None)

    async def visit(self, visit):
        who = visit[0]
        number = str(next(self.keys))
        wish = Wish(self.living(self.sid_of(who)))
        self.under_way[number] = visit, wish
        cookie = self.cookies.get(who)
        headers = {"cookie": f"connect.sid={cookie}"} if cookie else {}
        self.client.cookies.clear()
        response = await finish(self.client.get(f"/?n={number}", headers=headers))
        assert 200 == response.status_code
        self.expect(self.end(wish), who, set_cookies(response))
        await self.compare()

    async def handler(self, request):
        (who, acts, meanwhile), wish = self.under_way.pop(request.query_params["n"])
        session = request.session
        assert wish.data == dict(session)
        for act in acts:
            key = f"{who}-{next(self.keys)}"
            wish.act(act, key)
            if act == "add":
                session[key] = 1
            elif act == "leave":
                session.pop("user", None)
            elif isinstance(act, str):
                getattr(session, act)()
            else:
                session["user"] = {"id": act}
            assert wish.data == dict(session)
        for visit in meanwhile:
            await self.visit(visit)
        return {}

    def end(self, wish):
        """What becomes of the session, and what the browser is told: its new life, or a word."""
        life = self.living(wish.sid)
        if wish.loaded is None:
            if wish.intent == "destroy" and not wish.data:
                return "goodbye"
            return self.new(wish.data) if wish.data or wish.intent == "regenerate" else "nothing"
        ends = wish.intent == "destroy" or (wish.intent is None and wish.data != wish.loaded)
        ends = ends or (wish.intent == "rotate" and wish.data != wish.loaded)
        if not wish.data and ends:
            self.lives = [each for each in self.lives if each is not life]
            return "goodbye"
        if wish.intent in ("destroy", "regenerate"):
            self.lives = [each for each in self.lives if each is not life]
            return self.new(wish.data) if life or wish.data else "nothing"
        if wish.intent == "rotate" or wish.changes_hands:
            if life is None:
                return self.new(wish.data) if wish.signs_in else "nothing"
            self.lives = [each for each in self.lives if each is not life]
            return self.new(wish.onto(life.data))
        if life is not None:
            life.data = wish.onto(life.data)
        return "nothing"

    def new(self, data):
        life = Life(None, dict(data))
        self.lives.append(life)
        return life

    def expect(self, told, who, headers):
        """The browser takes the cookie over; a new id is one that nobody ever had."""
        if told == "nothing":
            assert [] == headers
            return
        (header,) = headers
        value = re.match("connect.sid=([^;]*)", header).group(1)
        if told == "goodbye":
            assert ("", True) == (value, "Max-Age=0" in header)
            self.cookies.pop(who, None)
            return
        self.cookies[who] = value
        told.sid = self.sid_of(who)
        assert told.sid not in self.ids_seen
        self.ids_seen.add(told.sid)

    def sid_of(self, who):
        return re.match(r"(?:s%3A([\w-]{43})\.)?", self.cookies.get(who, "")).group(1)

    async def compare(self):
        """What is stored is what lives, with all that was merged; nobody has another's keys."""
        rows = await finish(self.store.all())
        stored = {row.id: {k: v for k, v in row.items() if k not in OWN} for row in rows}
        assert {life.sid: life.data for life in self.lives} == stored
        for data in stored.values():
            assert len({key[0] for key in data if key != "user"}) <= 1
        held = [sid for sid in map(self.sid_of, self.cookies) if sid in stored]
        assert len(set(held)) == len(held)


@pytest.mark.parametrize("gateway", ["asgi", "wsgi"])
@settings(max_examples=80, deadline=None)
@given(all_visits=st.lists(visits, max_size=12))
def test_threats_20_23_24_random_visits_do_as_the_model(gateway, all_visits):
    """Threats 4, 20, 23, 24: no id is shared, what ended stays ended, and merged keys are there."""
    World(gateway).run(all_visits)
