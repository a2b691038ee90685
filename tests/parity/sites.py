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

from .gateways import PATIENCE, AsgiGateway, Gateway, WsgiGateway
from .listing import ASGI, EXPRESS, WSGI, Line
from .visitor import SECRET, START, Visitor

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
    """A site, started or refused, and a look into its side's file."""

    refused: str | None = None
    port: int
    fields: tuple[tuple[str, str], ...] = ()
    """What each request to it has to say."""

    def __init__(self, rows: SQLiteStore) -> None:
        self.rows = rows

    def forget(self) -> None:
        self.rows.clear()


class ExpressSite(Site):
    def __init__(self, line: Line, node: Node, file: Path, rows: SQLiteStore) -> None:
        super().__init__(rows)
        self._node = node
        given = {"file": str(file), "options": in_node(line), "harness": line.harness}
        try:
            started = node.do("start", given)
        except Refused as error:
            self.refused = error.args[0]
        else:
            self.port, self._number = started["port"], started["site"]

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

    def rest(self) -> None:
        """Nothing goes on here after the end of a response."""


class PythonSite(Site):
    def __init__(
        self, line: Line, gateway: Gateway, number: int, clock: Clock, rows: SQLiteStore
    ) -> None:
        super().__init__(rows)
        self.port, self.fields = gateway.port, (("X-Site", str(number)),)
        self._gateway, self._watch = gateway, gateway.watch
        try:
            gateway.add(str(number), in_python(line, clock), line.harness)
        except (TypeError, ValueError) as error:
            self.refused = type(error).__name__

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
        assert self._watch.entered.wait(PATIENCE)

    def release(self) -> None:
        self._watch.opened.set()

    def rest(self) -> None:
        self._gateway.rest()


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


def in_python(line: Line, clock: Clock) -> dict[str, Any]:
    """The options in this package's words."""
    options = {"secret": SECRET, **line.options, **line.ours, "clock": clock}
    if not line.harness.get("bare"):
        options = {"touch_interval": 0, **options}
        if not isinstance(options.get("cookie"), str):
            options["cookie"] = {**ALIKE, **options.get("cookie", {})}
    for name in ("genid", "cookie"):
        if isinstance(options.get(name), str):
            options[name] = FUNCTIONS[options[name]]
    return options


def asked(request: Any, name: str) -> str | None:
    """A field of the request, which is a scope or an environ."""
    if "headers" in request:
        return dict(request["headers"]).get(name.encode(), b"").decode() or None
    return request.get(f"HTTP_{name.upper().replace('-', '_')}")


FUNCTIONS = {
    "odd": lambda request: "a/b+c d%é",
    "number": lambda request: 5,
    "asked": lambda request: asked(request, "x-id"),
    "chosen": lambda request: {**ALIKE, "max_age": 60 if asked(request, "x-long") else None},
    "auto": lambda request: {"secure": "auto", "same_site": "auto"},
}
"""Options that are functions go by name, on each side."""


class Side:
    """One of the three: its file, its server, and its sites."""

    def __init__(self, kind: str, file: Path, clock: Clock) -> None:
        self._file, self._clock = file, clock
        self._sites: dict[str, Site] = {}
        self._server: Any
        if kind == EXPRESS:
            self._server = Node(node_dir(), clock)
        else:
            self._server = {ASGI: AsgiGateway, WSGI: WsgiGateway}[kind](str(file), clock)
        self._rows = SQLiteStore(str(file), serializer=AsText(), clock=clock)

    def site(self, line: Line) -> Site:
        """The site with these options, started once."""
        key = json.dumps([line.options, line.harness, line.ours], sort_keys=True)
        if key not in self._sites:
            self._sites[key] = self._start(line)
        return self._sites[key]

    def _start(self, line: Line) -> Site:
        if isinstance(self._server, Node):
            return ExpressSite(line, self._server, self._file, self._rows)
        return PythonSite(line, self._server, len(self._sites), self._clock, self._rows)

    def end(self) -> None:
        self._server.end()
        self._rows.close()


class Sites:
    """All sites of a run of the tests."""

    def __init__(self, folder: Path) -> None:
        self._clock = Clock()
        self._folder = folder
        self._sides: dict[str, Side] = {}

    def visitor(self, line: Line, kind: str) -> Visitor:
        """A new visitor to the site with the line's options, at the start of time."""
        self._clock.set(START)
        if kind not in self._sides:
            self._sides[kind] = Side(kind, self._folder / f"{kind}.db", self._clock)
        site = self._sides[kind].site(line)
        return Visitor(site, self._clock, line.options.get("name", "connect.sid"))

    def end(self) -> None:
        for side in self._sides.values():
            side.end()
