"""The two apps of an example as processes, and a visitor to both."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import httpx
from processes import HOST, PATIENCE, free_ports, stop, wait_for

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "express-and-fastapi"
COOKIE = "express-and-fastapi"
PROGRAMS = {"Express": ["node", "app.js"], "FastAPI": [sys.executable, "app.py"]}


class Pair:
    """Both apps on one file."""

    def __init__(self, folder: Path, node_modules: Path) -> None:
        ports = dict(zip(PROGRAMS, free_ports(2), strict=True))
        self.urls = {name: f"http://{HOST}:{port}/" for name, port in ports.items()}
        self._ports = ports
        self._running: dict[str, subprocess.Popen] = {}
        self._shared = {
            **os.environ,
            "DATABASE": str(folder / "sessions.db"),
            "SECRET": "a secret for tests, 32 bytes or more",
            "NODE_PATH": str(node_modules),
        }

    def start(self, name: str) -> None:
        other = next(url for each, url in self.urls.items() if each != name)
        own = {"PORT": str(self._ports[name]), "OTHER": other}
        app = subprocess.Popen(PROGRAMS[name], cwd=EXAMPLE, env={**self._shared, **own})
        self._running[name] = app
        wait_for(app, self._ports[name])

    def stop(self, name: str) -> None:
        stop(self._running.pop(name))

    def restart(self, name: str) -> None:
        self.stop(name)
        self.start(name)

    def close(self) -> None:
        for name in [*self._running]:
            self.stop(name)


class Visitor:
    """One browser, whose cookies go to both apps, for they ignore ports."""

    def __init__(self, urls: dict[str, str], cookies: httpx.Cookies | None = None) -> None:
        self.urls = urls
        self.client = httpx.Client(
            cookies=cookies, follow_redirects=True, trust_env=False, timeout=PATIENCE
        )

    def copy(self) -> "Visitor":
        """A thief with the same cookie."""
        return Visitor(self.urls, httpx.Cookies(self.client.cookies))

    def see(self, name: str) -> str:
        """What that app's page says first."""
        page = self.page(name)
        return re.search("<h1>(.*)</h1>", page)[1]

    def count(self, name: str) -> int:
        return int(re.search(r"<output>(\d+)</output>", self.page(name))[1])

    def handle(self, name: str) -> str:
        return re.search(r"<code>([\w-]+)</code>", self.page(name))[1]

    def page(self, name: str) -> str:
        return self.client.get(self.urls[name]).raise_for_status().text

    def send(self, app: str, action: str, /, **form: str) -> httpx.Response:
        """Press the button of a form; the redirect leads back to the page."""
        response = self.client.post(self.urls[app] + action, data=form).raise_for_status()
        assert [303] == [each.status_code for each in response.history]
        return response

    def sign_in(self, name: str, person: str = "Mira") -> "Visitor":
        self.send(name, "sign-in", name=person)
        return self

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get(COOKIE)

    @property
    def sid(self) -> str:
        return unquote(self.cookie or "")[2:].rpartition(".")[0]


class SlowCount:
    """A request to count whose form is slow to come: begun at once, and ended when asked."""

    def __init__(self, url: str, cookie: str) -> None:
        self._form = b"step=1"
        address = httpx.URL(url)
        self._socket = socket.create_connection((address.host, address.port), timeout=PATIENCE)
        head = (
            f"POST /count HTTP/1.1\r\nHost: {address.host}\r\nCookie: {COOKIE}={cookie}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(self._form)}\r\nExpect: 100-continue\r\n"
            "Connection: close\r\n\r\n"
        )
        self._socket.sendall(head.encode())
        # The app asks for the form: by now the session has been loaded.
        assert self._socket.recv(1000).startswith(b"HTTP/1.1 100 ")

    def finish(self) -> bytes:
        """Send the form; the answer."""
        self._socket.sendall(self._form)
        answer = b""
        while part := self._socket.recv(65536):
            answer += part
        self._socket.close()
        return answer
