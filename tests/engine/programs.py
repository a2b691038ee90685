"""Programs of their own: what forks, hangs, is killed or changes its user runs in one of these.

A program is a function of a test module.  It runs in a process and a session of its own, with
warnings as errors, and what it returns comes back as JSON.  One that does not end in time dies with
the stacks of all its threads, and of all its children's, in the failure.
"""

import contextlib
import faulthandler
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
PATIENCE = 60
"""Seconds after which a program is taken for hung: generous, for machines that are busy."""

in_the_pause: list[Callable[[], object]] = []
"""What a program wants done in a fork's pause: after the stores' own hooks, before the fork."""


class Program:
    """A program that runs beside the test; both sides talk in lines."""

    def __init__(
        self,
        function: Callable[..., Any],
        *args: Any,
        options: tuple[str, ...] = (),
        patience: float = PATIENCE,
    ) -> None:
        name = f"{function.__module__}:{function.__name__}"
        paths = [str(TESTS), str(TESTS.parent), *filter(None, sys.path)]
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-W", "error", *options, "-c"),
                "from engine.programs import main; main()",
                *(name, json.dumps([str(arg) if isinstance(arg, Path) else arg for arg in args])),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._watch = threading.Timer(patience, self._give_up)
        self._watch.daemon = True
        self._watch.start()

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *exc: object) -> None:
        self._watch.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.communicate()

    def _give_up(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGABRT)  # faulthandler writes the stacks

    def tell(self, line: str = "") -> None:
        """The next `heard()` of the program."""
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def says(self) -> Any:
        """What the program `say`s next."""
        line = self._process.stdout.readline()
        if not line:
            self._fail()
        return json.loads(line)

    def kill(self) -> None:
        """As power loss is to a machine; returns when it is dead."""
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait()

    def result(self) -> Any:
        """What its function returned."""
        out, err = self._process.communicate()
        if self._process.returncode:
            self._fail(out, err)
        return json.loads(out.splitlines()[-1])

    def ended(self) -> tuple[int, str]:
        """Its exit code and what it wrote to stderr, if it may fail."""
        _, err = self._process.communicate()
        if self._process.returncode == -signal.SIGABRT:
            self._fail("", err)
        return self._process.returncode, err

    def _fail(self, out: str = "", err: str = "") -> None:
        if not err:
            out, err = self._process.communicate()
        how = "did not end in time" if self._process.returncode == -signal.SIGABRT else "failed"
        raise AssertionError(f"the program {how} ({self._process.returncode})\n{out}\n{err}")


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    """What a function returns in a process of its own."""
    with Program(function, *args) as program:
        return program.result()


# ---------------------------------------------------------------------- inside a program


def main() -> None:
    faulthandler.enable()
    # Registered before the package is imported, so it runs when the stores have paused.
    os.register_at_fork(before=lambda: [step() for step in list(in_the_pause)])
    module, name = sys.argv[1].split(":")
    function = getattr(importlib.import_module(module), name)
    say(function(*json.loads(sys.argv[2])))


def say(value: Any = None) -> None:
    """For `Program.says`.  One line at a time, whichever thread says it."""
    os.write(1, json.dumps(value).encode() + b"\n")


def heard() -> str:
    """What the test `tell`s.  Ends the program if the test is over."""
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else sys.exit(9)


def fork(in_child: Callable[[], object]) -> int:
    """Fork; the child runs the function and ends without any of Python's farewells."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        in_child()
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the parent hears of it
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended_well(*pids: int) -> bool:
    """Wait for children; whether all ended without an error."""
    return [0] * len(pids) == [os.waitpid(pid, 0)[1] for pid in pids]


def descriptors(path: str) -> list[str]:
    """Which of a store's files this process has open: `""`, `"-wal"`, `"-shm"`."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{name}")
            if target.startswith(path):
                found.append(target.removeprefix(path))
    return sorted(found)


def own_threads() -> list[str]:
    """The store's threads that are alive, but for one that has closed it and is ending."""
    names = sorted(thread.name for thread in threading.enumerate())
    return [n for n in names if n.startswith("connect-sqlite") and "closing" not in n]


def threads_left() -> list[str]:
    """Those that do not end: after closing an async store, some are on their way out for a bit."""
    deadline = time.monotonic() + PATIENCE / 2
    while own_threads() and time.monotonic() < deadline:
        time.sleep(0.001)
    return own_threads()


def integrity(path: str) -> str:
    """What SQLite says about a file that no store of this process has open."""
    import apsw

    db = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        return db.execute("PRAGMA integrity_check").get
    finally:
        db.close()
