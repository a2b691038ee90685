"""What is published can be built again, bit for bit, by whoever doubts it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("src", "tests", "docs", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml")


def checkout(place: Path, mode: int, moment: int) -> Path:
    """A copy of what is built from, with other modes and times than another one's."""
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", ".*")
            )
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    for path in sorted(place.rglob("*"), key=str, reverse=moment % 2 == 1):
        path.chmod(mode | 0o100 if path.is_dir() else mode)
        os.utime(path, (moment, moment))
    return place


def built(place: Path, kind: str, umask: int, **extra: str) -> tuple[str, bytes]:
    """The name and the bytes of what is built there."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(place / "out")]
    subprocess.run(
        command,
        cwd=place,
        check=True,
        capture_output=True,
        umask=umask,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **extra},
    )
    (file,) = (place / "out").iterdir()
    return file.name, file.read_bytes()


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_two_builds_are_the_same(tmp_path, kind):
    """Two builds are byte-identical: in other folders, at other times, under other settings."""
    one = checkout(tmp_path / "one", 0o600, 1_600_000_000)
    two = checkout(tmp_path / "elsewhere" / "two", 0o644, 1_700_000_001)
    first = built(one, kind, 0o077, TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C")
    second = built(two, kind, 0o022, TZ="Asia/Tokyo", PYTHONHASHSEED="2", LC_ALL="C.UTF-8")
    assert first[0] == second[0]
    assert first[1] == second[1]
