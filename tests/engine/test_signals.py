"""Exceptions that strike anywhere: of signal handlers, such as a Ctrl-C, and of libraries."""

import json
import os
import random
import signal
import threading

import pytest

from connect_sqlite import SQLiteStore
from connect_sqlite._sqlite import forks
from engine.programs import Program, integrity, outcome, say


class Struck(BaseException):
    """Raised by the handler."""


def _strike(*_):
    raise Struck


def _until_struck(call, seconds):
    """Call it again and again, until a signal strikes in it."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    while True:
        call()


def struck(path, others):
    signal.signal(signal.SIGALRM, _strike)
    own = random.Random(1)
    closed = 0
    for n in range(150):
        store = SQLiteStore(path, table=f"t{n % 5}") if path else SQLiteStore()
        store.set("a", {})
        stop = threading.Event()

        def work(k, store=store, stop=stop):
            while not stop.is_set():
                store.set(f"o{k}", {})
                store.get("a")

        threads = [threading.Thread(target=work, args=(k,)) for k in range(others)]
        for thread in threads:
            thread.start()

        def calls(store=store):
            store.set("a", {"n": 1})
            store.get("a")
            store.length()

        try:
            _until_struck(calls, 0.0001 + own.random() * 0.003)
        except Struck:
            # Here, where the traceback keeps all that the frames had in hand.
            with SQLiteStore() as another:
                another.set("b", {})
            store.set("b", {})
            assert store.get("b") == {}
            stop.set()
            for thread in threads:
                thread.join()
            store.close()
            closed += 1
    return [closed, integrity(path) if path else "ok"]


@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize("where", ["file", "memory"])
def test_a_call_that_a_signal_ends(tmp_path, where, others):
    """The store goes on and closes, in that thread and in others, and so do other stores."""
    path = str(tmp_path / "s.db") if where == "file" else ""
    assert [150, "ok"] == outcome(struck, path, others)


def interrupted(path):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with SQLiteStore(path) as store:
        store.set("a", {})
        say("go")
        while True:
            store.set("a", {})
            store.get("a")


@pytest.mark.parametrize("n", range(5))
def test_ctrl_c(tmp_path, n):
    """It ends the program."""
    with Program(interrupted, tmp_path / "s.db", patience=20) as program:
        program.says()
        os.kill(program.pid, signal.SIGINT)
        _, said = program.ended()
    assert "KeyboardInterrupt" in said


def unended(path):
    store = SQLiteStore(path)
    store.set("a", {})
    store._engine._writer._turn.acquire()  # as a call of a daemon thread that never ends
    forks._PATIENCE = 0.1
    opened = []
    closing = threading.Thread(target=store.close, daemon=True)
    closing.start()
    with SQLiteStore() as another:
        opened.append(another.length())
    return opened


def test_a_call_that_never_ends(tmp_path):
    """Closing waits for it, but neither other stores nor the program's end do."""
    assert [0] == outcome(unended, tmp_path / "s.db")


class Failing:
    failing = False
    dumps = staticmethod(json.dumps)

    def loads(self, text):
        if self.failing:
            raise SystemExit("from a library")
        return json.loads(text)


def fails_in_the_writer_thread(path):
    codec = Failing()
    store = SQLiteStore(path, serializer=codec)
    store.set("a", {})
    # As for a task: the writer thread runs it.
    call = store._calls.merge("a", {"x": 1}, (), None)
    codec.failing = True
    with pytest.raises(SystemExit, match="from a library"):
        store._engine._writer.run_patiently(call)
    codec.failing = False
    store._engine._writer.run_patiently(store._calls.set("b", {}))
    return store.ids()


def test_an_exception_that_is_no_error_in_the_writer_thread(tmp_path):
    """Who asked has it, and the store goes on."""
    assert ["a", "b"] == outcome(fails_in_the_writer_thread, tmp_path / "s.db")
