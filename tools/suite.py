"""Set-up, checks, and the tests on every interpreter that there is: what `make test` runs."""

from __future__ import annotations

import os
import subprocess
import sys

from .check import check
from .setup import prepare
from .work import ROOT, loud


def main() -> int:
    """Run everything, whatever fails, and sum up."""
    ready = prepare("--test")
    failed = check()
    for environment in ready.environments:
        print(f"\nTests on Python {environment.interpreter.release}", flush=True)
        command = [str(environment.python), "-m", "pytest", "-n", "auto"]
        if subprocess.run(command, cwd=str(ROOT)).returncode:
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
