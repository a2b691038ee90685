"""The original store in a `node` of its own, and this one, on one file."""

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from connect_sqlite import SQLiteStore
from needs import node_dir

PATIENCE = 60
"""Seconds after which Node is taken for hung."""


class NodeStore:
    """The original's calls, by their names; each blocks until Node has answered."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("driver.js"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NODE_PATH": str(folder / "node_modules")},
        )
        self._watch = threading.Timer(PATIENCE, self._process.kill)
        self._watch.daemon = True
        self._watch.start()

    def __getattr__(self, name):
        return lambda *args: self.start(name, *args)()

    def start(self, name, *args):
        """Begin a call and go on; what is returned waits for its result."""
        self._process.stdin.write(json.dumps([name, *args]) + "\n")
        self._process.stdin.flush()

        def wait():
            line = self._process.stdout.readline()
            assert line, "node has ended; its words are above"
            answer = json.loads(line)
            assert "error" not in answer, answer["error"]
            return answer.get("result")

        return wait

    def end(self) -> None:
        self._watch.cancel()
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "sessions.db")


@pytest.fixture
def new_node():
    """Starts programs that run the original."""
    folder, programs = node_dir(), []

    def start():
        programs.append(NodeStore(folder))
        return programs[-1]

    yield start
    for program in programs:
        program.end()


@pytest.fixture
def new_python():
    """Opens stores of ours and closes them after the test."""
    stores = []

    def start(*args, **options):
        stores.append(SQLiteStore(*args, **options))
        return stores[-1]

    yield start
    for store in stores:
        store.close()


@pytest.fixture(params=["node", "python"])
def both(request, path, new_node, new_python):
    """Node's store and ours on one file, which either of them made."""
    node = new_node()
    if request.param == "node":
        node.open({"url": path})
        return node, new_python(path)
    python = new_python(path)
    node.open({"url": path})
    return node, python
