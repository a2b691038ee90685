"""The examples' servers, and browsers that visit them."""

import itertools
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
from apps import App
from processes import HOST, PATIENCE, free_ports, stop, wait_for

from examples.frameworks.servers import HERE, command

SECRET = "a secret for tests, 32 bytes or more"
ATTEMPTS = 3
# A connection that is kept may be closed by the server at the moment that it is used again.  And
# each new one may lead to another worker.
ONE_BY_ONE = httpx.Limits(max_keepalive_connections=0)

_numbers = itertools.count(1)


class Server:
    """One line of the table, running on a file of sessions."""

    def __init__(self, app: App, folder: Path) -> None:
        self.app = app
        self.database = folder / "sessions.db"
        self.log = folder / f"{app.label}.log"
        for attempt in range(ATTEMPTS):
            (self.port,) = free_ports(1)
            self._process = self._start()
            try:
                wait_for(self._process, self.port)
            except AssertionError:
                stop(self._process)
                print(self.log.read_text())
                # Somebody else may have taken the port meanwhile.
                if attempt + 1 == ATTEMPTS:
                    raise
            else:
                break
        self.url = f"http://{HOST}:{self.port}"

    def _start(self) -> subprocess.Popen:
        own = {"DATABASE": str(self.database), "SECRET": SECRET, "PORT": str(self.port)}
        with self.log.open("w") as log:
            return subprocess.Popen(
                command(self.app.server, self.app.file, self.port),
                cwd=HERE,
                env={**os.environ, **own},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        """End it; whatever it was asked, it met no error, and its log tells of nobody."""
        stop(self._process)
        said = self.log.read_text()
        assert [] == [word for word in ("Traceback", SECRET, "Mira", "Jonas") if word in said], said


class Browser:
    """One browser, with cookies of its own, that may visit any of the servers."""

    def __init__(self, server: Server, cookies: httpx.Cookies | None = None) -> None:
        self.server = server
        self._others: list[Browser] = []
        # Over plain HTTP nothing is verified, and to read the certificates takes its time.
        self.client = httpx.Client(
            base_url=server.url,
            cookies=cookies,
            trust_env=False,
            timeout=PATIENCE,
            verify=False,
            limits=ONE_BY_ONE,
        )

    def close(self) -> None:
        self.client.close()
        for other in self._others:
            other.close()

    def at(self, server: Server) -> "Browser":
        """One with the cookies that this one has now, at another server."""
        other = Browser(server, httpx.Cookies(self.client.cookies))
        self._others.append(other)
        return other

    def copy(self) -> "Browser":
        """A thief with the cookies that it has now."""
        return self.at(self.server)

    def with_cookie(self, value: str) -> "Browser":
        """One that begins with this as its cookie."""
        other = self.copy()
        other.client.cookies.clear()
        other.client.cookies.set(self.server.app.cookie, value, HOST, "/")
        return other

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.client.request(method, path, json=body)

    def sign_in(self, name: str) -> "Browser":
        self.good("POST", "/sign-in", {"name": name})
        return self

    def note(self, text: str) -> Any:
        return self.good("POST", "/notes", {"text": text})

    def good(self, method: str, path: str, body: Any = None) -> Any:
        """What an answer says that is as it should be."""
        response = self.send(method, path, body)
        assert response.status_code in (200, 204), response.text
        return response.json() if response.status_code == 200 else None

    @property
    def account(self) -> Any:
        return self.good("GET", "/account")

    @property
    def sessions(self) -> Any:
        return self.good("GET", "/sessions")

    @property
    def handle(self) -> str:
        (handle,) = (each["handle"] for each in self.sessions if each["here"])
        return handle

    @property
    def is_known(self) -> bool:
        status = self.send("GET", "/account").status_code
        assert status in (200, 401)
        return status == 200

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get(self.server.app.cookie)


class SlowNote:
    """A request to add a note whose body is slow to come: begun at once, ended when asked."""

    def __init__(self, browser: Browser, text: str) -> None:
        server = browser.server
        self._body = b'{"text": "%s"}' % text.encode()
        self._socket = socket.create_connection((HOST, server.port), timeout=PATIENCE)
        head = (
            f"POST /notes HTTP/1.1\r\nHost: {HOST}:{server.port}\r\n"
            f"Cookie: {server.app.cookie}={browser.cookie}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self._body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        self._socket.sendall(head.encode())

    def finish(self) -> bytes:
        """Send the body; the answer."""
        self._socket.sendall(self._body)
        answer = b""
        while part := self._socket.recv(65536):
            answer += part
        self._socket.close()
        return answer


def anybody(name: str = "Mira") -> str:
    """A name that nobody else of the tests has."""
    return f"{name} {next(_numbers)}"
