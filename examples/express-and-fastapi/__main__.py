"""Starts both apps on this machine only: `python examples/express-and-fastapi --help`."""

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
NODE_MODULES = HERE.parents[1] / "node" / "node_modules"
HOST = "127.0.0.1"
PORTS_TO_TRY = 50
PATIENCE = 60
"""Seconds that an app may take to start."""


def main() -> None:
    options = parse()
    if not (shutil.which("node") and (NODE_MODULES / "express").is_dir()):
        sys.exit("Node or its packages are missing: `make example` brings them.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    apps: dict[str, subprocess.Popen[bytes]] = {}
    try:
        options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        express, fastapi = free_ports(options.express_port, options.fastapi_port)
        shared = {
            **os.environ,
            "DATABASE": str(options.data / "sessions.db"),
            "SECRET": secret_in(options.data),
            "NODE_PATH": str(NODE_MODULES),
        }
        # One after the other, so that the links on the pages lead somewhere from the first click.
        apps["FastAPI"] = start([sys.executable, "app.py"], shared, fastapi, express)
        wait_for(apps["FastAPI"], "FastAPI", fastapi)
        apps["Express"] = start(["node", "app.js"], shared, express, fastapi)
        wait_for(apps["Express"], "Express", express)
        say_where(options, express, fastapi)
        ended = first_to_end(apps)
        sys.exit(f"The {ended} app has ended, so both are stopped.")
    except OSError as error:
        sys.exit(f"The example cannot start: {error}")
    except KeyboardInterrupt:
        print(f"\nStopped.  The sessions wait in {shown(options.data)}.")
    finally:
        stop(apps)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python examples/express-and-fastapi",
        description="An Express app and a FastAPI app with the same sessions.",
    )
    for app, port in (("express", 3000), ("fastapi", 8000)):
        parser.add_argument(
            f"--{app}-port", type=int, default=port, help=f"{port}, or the next that is free"
        )
    parser.add_argument(
        "--data",
        type=Path,
        default=HERE / "data",
        metavar="FOLDER",
        help="where the session file and the secret are kept",
    )
    return parser.parse_args()


def secret_in(folder: Path) -> str:
    """The secret of both apps: made at the first start, and the same ever after."""
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


def start(
    command: list[str], shared: dict[str, str], port: int, other: int
) -> subprocess.Popen[bytes]:
    own = {"PORT": str(port), "OTHER": f"http://{HOST}:{other}/"}
    return subprocess.Popen(command, cwd=HERE, env={**shared, **own})


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


def say_where(options: argparse.Namespace, express: int, fastapi: int) -> None:
    for wanted, port in ((options.express_port, express), (options.fastapi_port, fastapi)):
        if wanted not in (0, port):
            print(f"Port {wanted} is taken, so this is {port}.")
    print(
        f"Express:  http://{HOST}:{express}/",
        f"FastAPI:  http://{HOST}:{fastapi}/",
        "Sign in at either, and go to the other.",
        f"Both keep their sessions in {shown(options.data / 'sessions.db')}.",
        "Ctrl-C stops both; start them again, and you are still signed in.",
        sep="\n",
        flush=True,
    )


def first_to_end(apps: dict[str, subprocess.Popen[bytes]]) -> str:
    while True:
        for name, app in apps.items():
            if app.poll() is not None:
                return name
        time.sleep(0.2)


def stop(apps: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ctrl-C has reached them too if it was pressed here; then this only waits."""
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


if __name__ == "__main__":
    main()
