"""The suite itself: complete, without gaps of its own, and loading no more than it needs."""

import inspect
import subprocess
import sys

import pytest

from connect_sqlite import AsyncStore, Store
from connect_sqlite.testing import AsyncStoreContract, Clock, StoreContract
from connect_sqlite.testing.model import StoreMachine
from connect_sqlite.testing.promises.base import Promise
from connect_sqlite.testing.promises.calls import EVERY, WITH_A_SESSION, WITH_AN_ID

THEMES = [theme for theme in StoreContract.__mro__ if Promise in theme.__bases__]
TESTS = [(theme, name) for theme in THEMES for name in vars(theme) if name.startswith("test_")]


def calls_of(face):
    return {name for name, each in vars(face).items() if name[0] != "_" and callable(each)}


def test_every_call_is_in_the_suite():
    """What holds for all calls alike is asked of each one, and the random sequences use each."""
    assert calls_of(Store) - {"close"} == set(EVERY)
    rules = inspect.getsource(StoreMachine)
    assert [] == [name for name in calls_of(Store) if f".{name}(" not in rules]


def test_every_id_and_every_session_is_in_the_suite():
    """Each call that takes an id or a session is among those that are asked to refuse one."""
    takes = {name: set(inspect.signature(getattr(Store, name)).parameters) for name in EVERY}
    with_an_id = {name for name in takes if takes[name] & {"sid", "sids", "old", "after", "keep"}}
    assert with_an_id == {name.split()[0] for name in WITH_AN_ID}
    with_a_session = {name for name in takes if takes[name] & {"session", "changed"}}
    assert with_a_session - {"touch"} == set(WITH_A_SESSION)


def test_no_test_hides_another():
    """The themes become one class, so their tests' names differ."""
    names = [name for _, name in TESTS]
    assert [] == [name for name in set(names) if names.count(name) > 1]


@pytest.mark.parametrize(("theme", "name"), TESTS, ids=lambda part: getattr(part, "__name__", part))
def test_each_test_says_what_holds(theme, name):
    """A docstring of one sentence stands under each test's name."""
    said = inspect.getdoc(getattr(theme, name))
    assert said
    assert said.endswith(".")
    assert "\n" not in said


def test_both_faces_are_asked_the_same():
    """Whatever a sync store must do, an async one must do."""

    def tests(suite):
        return {name for name in dir(suite) if name.startswith("test_")}

    at_once = {"test_calls_from_many_threads"}
    assert at_once == tests(StoreContract) - tests(AsyncStoreContract)
    assert calls_of(Store) == calls_of(AsyncStore)


def test_a_clock_is_set_by_hand():
    """`now` can be set and advanced, and `at` tells a moment from then on, in UTC."""
    clock = Clock(0.0)
    assert 0.0 == clock()
    clock.advance(90)
    assert 90.0 == clock()
    assert "1970-01-01T00:01:40+00:00" == clock.at(10).isoformat()
    clock.now = 1_800_000_000.0
    assert Clock()() == clock()


@pytest.mark.parametrize("suite", [StoreContract, AsyncStoreContract])
def test_open_must_be_overridden(suite):
    """A suite without a store to test says what is missing."""
    with pytest.raises(NotImplementedError, match=r"override open\(\)"):
        suite().open()


def test_hypothesis_is_only_loaded_on_demand():
    """The suite needs pytest alone; only the random sequences need Hypothesis."""
    code = "import sys, connect_sqlite.testing; sys.exit('hypothesis' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
