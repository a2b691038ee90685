"""Headers made to break the reader: a stored corpus, and new ones made of it by chance."""

import asyncio
import os
import random
from contextlib import nullcontext

import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore
from connect_sqlite._session import cookie
from connect_sqlite._session.signing import Signer
from session.site import Site, set_cookies, show
from session.wsgi_site import Immediate, WsgiSite

from .fuzzing import NAME, SECRET, check, load, mutated, read, ways

TRIES = int(os.environ.get("FUZZ_TRIES", "5000"))
"""The long form of the tests asks for more."""

CORPUS = load()


def test_threat_13_every_stored_header_is_read_as_a_plain_reader_would():
    """Threat 13: odd cookies are none, and the genuine ones beside them are found."""
    for header in CORPUS:
        check(header)


def test_threat_13_so_is_every_header_made_of_them_by_chance():
    """Threat 13: thousands of new ones at each run raise nothing and give no other id."""
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    for number in range(TRIES):
        header = mutated(rng, CORPUS)
        try:
            check(header)
        except BaseException as error:
            error.add_note(f"seed {seed}, header {number}: {header!r}")
            raise


def test_the_stored_headers_go_every_way_through_the_reader():
    """There is no line of the reader that none of them reaches."""
    reached = set().union(*(ways(lambda each=each: read(each)) for each in CORPUS))
    walked = {line for _, _, line in reached}
    for function in (cookie.signed_ids, cookie._unsigned, Signer.unsign):
        code = function.__code__
        lines = {line for *_, line in code.co_lines() if line and line != code.co_firstlineno}
        assert set() == lines - walked


@pytest.mark.parametrize("gateway", ["asgi", "wsgi"])
def test_threat_13_no_stored_header_is_an_error_or_somebody(gateway):
    """Threat 13: over HTTP each gets the page of a stranger, and no cookie."""
    if gateway == "wsgi":
        kind, store, runner = WsgiSite, SQLiteStore(), nullcontext(Immediate())
    else:
        kind, store, runner = Site, AsyncSQLiteStore(), asyncio.Runner()
    with runner as running:
        browser = kind(running, {"/": show}, store=store, secret=SECRET).browser()
        for header in CORPUS:
            response = browser.get("/", headers={b"cookie": header})
            assert (200, {}) == (response.status_code, response.json()), header
            assert [] == set_cookies(response)
        running.run(store.close())


def test_the_name_is_what_the_corpus_is_about():
    """Most of the stored headers have a cookie of the name: else they would try nothing."""
    assert 2 * sum(NAME in header for header in CORPUS) > len(CORPUS)
