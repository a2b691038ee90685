"""Set-up, checks, all tests on one interpreter and the library's on each: what `make test` runs."""

from __future__ import annotations

import os
import subprocess
import sys

from .check import check
from .setup import prepare
from .work import ROOT, loud

_EVERYWHERE = ("tests/store", "tests/engine", "tests/session", "tests/frameworks", "tests/faults")
"""What an interpreter may change.  The rest runs whole programs: once is enough."""

_FAULTS = {"FAULTS": "few"}
"""And of the faults a few: see tests/faults/scale.py."""


def main() -> int:
    """Run everything, whatever fails, and sum up."""
    ready = prepare("--test")
    failed = check()
    for number, environment in enumerate(ready.environments):
        folders = _EVERYWHERE if number else ()
        which = ", ".join(folders) if folders else "all tests"
        print(f"\nPython {environment.interpreter.release}: {which}", flush=True)
        command = [str(environment.python), "-m", "pytest", "-n", "auto", "--dist", "loadgroup"]
        command += folders
        surroundings = {**os.environ, **(_FAULTS if number else {})}
        if subprocess.run(command, cwd=str(ROOT), env=surroundings).returncode:
            failed.append(f"tests on Python {environment.interpreter.release}")
    return sum_up(failed, ready.left_out)


def sum_up(failed: list[str], left_out: list[str]) -> int:
    """Say how it went; the exit code.  Under CI, leaving something out is failing."""
    if left_out:
        loud("LEFT OUT of these tests", left_out)
        if os.environ.get("CI") == "true":
            failed = [*failed, "under CI nothing may be left out"]
    well = "\nAll that could run is well." if left_out else "\nAll is well."
    print("\n".join(f"FAILED  {what}" for what in failed) or well)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
