"""Fetches the frameworks' own tests: source distributions, by pip, unpacked into `.sources/`.

`python3 -m tools.sources` pins those that requirements/sources.in asks for: `make lock` runs it.
"""

from __future__ import annotations

import re
import shutil
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

from .environments import MAIN, QUIET, REQUIREMENTS
from .work import ROOT, Failed, digest, is_stamped, run, step, write_stamp

FOLDER = ROOT / ".sources"
HEAD = "# Written by `make lock` from sources.in: each release with the hash of its sdist.\n"


def fetch() -> None:
    """Unpack all that is pinned and not there yet."""
    behind = [pin for pin in pins() if not is_stamped(stamp(pin), digest(pin))]
    if behind:
        step("the frameworks' own tests, from their sources", lambda: fetch_all(behind))


def fetch_all(wanted: list[str]) -> None:
    with ThreadPoolExecutor(2) as both:
        list(both.map(unpack, wanted))


def unpack(pin: str) -> None:
    """Download this one, compare its hash, and put what is in it into a folder of its name."""
    with tempfile.TemporaryDirectory(dir=str(made(FOLDER))) as name:
        scratch = Path(name)
        archive = download(pin, scratch)
        # Python 3.8 has no filters in its first releases, and 3.12 warns without one.
        safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        with tarfile.open(str(archive)) as packed:
            packed.extractall(str(scratch / "unpacked"), **safely)
        (content,) = (scratch / "unpacked").iterdir()
        shutil.rmtree(str(folder(pin)), ignore_errors=True)
        content.rename(folder(pin))
    write_stamp(stamp(pin), digest(pin))


def download(pin: str, scratch: Path) -> Path:
    """The sdist of this pin, with the hash that it names; pip knows where from."""
    listed = scratch / "pin.txt"
    listed.write_text(pin + "\n")
    exactly = ["--require-hashes"] if "--hash=" in pin else []
    # Nothing of it is run but what pip asks of its build for its name: any Python will do.
    freely = ["--no-deps", "--no-binary", ":all:", "--ignore-requires-python"]
    pip = [MAIN / "bin/python", "-m", "pip", "download", "--quiet", *freely, *exactly]
    try:
        run([*pip, "--dest", scratch, "--requirement", listed], extra=QUIET)
        (archive,) = scratch.glob("*.tar.gz")
    except (Failed, ValueError) as failure:
        release = pin.split(" ")[0]
        raise Failed(f"The source distribution of {release} could not be had.\n{failure}") from None
    return archive


def pins() -> list[str]:
    """The lines of sources.txt."""
    return lines(REQUIREMENTS / "sources.txt")


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if re.match(r"\w", line)]


def folder(pin: str) -> Path:
    """Where what a pin stands for is unpacked: `.sources/django-5.2.19`, say."""
    return FOLDER / pin.split(" ")[0].replace("==", "-").lower()


def stamp(pin: str) -> Path:
    return folder(pin) / ".ready"


def made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def releases(installed: set[str]) -> list[str]:
    """What sources.in asks for, a bare name in each release that is among the installed."""
    found = []
    for asked in lines(REQUIREMENTS / "sources.in"):
        name = asked.lower()
        same = sorted(each for each in installed if each.startswith(f"{name}=="))
        found += [name] if "==" in name else same
    return found


def lock() -> None:
    """Write sources.txt anew."""
    installed = {line.split(" ")[0] for name in ("demo", "frameworks") for line in locked(name)}
    with tempfile.TemporaryDirectory() as scratch:
        pinned = []
        for number, release in enumerate(releases(installed)):
            archive = download(release, made(Path(scratch) / str(number)))
            pinned.append(f"{release} --hash=sha256:{sha256(archive.read_bytes()).hexdigest()}\n")
    (REQUIREMENTS / "sources.txt").write_text(HEAD + "".join(pinned))


def locked(name: str) -> list[str]:
    return lines(REQUIREMENTS / f"{name}.txt")


if __name__ == "__main__":
    lock()
