"""Installs the original Node packages, which the tests and the benchmark run beside ours."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .work import ROOT, Failed, digest, is_stamped, run, step, write_stamp

FOLDER = ROOT / "node"
READY = FOLDER / "node_modules" / ".ready"  # tests/needs.py looks for it
OLDEST = 18

# Opening a database loads the compiled part, which `require` alone does not.
CHECK = """
new (require('better-sqlite3'))(':memory:').close();
for (const name of ['@sailscastshq/connect-sqlite', 'express', 'express-session']) require(name);
"""


def install() -> str | None:
    """Make the packages ready for use; returns what is missing, if they cannot be."""
    try:
        if not (shutil.which("node") and shutil.which("npm")):
            if os.geteuid() != 0 or not shutil.which("apt-get"):
                return f"Node: install Node {OLDEST} or newer with npm (Debian: nodejs npm g++)"
            step("Node itself, by apt-get", install_debian)
        version = run(["node", "--version"]).strip()
        if int(version[1:].split(".")[0]) < OLDEST:
            return f"Node: {version} is too old, {OLDEST} or newer is needed"
        content = digest(version, (FOLDER / "package-lock.json").read_text())
        if not is_stamped(READY, content):
            step(f"Node {version[1:]}: connect-sqlite, express", install_packages)
            write_stamp(READY, content)
    except Failed as failure:
        print(failure, file=sys.stderr, flush=True)
        return "Node: its packages did not install, see the log above"
    return None


def install_debian() -> None:
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update"], extra=quiet)
    run(["apt-get", "install", "--yes", "nodejs", "npm", "g++"], extra=quiet)


def install_packages() -> None:
    # From the source that came with the package: its script would rather download a binary.
    extra = {"NODE_GYP_FORCE_PYTHON": sys.executable, "npm_config_build_from_source": "true"}
    headers = Path(shutil.which("node") or "").resolve().parent.parent
    if (headers / "include" / "node" / "node_version.h").is_file():
        extra["npm_config_nodedir"] = str(headers)  # else node-gyp downloads them
    run(["npm", "ci"], folder=FOLDER, extra=extra)
    # node/.npmrc forbids install scripts; this one compiles, and takes about a minute.
    run(["npm", "rebuild", "better-sqlite3", "--ignore-scripts=false"], folder=FOLDER, extra=extra)
    run(["node", "-e", CHECK], folder=FOLDER)
