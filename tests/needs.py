"""What a test needs of the machine beyond Python: without it, it says so loudly."""

import os
import shutil
from pathlib import Path

import pytest

NODE = Path(__file__).resolve().parent.parent / "node"


def node_dir() -> Path:
    """Where to run `node` with the original packages; else the test is skipped, or fails in CI."""
    if shutil.which("node") and (NODE / "node_modules" / ".ready").is_file():
        return NODE
    reason = "Node and the original packages are not installed: run `make setup`"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
