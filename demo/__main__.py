"""Serves the demo on this machine only, and says where: `python -m demo --help`."""

import argparse
import errno
import os
import secrets
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

import uvicorn

from connect_sqlite import StoreError

from .app import build

HOST = "127.0.0.1"
PORTS_TO_TRY = 50


def main() -> None:
    options = parse()
    folder: Path = options.data
    database = folder / "sessions.db"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        app = build(database, secret_in(folder))
        listener = listen(options.port)
    except (OSError, StoreError) as error:
        sys.exit(f"The demo cannot start: {error}")
    config = uvicorn.Config(
        app, log_level="warning", server_header=False, timeout_graceful_shutdown=3
    )
    with suppress(KeyboardInterrupt):
        Server(config, partial(say_where, options.port, listener, database)).run([listener])
    print(f"\nStopped.  The sessions wait in {shown(database)}.")


class Server(uvicorn.Server):
    """One that speaks up when it serves, and from then on ends cleanly at Ctrl-C."""

    def __init__(self, config: uvicorn.Config, when_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_started = when_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._when_started()


def say_where(wanted: int, listener: socket.socket, database: Path) -> None:
    port = listener.getsockname()[1]
    if wanted not in (0, port):
        print(f"Port {wanted} is taken, so this is {port}.")
    print(
        f"Connect SQLite demo:   http://{HOST}:{port}/",
        f"Sessions are kept in:  {shown(database)}",
        "Ctrl-C stops it; start it again, and you are still signed in.",
        sep="\n",
        flush=True,
    )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="The Connect SQLite demo.")
    parser.add_argument(
        "--port", type=port_number, default=8000, help="8000, or the next that is free; 0: any"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(__file__).parent / "data",
        metavar="FOLDER",
        help="where the sessions and the secret are kept; demo/data",
    )
    return parser.parse_args()


def port_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def secret_in(folder: Path) -> str:
    """The secret that signs the cookies: made at the first start, and the same ever after."""
    path = folder / "secret"
    if not path.exists():
        # Only whole files get the name, and only for this user (0600); of two starts one wins.
        with NamedTemporaryFile("w", dir=folder) as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    secret = path.read_text()
    if not secret:
        raise OSError(f"{path} is empty; delete it, and everybody signs in anew")
    return secret


def listen(port: int) -> socket.socket:
    """A listening socket on this port or the next that is free: nobody can take it meanwhile."""
    for candidate in range(port, min(port + PORTS_TO_TRY, 65536)):
        try:
            taken = socket.create_server((HOST, candidate))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise OSError(f"port {candidate}: {error.strerror}") from error
        else:
            # Only where a socket says that it is TCP, asyncio keeps answers from waiting 40 ms for
            # the browser's acknowledgement (Nagle's algorithm).
            tcp = socket.IPPROTO_TCP
            return socket.socket(taken.family, taken.type, tcp, fileno=taken.detach())
    raise OSError(f"the ports from {port} on are taken; choose another one with --port")


def shown(path: Path) -> Path:
    """The path as a person here would write it."""
    with suppress(ValueError):
        return path.resolve().relative_to(Path.cwd())
    return path


if __name__ == "__main__":
    main()
