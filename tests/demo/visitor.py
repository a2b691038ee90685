"""The demo as a process, and a visitor who has links and forms only: no JavaScript."""

import queue
import re
import signal
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import httpx

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60
COOKIE = "connect-sqlite-demo"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


class Server:
    """`python -m demo`, started and heard until it has said where it listens."""

    def __init__(self, data: Path, port: int = 0) -> None:
        command = [sys.executable, "-m", "demo", "--port", str(port), "--data", str(data)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said = ""
        self._lines: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        while "Ctrl-C" not in self.said:
            line = self._lines.get(timeout=PATIENCE)
            assert line, f"the demo ended without listening:\n{self.said}"
            self.said += line
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.said)
        assert found
        self.url, self.port = found[0], int(found[1])

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def stop(self) -> int:
        """Press Ctrl-C, hear it out, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(PATIENCE)
        finally:
            self.process.kill()
        self._listener.join()
        self.process.stdout.close()
        while line := self._lines.get(timeout=PATIENCE):
            self.said += line
        self._lines.put("")
        return code


class Page(HTMLParser):
    """What of a page a visitor without JavaScript can use."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self._button: dict | None = None
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        self.tags.add(tag)
        self.links += [at[name] for name in ("href", "src") if name in at]
        match tag:
            case "form":
                self.forms.append({**at, "fields": {}, "buttons": []})
            case "input":
                self.forms[-1]["fields"][at["name"]] = at.get("value", "")
            case "button":
                self._button = {"label": at.get("aria-label", ""), **at}
                self.forms[-1]["buttons"].append(self._button)

    def handle_endtag(self, tag):
        if tag == "button":
            self._button = None

    def handle_data(self, data):
        self.text += data
        if self._button is not None and "aria-label" not in self._button:
            self._button["label"] += data.strip()


class Visitor:
    """One browser: its cookies, the page before it, and all that it was ever shown."""

    def __init__(self, server: Server, user_agent: str = FIREFOX) -> None:
        self.client = httpx.Client(
            headers={"User-Agent": user_agent}, follow_redirects=True, trust_env=False, verify=False
        )
        self.shown: list[str] = []
        self.actions: set[str] = set()
        self.ids: set[str] = set()
        self.visit(server)

    def visit(self, server: Server) -> None:
        self.url = server.url
        self.open("/")

    def open(self, path: str) -> httpx.Response:
        return self._show(self.client.get(self._at(path)))

    def press(self, label: str, **filled: str) -> httpx.Response:
        """Fill in the form that has this button and press it."""
        form, button = next(
            (form, button)
            for form in self.page.forms
            for button in form["buttons"]
            if label in button["label"]
            and "disabled" not in button
            and set(filled) <= {*form["fields"]}
        )
        fields = {**form["fields"], **filled}
        if "name" in button:
            fields[button["name"]] = button["value"]
        self.actions.add(form["action"])
        return self._show(self.client.post(self._at(form["action"]), data=fields))

    def sign_in(self, name: str) -> "Visitor":
        self.press("Sign in", name=name)
        return self

    @property
    def text(self) -> str:
        return self.page.text

    @property
    def sid(self) -> str | None:
        """The id in the cookie: `s:`, the id, a dot, the signature."""
        value = unquote(self.client.cookies.get(COOKIE) or "")
        return value[2:].rpartition(".")[0] or None

    def _at(self, path: str) -> str:
        return self.url.rstrip("/") + path

    def _show(self, response: httpx.Response) -> httpx.Response:
        self.page = Page(response.text)
        self.shown += [each.text for each in (*response.history, response)]
        if self.sid:
            self.ids.add(self.sid)
        return response
