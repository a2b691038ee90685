"""Compiles the two small C programs of the benchmark and keeps them in its cache."""

import hashlib
import shutil
import subprocess
from pathlib import Path

_OPTIMISED = ["-O2", "-D_GNU_SOURCE"]
# What better-sqlite3 sets for Node's original and what costs or saves time here.
_SQLITE = [
    "-DSQLITE_THREADSAFE=2",
    "-DSQLITE_DEFAULT_MEMSTATUS=0",
    "-DSQLITE_LIKE_DOESNT_MATCH_BLOBS",
    "-DSQLITE_OMIT_DEPRECATED",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_OMIT_PROGRESS_CALLBACK",
    "-DSQLITE_OMIT_SHARED_CACHE",
]


class CannotCompile(Exception):
    """There is no compiler, or it failed; the message says which."""


def with_sqlite(source: Path, amalgamation: Path, cache: Path) -> Path:
    """`source` with SQLite: with the amalgamation, or else with the system's library."""
    library = amalgamation / "sqlite3.c"
    if library.is_file():
        flags = [*_OPTIMISED, *_SQLITE, f"-I{amalgamation}", str(source), str(library), "-lm"]
        return _compile(flags, [source, library], cache, "c-limit")
    return _compile([*_OPTIMISED, str(source), "-lsqlite3"], [source], cache, "c-limit-system")


def shared_object(source: Path, cache: Path) -> Path:
    """A library to be loaded before others."""
    flags = [*_OPTIMISED, "-shared", "-fPIC", str(source), "-ldl"]
    return _compile(flags, [source], cache, source.stem)


def _compile(flags: list[str], sources: list[Path], cache: Path, name: str) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise CannotCompile("no C compiler is installed")
    digest = hashlib.sha256(" ".join([*_OPTIMISED, *_SQLITE]).encode())
    for path in sources:
        digest.update(path.read_bytes())
    program = cache / f"{name}-{digest.hexdigest()[:16]}"
    if not program.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = program.with_suffix(".new")
        done = subprocess.run(
            [compiler, *flags, "-o", str(unfinished)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line]
            reason = lines[0].rsplit("error:", 1)[-1].strip() if lines else "no reason given"
            raise CannotCompile(f"{sources[0].name} did not compile: {reason}")
        unfinished.rename(program)
    return program
