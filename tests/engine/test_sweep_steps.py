"""A sweep is made in steps: what a cancelled task leaves behind, and how long it rests."""

import asyncio
import logging
import os
import threading
import time

import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed
from connect_sqlite._sqlite import sweeper
from engine.programs import Program, ended_well, fork, outcome
from engine.test_async import holds_the_lock
from engine.test_sweeps import fill

EXPIRED = 20_000


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "s.db")
    fill(path, False, expired=EXPIRED)
    return path


async def cancelled_sweeps(store, many):
    """Sweeps of all there is, beside other work, each cancelled when something was deleted."""
    sweeps = [asyncio.create_task(store.sweep(EXPIRED)) for _ in range(many)]
    while (await store.stats())["expired"] == EXPIRED:
        await store.set("a", {})
    for sweep in sweeps:
        sweep.cancel()
    ends = await asyncio.gather(*sweeps, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)


def starves_nobody(path):
    async def main():
        async with AsyncSQLiteStore(path, sweep_interval=None) as store:
            await cancelled_sweeps(store, 4)
            lengths = [await store.length() for _ in range(8)]
            left = (await store.stats())["expired"]
            counted = (await store.stats())["operations"]["sweep"]
            return [lengths, left > 0, left == (await store.stats())["expired"], counted]

    return asyncio.run(main())


def test_cancelled_sweeps_hold_no_thread(path):
    """As many as there are threads: other calls go on at once, and nothing more is deleted."""
    assert [[11] * 8, True, True, 4] == outcome(starves_nobody, path)


def forks_behind_a_sweep(path):
    async def main():
        async with AsyncSQLiteStore(path, sweep_interval=None) as store:
            await cancelled_sweeps(store, 1)
            pid = os.fork()
            if not pid:
                os._exit(0)
            return [ended_well(pid), (await store.stats())["expired"] > 0]

    return asyncio.run(main())


def test_a_fork_waits_for_no_cancelled_sweep(path):
    """The fork comes while most of the rows are there, not when the sweep would have ended."""
    assert [True, True] == outcome(forks_behind_a_sweep, path)


def ends_behind_a_sweep(path):
    async def main():
        await cancelled_sweeps(AsyncSQLiteStore(path, sweep_interval=None), 1)

    asyncio.run(main())


def test_a_program_does_not_live_on_for_a_cancelled_sweep(path):
    """Nor does one that forgets to close: most of the rows are there when it has ended."""
    outcome(ends_behind_a_sweep, path)
    with SQLiteStore(path, sweep_interval=None) as store:
        assert store.stats()["expired"] > 0


def waits_in_four_sweeps(path):
    async def main():
        async with AsyncSQLiteStore(path, sweep_interval=None, busy_timeout=600) as store:
            with Program(holds_the_lock, path) as other:
                assert "held" == other.says()
                sweeps = [asyncio.create_task(store.sweep(1)) for _ in range(4)]
                while len(store._engine._writer._queue) < 4:
                    assert 10 == await store.length()
                lengths = [await store.length() for _ in range(8)]
                other.tell()
                assert "released" == other.says()
                return [lengths, await asyncio.gather(*sweeps)]

    return asyncio.run(main())


def test_sweeps_that_wait_for_another_process_hold_no_thread(path):
    """They wait where all writes of an event loop do."""
    assert [[10] * 8, [1, 1, 1, 1]] == outcome(waits_in_four_sweeps, path)


class Slow:
    """Reads, writes and a clock that says each took so many seconds."""

    def __init__(self, seconds, monkeypatch):
        self.now, self.seconds = 1000.0, seconds
        self.rests = []
        monkeypatch.setattr(sweeper.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(sweeper.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(sweeper, "_FIRST", 0.0)

    def slice(self, *_):
        return (7, 1) if self.now < 1000 + 10 * self.seconds else (None, 0)

    def sweep(self, *_):
        return 1

    def run(self, call):
        self.now += self.seconds
        return call.operation()

    async def run_async(self, call):
        return self.run(call)

    def sweeper(self, interval=None, clock=time.time):
        uses = iter(range(10**6))  # there is always another use
        return sweeper.Sweeper(self, self.run, self.run, lambda: next(uses), clock, interval)


@pytest.mark.parametrize("face", ["sync", "async"])
@pytest.mark.parametrize(("took", "rest"), [(0.001, 0.004), (3.0, 0.05)])
def test_a_sweep_rests_as_long_as_it_worked_not_as_it_waited(monkeypatch, face, took, rest):
    """Four times as long as a step took, and 50 ms where that was a wait."""
    slow, rests = Slow(took, monkeypatch), []
    ours = slow.sweeper()
    if face == "sync":
        ours._interrupted.wait = rests.append
        assert 5 == ours.sweep(100)
    else:

        async def sleep(seconds):
            rests.append(seconds)

        monkeypatch.setattr(sweeper.asyncio, "sleep", sleep)
        assert 5 == asyncio.run(ours.sweep_async(100, slow.run_async))
    assert [rest] * 11 == [round(each, 6) for each in rests]


@pytest.mark.parametrize(("took", "rest"), [(0.001, 0.2), (3.0, 5.0)])
def test_the_background_rests_no_longer_than_seconds(monkeypatch, took, rest):
    """A hundred times as long as a step took, a look and a deletion, and 5 s where it waited."""
    ours = Slow(took, monkeypatch).sweeper(900)
    ours.step()
    assert rest == round(ours.wait(), 6)


def rests_for_an_hour(path):
    sweeper._PATIENCE_ALONE, sweeper._LONGEST_ALONE = 10**9, 3600
    steps = threading.Semaphore(0)
    ended = []

    def clock():
        if threading.current_thread().name == "sweeping":
            steps.release()
        return time.time()

    store = SQLiteStore(path, sweep_interval=None, clock=clock)

    def sweep():
        try:
            store.sweep()
        except StoreClosed:
            ended.append("closed")

    store.set("a", {})  # somebody else uses the store
    thread = threading.Thread(target=sweep, name="sweeping")
    thread.start()
    steps.acquire()
    store.set("a", {})
    well = ended_well(fork(store.close))
    steps.acquire()
    store.set("a", {})
    store.close()
    thread.join()
    return [well, ended]


def test_a_thread_that_rests_is_woken(path):
    """By a fork, on whose other side it goes on, and by the close, on both sides."""
    assert [True, ["closed"]] == outcome(rests_for_an_hour, path)


def exhausted():
    raise StopIteration


@pytest.mark.parametrize("interval", [0, 900, 1e10, 10**400])
@pytest.mark.parametrize("clock", [exhausted, lambda: float("nan"), lambda: 1 / 0, lambda: "now"])
def test_whatever_comes_up_the_next_sweep_is_later(monkeypatch, caplog, clock, interval):
    """A clock that fails is told of once, and the thread rests instead of trying at once."""
    caplog.set_level(logging.WARNING)
    slow = Slow(0, monkeypatch)
    ours = slow.sweeper(interval, clock)
    for _ in range(3):
        slow.now += ours.wait()
        ours.step()
        assert ours.wait() >= 0.005
    assert ["could not be swept"] == [r.getMessage()[21:39] for r in caplog.records]


def test_a_clock_that_ends_the_thread_does_so_later(monkeypatch):
    """Even what is no `Exception` leaves the next sweep for its time."""
    ours = Slow(0, monkeypatch).sweeper(900, lambda: exec("raise SystemExit"))
    with pytest.raises(SystemExit):
        ours.step()
    assert ours.wait() >= 450


def test_an_interval_of_nothing_leaves_a_pause(monkeypatch):
    """A store without rows and `sweep_interval=0` looks again after a while, not on and on."""
    slow = Slow(1e-6, monkeypatch)
    ours = slow.sweeper(0)
    slow.now += 1
    ours.step()
    assert ours.wait() >= 0.005
