"""What a door says whose framework is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

import connect_sqlite

# Door: what it needs, and the extra that brings it.
NEEDS = {
    "aiohttp": ("aiohttp_session", "aiohttp"),
    "django": ("django", "django"),
    "flask": ("flask", "flask"),
    "flask_session": ("flask", "flask"),
    "litestar": ("litestar", "litestar"),
    "pyramid": ("pyramid", "pyramid"),
    "quart": ("quart", "quart"),
    "telemetry": ("opentelemetry", "otel"),
}
COMES_ALONG = {"quart": {"flask"}}
"""What a framework itself needs of the others."""

HERE = Path(connect_sqlite.__file__).parent
DOORS = {
    door: need
    for door, need in NEEDS.items()
    if (HERE / f"{door}.py").exists() or (HERE / door).exists()
}


@pytest.mark.parametrize("door", DOORS)
def test_a_missing_framework_is_named_with_its_extra(door):
    """Importing a door without its framework raises an ImportError that says what to install."""
    package, extra = DOORS[door]
    program = (
        "import sys\n"
        f"sys.modules[{package!r}] = None\n"
        f"try:\n    import connect_sqlite.{door}\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert f'pip install "connect-sqlite[{extra}]"' in done.stdout
    assert package in done.stdout


@pytest.mark.parametrize("door", DOORS)
def test_a_door_needs_no_other_framework(door):
    """A door is importable with only its own framework installed."""
    others = {package for package, _ in NEEDS.values()} - {DOORS[door][0]}
    others -= COMES_ALONG.get(door, set())
    program = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({sorted(others)!r}))\n"
        f"import connect_sqlite.{door}"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
