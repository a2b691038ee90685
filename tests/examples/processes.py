"""Servers as processes of their own: a free port, the wait until they listen, and their end."""

import socket
import subprocess
import time
from contextlib import ExitStack, suppress

HOST = "127.0.0.1"
PATIENCE = 60


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on, no port twice."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def wait_for(app: subprocess.Popen, port: int) -> None:
    """Until the app takes connections."""
    deadline = time.monotonic() + PATIENCE
    while not is_listening(port):
        assert app.poll() is None, "the app has ended; its words are above"
        assert time.monotonic() < deadline, "the app does not listen"
        time.sleep(0.02)


def is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def stop(app: subprocess.Popen) -> None:
    """Ask it to end, and see that it has."""
    app.terminate()
    try:
        app.wait(PATIENCE)
    finally:
        app.kill()
