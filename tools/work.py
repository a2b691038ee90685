"""Runs commands quietly: one line when each is done, and the whole log when it fails."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent


class Failed(Exception):
    """A command failed; carries what it printed."""


def run(
    command: Sequence[object], *, folder: Path = ROOT, extra: Mapping[str, str] | None = None
) -> str:
    """Run it, and return what it printed."""
    home = os.environ.get("HOME") or tempfile.gettempdir()  # npm does not work without one
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=str(folder),
            env={**os.environ, "HOME": home, **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise Failed(str(error)) from error
    if done.returncode:
        line = " ".join(str(part) for part in command)
        raise Failed(f"$ {line}\n{done.stdout}\n(exit code {done.returncode})")
    return done.stdout


def step(what: str, work: Callable[[], object]) -> None:
    """Do it, and say in one line that it is done and how long it took."""
    start = time.monotonic()
    work()
    print(f"  ok  {what:<52} {time.monotonic() - start:5.1f} s", flush=True)


def digest(*parts: object) -> str:
    """A stamp's content: it changes with any of these, and with the place of the checkout."""
    text = "\0".join(map(str, (ROOT, *parts)))
    return hashlib.sha256(text.encode()).hexdigest()


def is_stamped(stamp: Path, content: str) -> bool:
    """Whether the work that this stamp stands for is done."""
    return stamp.is_file() and stamp.read_text() == content


def write_stamp(stamp: Path, content: str) -> None:
    """Say that the work is done."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(content)


def loud(title: str, lines: Sequence[str]) -> None:
    """A block that nobody overlooks."""
    bar = "!" * 78
    marked = [f"!!   {line}" for line in lines]
    print("", bar, f"!! {title}", *marked, bar, "", sep="\n", flush=True)
