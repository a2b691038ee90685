"""Format, lint and types, a line each, by the main environment's programs."""

from __future__ import annotations

import sys
from functools import partial

from .environments import MAIN
from .work import Failed, run, step

CHECKS = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "types": ("mypy",),
}


def check() -> list[str]:
    """Run them all; returns the names of those that failed, and prints what they had to say."""
    failed = []
    for name, (program, *arguments) in CHECKS.items():
        command = [MAIN / "bin" / program, *arguments]
        try:
            step(name, partial(run, command))
        except Failed as failure:
            print(f"FAILED  {name}\n{failure}", flush=True)
            failed.append(name)
    return failed


if __name__ == "__main__":
    sys.exit(1 if check() else 0)
