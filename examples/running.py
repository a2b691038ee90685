"""What the commands of the examples share: ports, a kept secret, and programs that they run."""

import secrets
import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path

__all__ = ["HOST", "first_to_end", "free_ports", "secret_in", "shown", "stop", "wait_for"]

HOST = "127.0.0.1"
PORTS_TO_TRY = 50
PATIENCE = 60
"""Seconds that an app may take to start."""


def secret_in(folder: Path) -> str:
    """The secret of the apps there: made at the first start, and the same ever after."""
    path = folder / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex())
    return path.read_text()


def free_ports(*wanted: int) -> list[int]:
    """For each the port itself or the next that is free, no port twice; for 0 any."""
    with ExitStack() as taken:
        sockets = [taken.enter_context(listen(port)) for port in wanted]
        return [each.getsockname()[1] for each in sockets]


def listen(port: int) -> socket.socket:
    for candidate in range(port, min(port + PORTS_TO_TRY, 65536)):
        with suppress(OSError):
            return socket.create_server((HOST, candidate))
    raise OSError(f"no port from {port} on is free; choose others with the options")


def wait_for(app: subprocess.Popen[bytes], name: str, port: int) -> None:
    """Until it takes connections."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if app.poll() is not None:
            raise OSError(f"the {name} app has ended, and its words are above")
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    raise OSError(f"the {name} app does not listen after {PATIENCE} s")


def first_to_end(apps: dict[str, subprocess.Popen[bytes]]) -> str:
    """Wait until one has ended; which."""
    while True:
        for name, app in apps.items():
            if app.poll() is not None:
                return name
        time.sleep(0.2)


def stop(apps: dict[str, subprocess.Popen[bytes]]) -> None:
    """End them.  Ctrl-C has reached them too if it was pressed here; then this only waits."""
    for app in apps.values():
        app.terminate()
    for app in apps.values():
        try:
            app.wait(5)
        except subprocess.TimeoutExpired:
            app.kill()
            app.wait()


def shown(path: Path) -> Path:
    """The path as a person here would write it."""
    with suppress(ValueError):
        return path.resolve().relative_to(Path.cwd())
    return path
