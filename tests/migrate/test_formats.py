"""What the bytes of old sessions are taken for; a pickle is never unpickled."""

import json
import os
import pickle
from collections import OrderedDict
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_sqlite.migrate.formats import PICKLED, data_of, is_pickle, plain_pickle
from connect_sqlite.migrate.source import Refused

# As wide as msgpack has them.
integers = st.integers(-(2**63), 2**64 - 1)
scalars = st.none() | st.booleans() | integers | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
sessions = st.dictionaries(st.text(), values)
few = settings(max_examples=30, deadline=None)


@few
@given(sessions, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_a_pickle_of_plain_data_is_read_as_what_it_holds(data, protocol):
    """Dicts, lists, text, bytes and numbers come out equal, of every protocol that has them."""
    content = pickle.dumps(data, protocol)
    assert is_pickle(content)
    try:
        assert data == plain_pickle(content)
    except Refused:
        assert protocol < 3  # which have no bytes of their own, and call a function for them
        assert b"_codecs" in content or b"bytes" in content


@few
@given(sessions)
def test_what_is_shared_in_a_pickle_is_read_everywhere(data):
    """References to the same value are followed."""
    twice = {"a": data, "b": [data, data]}
    assert twice == plain_pickle(pickle.dumps(twice))


class Evil:
    """Runs a program when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(tmp_path, protocol):
    """Neither a function nor a class in a pickle is called, or even imported."""
    path = tmp_path / "owned"
    content = pickle.dumps({"a": Evil(path)}, protocol)
    for plain in (False, True):
        with pytest.raises(Refused, match="pickled"):
            data_of(content, plain_pickles=plain)
    assert not path.exists()
    pickle.loads(content)  # as it would have
    assert path.exists()


@pytest.mark.parametrize(
    "value", [datetime.now(UTC), {1, 2}, OrderedDict(a=1), bytearray(b"a"), 1j, Evil, len]
)
def test_a_pickle_of_objects_is_refused(value):
    """What is no plain data has a reason of its own."""
    with pytest.raises(Refused, match="pickled, with objects in it"):
        data_of(pickle.dumps({"a": value}), plain_pickles=True)


def test_a_small_pickle_cannot_become_a_large_session():
    """References to references are counted as what they would become; one to itself has no end."""
    laughs = ["ha" * 100]
    for _ in range(30):
        laughs = [laughs] * 10
    around = {}
    around["self"] = around
    for data in ({"a": laughs}, around, {"a": ["x" * 1000] * 5000}):
        with pytest.raises(Refused, match="too large or too deep"):
            plain_pickle(pickle.dumps(data))


@few
@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"\x80\x04" + tail))
def test_any_bytes_are_a_session_or_refused(content):
    """Whatever is in a file, nothing but `Refused` is raised."""
    for plain in (False, True):
        with suppress(Refused):
            assert isinstance(data_of(content, plain_pickles=plain), dict)


@few
@given(sessions)
def test_msgpack_is_read(data):
    """Flask-Session's present format."""
    assert data == data_of(msgspec.msgpack.encode(data), plain_pickles=False)


def test_json_is_read_and_pickles_are_refused_unless_asked_for():
    """Its other format; a pickle's reason names the option that reads plain ones."""
    data = {"a": [1, "ü", None]}
    assert data == data_of(json.dumps(data).encode(), plain_pickles=False)
    with pytest.raises(Refused) as met:
        data_of(pickle.dumps(data), plain_pickles=False)
    assert PICKLED == str(met.value)
    assert data == data_of(pickle.dumps(data), plain_pickles=True)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"{", b"\x81", b"\x93\x01\x02\x03", b"[1]", pickle.dumps([1])]
)
def test_what_is_no_session_is_refused(content):
    """Bytes that are cut off, of another format, or no dict."""
    with pytest.raises(Refused):
        data_of(content, plain_pickles=True)
