"""Sets the checkout up, for one of the purposes below: `python3 -m tools.setup --demo`, say.

Runs on any Python from 3.8, needs nothing but the standard library, and finds by itself what
it works with.  What is already there is left as it is.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from . import interpreters, node, sources
from .environments import MAIN, OTHERS, Environment
from .interpreters import SUPPORTED, Interpreter
from .work import Failed, loud


class Purpose(NamedTuple):
    """What is installed for what; each name is a file in requirements/."""

    main: tuple[str, ...]
    others: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    node: bool = False
    sources: bool = False


_TESTS = ("demo", "test", "frameworks")

PURPOSES = {
    "--demo": Purpose(("demo",)),
    "--example": Purpose(("demo",), node=True),
    "--frameworks": Purpose(("demo", "frameworks")),
    "--check": Purpose((*_TESTS, "check")),
    "--test": Purpose((*_TESTS, "check"), others=_TESTS, node=True, sources=True),
    "--bench": Purpose(_TESTS, peers=("bench",), node=True),
    "--lock": Purpose(("lock", "demo")),
}


class Ready(NamedTuple):
    """What there is to work with, the main environment first, and what is not to be had here."""

    environments: list[Environment]
    left_out: list[str]


def prepare(purpose: str) -> Ready:
    """Set up and say how it went; ends the program if that fails."""
    try:
        ready = set_up(PURPOSES[purpose])
    except Failed as failure:
        sys.exit(f"{failure}\n\nThe set-up failed; the reason is above.")
    if ready.left_out:
        loud("LEFT OUT of the set-up", ready.left_out)
    return ready


def set_up(purpose: Purpose) -> Ready:
    """Install everything that this purpose needs and that is not there yet."""
    found = interpreters.find()
    first = choose(found)
    main = Environment(first, MAIN)
    rest = [each for each in found if each is not first] if purpose.others else []
    others = [Environment(each, OTHERS / each.version) for each in rest]
    if not MAIN.exists():
        print("Setting up; the first time this takes a minute or two.")
    for environment in (main, *others):
        print(f"  Python {environment.interpreter.release:<8} {environment.interpreter.path}")
    if purpose.others:
        for version in absent(found):
            print(f"  Python {version:<8} not found, on PATH or in pyenv: not tested here")
    sys.stdout.flush()
    with ThreadPoolExecutor() as background:
        # Compiling for Node takes as long as all of pip's work.
        packages = background.submit(node.install) if purpose.node else None
        main.install(purpose.main)
        left_out = [f"{peer}: does not install here" for peer in main.install_peers(purpose.peers)]
        # With the main environment's pip, while the others are installed.
        tests = background.submit(sources.fetch) if purpose.sources else None
        for environment in others:
            environment.install(purpose.others)
        if tests:
            tests.result()
        without_node = packages.result() if packages else None
    return Ready([main, *others], left_out + ([without_node] if without_node else []))


def choose(found: list[Interpreter]) -> Interpreter:
    """The main interpreter: the oldest that can make environments with pip in them."""
    for interpreter in found:
        if interpreter.complete:
            return interpreter
    if not found:
        raise Failed(f"No Python {SUPPORTED[0]} or newer was found, on PATH or in pyenv.")
    version, path = found[0].version, found[0].path
    raise Failed(
        f"{path} comes without venv and ensurepip.  On Debian and Ubuntu they are a package:\n"
        f"    apt-get install python{version}-venv"
    )


def absent(found: list[Interpreter]) -> list[str]:
    """The supported versions that this machine has not."""
    versions = {interpreter.version for interpreter in found}
    return [each for each in SUPPORTED if each not in versions]


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PURPOSES:
        sys.exit(f"{__doc__}\nPurposes: {' '.join(PURPOSES)}")
    prepare(sys.argv[1])
