"""The threads behind a store outlive whatever comes up in them."""

import threading
import time

import pytest

from connect_sqlite._sqlite import worker
from connect_sqlite._sqlite.worker import Worker


@pytest.mark.parametrize("error", [ZeroDivisionError, OverflowError, SystemExit])
@pytest.mark.parametrize("where", ["work", "timeout"])
def test_an_error_does_not_end_it(error, where, caplog):
    """Neither one of its work nor one of its wait; it says so, and works when it is woken."""
    errors = [error("on purpose")]
    worked, failed = threading.Semaphore(0), threading.Event()

    def perhaps_fail(place):
        if place == where and errors:
            failed.set()
            raise errors.pop()

    def work():
        perhaps_fail("work")
        worked.release()

    def timeout():
        perhaps_fail("timeout")

    ours = Worker("ours", work, timeout)
    ours.wake()
    failed.wait()
    ours.wake()
    assert worked.acquire(timeout=30)
    ours.stop()
    assert ["ours met an unexpected error and goes on"] == [r.getMessage() for r in caplog.records]


def test_it_rests_after_an_error(monkeypatch):
    """Work that is always due and always fails is tried again after a while, not on and on."""
    monkeypatch.setattr(worker, "_AFTER_ERROR", 0.02)
    tries, times = threading.Semaphore(0), []

    def work():
        times.append(time.monotonic())
        tries.release()
        raise ValueError

    ours = Worker("ours", work, lambda: 0)
    ours.wake()
    for _ in range(4):
        tries.acquire()
    ours.stop()
    assert times[3] - times[1] >= 2 * 0.02 * 0.9


@pytest.mark.parametrize("timeout", [1e10, threading.TIMEOUT_MAX * 2, float("inf")])
def test_a_wait_longer_than_the_system_can(timeout):
    """It waits as long as can be, and works when it is woken."""
    worked = threading.Event()
    ours = Worker("ours", worked.set, lambda: timeout)
    ours.wake()
    assert worked.wait(30)
    ours.stop()
