"""Finds the Python interpreters of this machine that the project runs on.

Runs on any Python from 3.8, for `make` calls it with whatever `python3` is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

SUPPORTED = ("3.11", "3.12", "3.13")

PROBE = """
import importlib.util, sys
print("%d.%d" % sys.version_info[:2])
print("%d.%d.%d" % sys.version_info[:3])
print(getattr(sys, "_base_executable", sys.executable))
print(all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")))
"""


class Interpreter(NamedTuple):
    """A Python that was found, and ran."""

    version: str
    """As in `python3.11`."""
    release: str
    path: str
    complete: bool
    """Whether it brings `venv` and `ensurepip`, which Debian packages apart."""


def find() -> list[Interpreter]:
    """One interpreter of each supported version, the oldest first; else a newer one, if any."""
    own = probe(Path(sys.executable))
    found = {own.version: own} if own else {}
    for version in SUPPORTED:
        for path in candidates(version):
            if version in found and found[version].complete:
                break
            other = probe(path)
            if other and other.version == version:
                found[version] = other if other.complete else found.get(version, other)
    fitting = [found[version] for version in SUPPORTED if version in found]
    newer = [own] if own and number(own.version) > number(SUPPORTED[-1]) else []
    return fitting or newer


def candidates(version: str) -> Iterator[Path]:
    """Where that version may be, in the order of PATH, pyenv's own folders last."""
    roots = [os.environ.get("PYENV_ROOT"), os.path.expanduser("~/.pyenv")]
    for folder in map(Path, os.get_exec_path()):
        if folder.name == "shims":  # pyenv's: they only run the versions that are switched on
            yield from pyenv(folder.parent, version)
        elif (folder / f"python{version}").is_file():
            yield folder / f"python{version}"
    for root in filter(None, roots):
        yield from pyenv(Path(root), version)


def pyenv(root: Path, version: str) -> list[Path]:
    """Pyenv's builds of that version, the newest first; no free-threaded ones."""
    builds = (root / "versions").glob(f"{version}.*")
    plain = [build for build in builds if re.fullmatch(r"[\d.]+", build.name)]
    plain.sort(key=lambda build: number(build.name), reverse=True)
    return [build / "bin" / f"python{version}" for build in plain]


def probe(path: Path) -> Interpreter | None:
    """What that program says of itself, or None if it does not run."""
    try:
        out = subprocess.run(
            [str(path), "-c", PROBE], check=True, capture_output=True, text=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version, release, real, complete = out.split("\n")[:4]
    return Interpreter(version, release, real, complete == "True")


def number(version: str) -> tuple[int, ...]:
    """3.9 comes before 3.11."""
    return tuple(map(int, version.split(".")))
