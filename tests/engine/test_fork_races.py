"""What happens in the very moment of a fork (threat 41).

A hook that was registered before the package was imported runs inside the pause: every race of
another thread with a fork is so brought about on purpose, without luck.
"""

import asyncio
import json
import os
import re
import threading
import time
import warnings

import pytest

from connect_sqlite import AsyncSQLiteStore, SQLiteStore, StoreClosed, StoreUnavailable
from connect_sqlite._sqlite import opening, sweeper
from engine.programs import (
    descriptors,
    ended_well,
    fork,
    in_the_pause,
    outcome,
    own_threads,
)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "s.db")


def threads_of_the_program_are_fine():
    """From Python 3.12 on a fork beside the *program's* threads warns, and rightly."""
    warnings.simplefilter("ignore", DeprecationWarning)


def started(function, *args):
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def forks_beside(path, readers, writers):
    threads_of_the_program_are_fine()
    store = SQLiteStore(path)
    for n in range(200):
        store.set(str(n), {"a": "x" * 300})
    stop, done = threading.Event(), [0] * (readers + writers)

    def read(k):
        while not stop.is_set():
            store.get(str(done[k] % 200))
            done[k] += 1

    def write(k):
        while not stop.is_set():
            store.set(f"w{k}", {"n": done[k]})
            done[k] += 1

    threads = [started(read, k) for k in range(readers)]
    threads += [started(write, readers + k) for k in range(writers)]
    well = True
    for n in range(15):
        before = list(done)
        while n and not all(map(int.__lt__, before, done)):  # all of them go on after a fork
            time.sleep(0.001)

        def child():
            assert descriptors(path) == []
            store.set("child", {})
            assert store.get("child") == {}
            store.close()

        well = ended_well(fork(child)) and well
    in_use = store.length()
    stop.set()
    for thread in threads:
        thread.join()
    store.close()
    return [well, in_use, descriptors(path), own_threads()]


@pytest.mark.parametrize(("readers", "writers"), [(8, 0), (0, 4), (4, 2)])
def test_forks_while_threads_read_and_write(path, readers, writers):
    """Neither is a fork starved by them, nor do they stand still behind it (threats 41, 44)."""
    result = outcome(forks_beside, path, readers, writers)
    assert [True, 201 + writers, [], []] == result


def closes_beside(path):
    store = SQLiteStore(path)
    store.set("a", {})
    ready = threading.Barrier(9)
    ends = []

    def read():
        ready.wait()
        try:
            while True:
                store.get("a")
        except StoreClosed:
            ends.append("closed")

    threads = [started(read) for _ in range(8)]
    ready.wait()
    store.close()
    for thread in threads:
        thread.join()
    return [ends.count("closed"), descriptors(path), own_threads()]


def test_closing_is_not_starved_by_readers(path):
    """Eight threads that only read do not keep a store from closing (threat 44)."""
    assert [8, [], []] == outcome(closes_beside, path)


def calls_in_the_pause(path):
    threads_of_the_program_are_fine()
    store = SQLiteStore(path)
    store.set("a", {"x": 1})
    callers, answers, held = [], [], []

    def call(k):
        answers.append(store.get("a") if k % 2 else store.set(f"b{k}", {}))

    def many():
        callers.extend(started(call, k) for k in range(64))
        # Those that read come by the spot where a lease is asked for, which wakes a thread.
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:
            held.extend([*descriptors(path), *own_threads()])

    in_the_pause.append(many)

    def child():
        assert [] == descriptors(path)

    well = ended_well(fork(child))
    in_the_pause.clear()
    for caller in callers:
        caller.join()
    return [well, held, len(answers), store.length()]


def test_calls_of_other_threads_in_the_pause_wait(path):
    """They bring no thread and no connection back to life, and have their results afterwards."""
    assert [True, [], 64, 33] == outcome(calls_in_the_pause, path)


def calls_after_close(path):
    store = SQLiteStore(path)
    store.set("a", {})
    store.close()
    for _ in range(100):
        for call in (store.get, store.destroy):
            try:
                call("a")
            except StoreClosed:
                continue
            return "it is open"
    return [descriptors(path), own_threads()]


def test_calls_after_the_close_wake_nothing(path):
    """A closed store stays without threads and descriptors, however often it is asked."""
    assert [[], []] == outcome(calls_after_close, path)


def asks_for_a_checkpoint(path):
    threads_of_the_program_are_fine()
    sweeper._FIRST = 0.0
    inside, go_on = threading.Event(), threading.Event()

    def clock():
        # Hold the housekeeper in the first step of its sweep, so that what is asked for waits.
        if threading.current_thread().name.endswith("housekeeper") and not go_on.is_set():
            inside.set()
            go_on.wait()
        return time.time()

    store = SQLiteStore(path, sweep_interval=1000, clock=clock, max_bytes=2**24)
    inside.wait()
    for n in range(10):
        store.set(str(n), {"x": "y" * 2_000_000})
    threading.Timer(0.2, go_on.set).start()

    def use_and_close():
        for _ in range(100):
            store.get("0")
        store.set("0", {})
        store.close()

    well = ended_well(fork(use_and_close))
    use_and_close()
    return [well, descriptors(path), own_threads()]


def test_a_checkpoint_that_was_asked_for_before_the_fork(path):
    """It is made, or forgotten; both sides close (threat 41)."""
    assert [True, [], []] == outcome(asks_for_a_checkpoint, path)


def long_write_at_the_fork(path):
    threads_of_the_program_are_fine()
    inside, go_on = threading.Event(), threading.Event()
    failed = []

    class Codec:
        dumps = staticmethod(json.dumps)

        def loads(self, text):
            if threading.current_thread().name == "merging" and not go_on.is_set():
                inside.set()
                go_on.wait()
            return json.loads(text)

    def go_on_without_housekeeper():
        while "connect-sqlite-housekeeper" in own_threads():
            time.sleep(0.001)
        go_on.set()

    def opened_slowly(*args):
        time.sleep(0.1)
        return open_writer(*args)

    def use_and_close():
        try:
            store.set("b", {})
        except Exception as error:  # noqa: BLE001
            failed.append(repr(error))
        store.close()
        assert not failed, failed

    store = SQLiteStore(path, serializer=Codec(), max_bytes=2**26, sweep_interval=None)
    store.set("a", {})
    open_writer, opening.open_writer = opening.open_writer, opened_slowly
    merging = threading.Thread(target=store.merge, args=("a", {"x": "y" * 20_000_000}))
    merging.name = "merging"
    merging.start()
    inside.wait()
    started(go_on_without_housekeeper)
    pid = fork(use_and_close)
    use_and_close()
    merging.join()
    return [ended_well(pid), descriptors(path), own_threads()]


def test_a_long_write_is_committed_while_the_fork_waits_for_it(path):
    """It makes the log long enough for a checkpoint; both sides go on and close (threat 41)."""
    assert [True, [], []] == outcome(long_write_at_the_fork, path)


def several_forkers(path):
    threads_of_the_program_are_fine()
    store = SQLiteStore(path)
    store.set("a", {})
    well = []

    def forker(k):
        for n in range(15):
            store.set(f"parent{k}-{n}", {})

            def child(n=n):
                assert [] == descriptors(path)
                store.set(f"child{k}-{n}", {})

            well.append(ended_well(fork(child)))

    threads = [started(forker, k) for k in range(3)]
    for thread in threads:
        thread.join()
    return [len(well), all(well), store.length()]


def test_threads_that_fork_at_once(path):
    """Three threads fork again and again; all children are right (threat 41)."""
    assert [45, True, 91] == outcome(several_forkers, path)


def gone_after_the_fork(path):
    store = SQLiteStore(path)
    store.set("a", {})

    def child():
        os.unlink(path)
        for call in (lambda: store.set("b", {}), lambda: store.get("a"), store.length):
            with pytest.raises(StoreUnavailable, match=re.escape(path)):
                call()

    return [ended_well(fork(child)), os.path.exists(path)]


def test_the_file_goes_while_nobody_has_it_open(path):
    """What opens again after the fork is told what happened, and makes no new file (threat 40)."""
    assert [True, False] == outcome(gone_after_the_fork, path)


def loop_in_another_thread(path):
    threads_of_the_program_are_fine()
    store = AsyncSQLiteStore(path)
    stop, errors, rounds = threading.Event(), [], [0] * 8

    async def use(k):
        while not stop.is_set():
            try:
                await store.set(f"p{k}", {"n": rounds[k]})
                await store.length()
                assert {"n": rounds[k]} == await store.get(f"p{k}")
            except Exception as error:  # noqa: BLE001
                errors.append(repr(error))
            rounds[k] += 1

    async def main():
        await asyncio.gather(*(use(k) for k in range(8)))

    thread = started(lambda: asyncio.run(main()))
    well = True
    for n in range(15):
        before = list(rounds)
        while not all(map(int.__lt__, before, rounds)):
            time.sleep(0.001)

        async def child(n=n):
            await store.set(f"child{n}", {})
            assert await store.length() > 0
            await store.close()

        well = ended_well(fork(lambda child=child: asyncio.run(child()))) and well
    stop.set()
    thread.join()
    return [well, errors, asyncio.run(store.length())]


def test_an_event_loop_in_another_thread(path):
    """A loop's tasks go on while the main thread forks, and the children run loops of their own."""
    assert [True, [], 23] == outcome(loop_in_another_thread, path)


def closes_in_the_pause(path):
    threads_of_the_program_are_fine()
    store = SQLiteStore(path)
    store.set("a", {})
    closing = []
    in_the_pause.append(lambda: closing.append(started(store.close)))

    def child():
        store.set("child", {})

    well = ended_well(fork(child))
    closing[0].join()
    return [well, descriptors(path), own_threads()]


def test_another_thread_closes_it_in_the_pause(path):
    """It is closed in the parent when the fork is over, and the child still has it."""
    assert [True, [], []] == outcome(closes_in_the_pause, path)


def opens_in_the_pause(path):
    threads_of_the_program_are_fine()
    store = SQLiteStore(path)
    store.set("a", {})
    opened = []
    in_the_pause.append(
        lambda: started(lambda: opened.append(SQLiteStore(path, table="other"))).join(0.2)
    )

    def child():
        assert [] == descriptors(path)
        store.set("child", {})

    well = ended_well(fork(child))
    while not opened:
        time.sleep(0.001)
    opened[0].set("b", {})
    return [well, store.ids(), opened[0].ids()]


def test_another_thread_opens_one_in_the_pause(path):
    """No half-open store is carried into the child (threat 41)."""
    assert [True, ["a", "child"], ["b"]] == outcome(opens_in_the_pause, path)
