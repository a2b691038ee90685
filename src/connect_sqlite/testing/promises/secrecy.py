"""No message, log line or count carries a session's id or its data."""

import json
import logging
from collections.abc import Callable
from traceback import format_exception
from typing import Any

import pytest

from ...contract import Store
from ...errors import StoreError
from .base import Promise
from .serializers import Damaging, Quoting
from .values import REFUSED, Mapped, Text

__all__ = ["Secrecy"]

SID = "canary-id"
VALUE = "canary-value"
SECRET = {"user": {"id": VALUE}}

FAULTS: dict[str, tuple[dict[str, Any], Callable[[Store], object]]] = {
    "an id with NUL": ({}, lambda store: store.get(f"{SID}\0")),
    "an id that is too long": ({}, lambda store: store.set(SID * 50, {})),
    "an id with a surrogate": ({}, lambda store: store.destroy(f"{SID}\ud800")),
    "an id of bytes": ({}, lambda store: store.touch(SID.encode(), {})),  # type: ignore[arg-type]
    "ids in a list": ({}, lambda store: store.destroy_many([[SID]])),  # type: ignore[list-item]
    "an id to keep": ({}, lambda store: store.destroy_where("user.id", 1, keep=[f"{SID}\0"])),
    "create of a live id": ({}, lambda store: store.create(SID, SECRET)),
    "rotate to a live id": ({}, lambda store: store.rotate(SID, SID, SECRET)),
    "a session that is a list": ({}, lambda store: store.set(SID, [VALUE])),  # type: ignore[arg-type]
    "a session that is text": ({}, lambda store: store.merge(SID, VALUE)),  # type: ignore[arg-type]
    "a set": ({}, lambda store: store.set(SID, {"tags": {VALUE}})),
    "bytes": ({}, lambda store: store.create(SID, {"tags": VALUE.encode()})),
    "a str subclass": ({}, lambda store: store.merge(SID, {"tags": Text(VALUE)})),
    "a dict subclass": ({}, lambda store: store.set(SID, {"tags": Mapped({VALUE: 1})})),
    "a surrogate": ({}, lambda store: store.rotate(SID, "new", {"tags": f"{VALUE}\ud800"})),
    "beside NaN": ({}, lambda store: store.set(SID, {"tags": [VALUE, float("nan")]})),
    "too deep": ({}, lambda store: store.set(SID, {"x": VALUE, "deep": REFUSED["201 levels"]})),
    "too long": ({"max_bytes": 50}, lambda store: store.set(SID, {"tags": VALUE * 10})),
    "expires": ({}, lambda store: store.set(SID, {"cookie": {"expires": VALUE}})),
    "maxAge": ({}, lambda store: store.touch(SID, {"cookie": {"maxAge": VALUE}})),
    "cookie": ({}, lambda store: store.create(SID, {"cookie": VALUE})),
    "another serializer": ({"serializer": Quoting()}, lambda store: store.set(SID, SECRET)),
    "an unknown index": ({}, lambda store: store.find("user.name", VALUE)),
    "a value that is no key": ({}, lambda store: store.find("user.id", [VALUE])),  # type: ignore[arg-type]
}


def told(error: BaseException) -> str:
    """All that a log would show of an error: its message and its whole traceback."""
    return "\n".join([str(error), repr(error), repr(error.args), *format_exception(error)])


class Secrecy(Promise):
    @pytest.mark.parametrize("fault", FAULTS)
    def test_errors_carry_neither_id_nor_data(
        self, fault: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whatever goes wrong, neither the error nor the log tells whose session it was."""
        caplog.set_level(logging.DEBUG)
        options, call = FAULTS[fault]
        store = self.store(indexes=("user.id",), **options)
        if not options:
            store.set(SID, SECRET)
        with pytest.raises((StoreError, TypeError, ValueError)) as caught:
            call(store)
        assert "canary" not in told(caught.value)
        assert "canary" not in caplog.text
        assert str(caught.value)

    def test_a_closed_store_tells_nothing(self) -> None:
        """`StoreClosed` says neither what was asked for nor for whom."""
        store = self.store()
        store.close()
        with pytest.raises(StoreError) as reading:
            store.get(SID)
        with pytest.raises(StoreError) as saving:
            store.set(SID, SECRET)
        assert "canary" not in told(reading.value) + told(saving.value)

    def test_the_log_and_the_counts_tell_nothing(self, caplog: pytest.LogCaptureFixture) -> None:
        """Nothing about a session that was saved, read, found unreadable or ended is told."""
        caplog.set_level(logging.DEBUG)
        store = self.store(serializer=Damaging(), indexes=("user.id",))
        store.create(SID, {**SECRET, "damaged": VALUE})
        store.get(SID)
        store.all()
        store.scan()
        store.merge(SID, SECRET)
        store.touch(SID, SECRET)
        store.set(SID, SECRET)
        store.find("user.id", VALUE)
        store.destroy_where("user.id", VALUE)
        assert "canary" not in json.dumps(store.stats())
        assert "canary" not in repr(store)
        store.close()
        assert "canary" not in caplog.text
