"""Makes the virtual environments and installs the pinned requirements into them."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from .interpreters import Interpreter
from .work import ROOT, Failed, digest, is_stamped, run, step, write_stamp

MAIN = ROOT / ".venv"
OTHERS = ROOT / ".venvs"
REQUIREMENTS = ROOT / "requirements"
QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
# Each file has the hash that is written beside its pin, and nothing of it is run to install it.
SAFELY = ("--require-hashes", "--only-binary", ":all:")
OTHER_FILES = """
What is to be had here is not the file whose hash is pinned, and was not installed.  Another build
of the same release is another program: install from where the pinned files are, or pin what you
have and trust.  docs/supply-chain.md tells how."""


class Environment:
    """One virtual environment, with a stamp for each thing that was put into it."""

    def __init__(self, interpreter: Interpreter, folder: Path) -> None:
        self.interpreter = interpreter
        self.folder = folder
        self.name = f"Python {interpreter.release}, {folder.relative_to(ROOT)}"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def install(self, names: tuple[str, ...]) -> None:
        """Bring it up to date with these requirement files and with the project itself."""
        self.create()
        behind = [name for name in names if not self.has(name)]
        if behind:
            step(f"{self.name}: {', '.join(behind)}", lambda: self.install_pins(behind))
        if not self.has("project"):
            step(f"{self.name}: connect-sqlite itself", self.install_project)

    def install_peers(self, names: tuple[str, ...]) -> list[str]:
        """Install what is there to be compared with; returns what could not be installed."""
        try:
            self.install(names)
        except Failed:
            return [peer for name in names for peer in pins(name) if not self.try_peer(name, peer)]
        return []

    def create(self) -> None:
        """Make the folder, anew if it belongs to another interpreter or another place."""
        stamp, content = self.stamp("made"), digest(self.interpreter.path)
        if is_stamped(stamp, content) and self.python.exists():
            return
        # The main environment's pip serves the others: that saves seconds for each.
        bare = [] if self.folder == MAIN else ["--without-pip"]
        run([self.interpreter.path, "-m", "venv", "--clear", *bare, self.folder])
        write_stamp(stamp, content)

    def install_pins(self, names: list[str]) -> None:
        files = [part for name in names for part in ("-r", REQUIREMENTS / f"{name}.txt")]
        self.pip(*SAFELY, *files)
        for name in names:
            write_stamp(self.stamp(name), source(name))

    def install_project(self) -> None:
        self.pip("--no-deps", "--no-build-isolation", "--editable", ROOT)
        write_stamp(self.stamp("project"), source("project"))

    def try_peer(self, name: str, peer: str) -> bool:
        """Install one release with its hashes and nothing that it needs, which is tried as well."""
        with tempfile.TemporaryDirectory() as scratch:
            listed = Path(scratch) / "pin.txt"
            listed.write_text(pins(name)[peer])
            try:
                self.pip(*SAFELY, "--no-deps", "-r", listed)
            except Failed:
                return False
        return True

    def pip(self, *arguments: object) -> None:
        pip = [MAIN / "bin/python", "-m", "pip", "--python", self.python]
        try:
            run([*pip, "install", *arguments], extra=QUIET)
        except Failed as failure:
            differs = "DO NOT MATCH THE HASHES" in str(failure)
            raise Failed(f"{failure}{OTHER_FILES if differs else ''}") from None

    def has(self, name: str) -> bool:
        return is_stamped(self.stamp(name), source(name))

    def stamp(self, name: str) -> Path:
        return self.folder / ".installed" / name


def source(name: str) -> str:
    """What the stamp of that name depends on."""
    project = ROOT / "pyproject.toml"
    return digest((project if name == "project" else REQUIREMENTS / f"{name}.txt").read_text())


def peers(name: str) -> list[str]:
    """The packages that people chose, without those that came along."""
    lines = (REQUIREMENTS / f"{name}.in").read_text().splitlines()
    return [line for line in lines if re.match(r"\w", line)]


def pins(name: str) -> dict[str, str]:
    """What is pinned there: each release with its marker, and with all the lines of its pin."""
    found: dict[str, str] = {}
    release = ""
    for line in (REQUIREMENTS / f"{name}.txt").read_text().splitlines():
        if re.match(r"\w", line):
            release = line.rstrip(" \\")
            found[release] = line
        elif release and not line.lstrip().startswith("#"):
            found[release] += f"\n{line}"
    return found
