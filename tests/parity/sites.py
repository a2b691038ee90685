"""Starts the site on each side, once for each set of options, and ends them."""

import json
import os
import subprocess
from pathlib import Path
from threading import Timer
from typing import Any

from connect_sqlite import SQLiteStore
from connect_sqlite.errors import StoreUnavailable
from needs import node_dir

from .gateways import AsgiSite, WsgiSite
from .listing import ASGI, EXPRESS, Line
from .visitor import SECRET, Visitor

START = 1_795_000_000_000
"""A day in November 2026, on a whole second."""

NODE_LIVES = 300
"""Seconds after which Node is taken for hung."""

ALIKE = {"same_site": None, "secure": False}
"""The cookie's defaults that differ, set to the original's wherever they are not the question."""


class Clock:
    """The time of all sites, set by hand."""

    def __init__(self) -> None:
        self.milliseconds = START
        self.node: Node | None = None

    def __call__(self) -> float:
        return self.milliseconds / 1000

    def set(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds
        if self.node:
            self.node.do("now", milliseconds)

    def advance(self, seconds: float) -> None:
        self.set(self.milliseconds + round(seconds * 1000))


class Refused(Exception):
    """Node did not take the options.  The argument is its error's name."""


class Node:
    """One `node` for all Express sites."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._process = subprocess.Popen(
            ["node", "--no-deprecation", str(Path(__file__).with_name("site.js"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NODE_PATH": str(folder / "node_modules")},
        )
        self._watch = Timer(NODE_LIVES, self._process.kill)
        self._watch.daemon = True
        self._watch.start()
        clock.node = self
        self.do("now", clock.milliseconds)

    def do(self, *command: Any) -> Any:
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "node has ended; its words are above"
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"], answer["message"])
        return answer.get("result")

    def end(self) -> None:
        self._watch.cancel()
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class AsText:
    """The rows as they are, whatever they say."""

    def dumps(self, session: dict[str, Any], /) -> str:
        return session["text"]

    def loads(self, text: str, /) -> dict[str, Any]:
        return {"text": text}


class Site:
    """A site, started or refused, and a look into its file."""

    refused: str | None = None
    port: int

    def __init__(self, file: Path, clock: Clock) -> None:
        self.rows = SQLiteStore(str(file), serializer=AsText(), clock=clock)

    def forget(self) -> None:
        self.rows.clear()

    def end(self) -> None:
        self.rows.close()


class ExpressSite(Site):
    def __init__(self, line: Line, node: Node, file: Path, clock: Clock) -> None:
        self._node = node
        self._began = False
        try:
            given = {
                "file": str(file), "options": in_node(line), "harness": line.harness
            }
            started = node.do("start", given)
        except Refused as error:
            self.refused = error.args[0]
        else:
            self.port, self._number = started["port"], started["site"]
        super().__init__(file, clock)

    def forget(self) -> None:
        super().forget()
        self._node.do("forget", self._number)

    def calls(self) -> list[str]:
        return self._node.do("calls", self._number)

    def errors(self) -> list[str]:
        """The names of the errors that Express was told of."""
        return self._node.do("errors", self._number)

    def fail(self, call: str, code: str = "EFAILED") -> None:
        self._node.do("fail", self._number, call, code)

    def go_away(self) -> None:
        self._node.do("emit", self._number, "disconnect")

    def come_back(self) -> None:
        self._node.do("emit", self._number, "connect")

    def hold(self) -> None:
        """The next call that writes waits."""
        self._node.do("hold", self._number)

    def wait_until_held(self) -> None:
        self._node.do("held", self._number)

    def release(self) -> None:
        self._node.do("release", self._number)


class PythonSite(Site):
    def __init__(self, line: Line, site: str, file: Path, clock: Clock) -> None:
        kind = AsgiSite if site == ASGI else WsgiSite
        store = {"clock": clock, "disable_touch": line.harness.get("touchless", False)}
        harness = {"twice": False, "mount": None, **line.harness, "store": store}
        self._gateway: Any = None
        try:
            self._gateway = kind(str(file), in_python(line, site, clock), harness)
        except (TypeError, ValueError) as error:
            self.refused = type(error).__name__
        else:
            self.port = self._gateway.port
            self._watch = self._gateway.watch
        super().__init__(file, clock)

    def forget(self) -> None:
        super().forget()
        self._watch.forget()

    def calls(self) -> list[str]:
        calls, self._watch.calls = self._watch.calls, []
        return calls

    def errors(self) -> list[str]:
        return []

    def fail(self, call: str, code: str = "") -> None:
        self._watch.failures[call] = StoreUnavailable("the store failed")

    def go_away(self) -> None:
        self.fail("get")

    def come_back(self) -> None:
        self._watch.failures.clear()

    def hold(self) -> None:
        self._watch.holds = True

    def wait_until_held(self) -> None:
        assert self._watch.entered.wait(20)

    def release(self) -> None:
        self._watch.opened.set()

    def end(self) -> None:
        if self._gateway is not None:
            self._gateway.end()
        super().end()


def in_node(line: Line) -> dict[str, Any]:
    """The options in express-session's words."""
    options = {"secret": SECRET, **line.options}
    if not line.harness.get("bare"):
        options = {"resave": False, "save_uninitialized": False, **options}
        if not isinstance(options.get("cookie"), str):
            options["cookie"] = {**ALIKE, **options.get("cookie", {})}
    if isinstance(options.get("cookie"), dict):
        cookie = dict(options["cookie"])
        if isinstance(cookie.get("max_age"), int | float):
            cookie["max_age"] = cookie["max_age"] * 1000
        options["cookie"] = {_camel(k): v for k, v in cookie.items() if v is not None}
    return {_camel(name): value for name, value in options.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def in_python(line: Line, site: str, clock: Clock) -> dict[str, Any]:
    """The options in this package's words; functions go by name there too."""
    options = {"secret": SECRET, **line.options, **line.ours, "clock": clock}
    if not line.harness.get("bare"):
        options = {"touch_interval": 0, **options}
        if not isinstance(options.get("cookie"), str):
            options["cookie"] = {**ALIKE, **options.get("cookie", {})}

    def asked(request: Any, name: str) -> str | None:
        if site == ASGI:
            return dict(request["headers"]).get(name.encode(), b"").decode() or None
        return request.get(f"HTTP_{name.upper().replace('-', '_')}")

    functions = {
        "odd": lambda request: "a/b+c d%é",
        "number": lambda request: 5,
        "asked": lambda request: asked(request, "x-id"),
        "chosen": lambda request: {**ALIKE, "max_age": 60 if asked(request, "x-long") else None},
        "auto": lambda request: {"secure": "auto", "same_site": "auto"},
    }
    for name in ("genid", "cookie"):
        if isinstance(options.get(name), str):
            options[name] = functions[options[name]]
    return options


class Sites:
    """All sites of a run of the tests."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self._folder = folder
        self._node: Node | None = None
        self._started: dict[str, Site] = {}

    def visitor(self, line: Line, site: str) -> Visitor:
        """A new visitor to the site with the line's options, at the start of time."""
        self.clock.set(START)
        key = json.dumps([site, line.options, line.harness, line.ours], sort_keys=True)
        if key not in self._started:
            file = self._folder / f"{len(self._started)}.db"
            self._started[key] = self._start(line, site, file)
        return Visitor(self._started[key], self.clock, line.options.get("name", "connect.sid"))

    def _start(self, line: Line, site: str, file: Path) -> Site:
        if site != EXPRESS:
            return PythonSite(line, site, file, self.clock)
        if self._node is None:
            self._node = Node(node_dir(), self.clock)
        return ExpressSite(line, self._node, file, self.clock)

    def end(self) -> None:
        for site in self._started.values():
            site.end()
        if self._node is not None:
            self._node.end()
