"""Starts both apps on this machine only: `python examples/express-and-fastapi --help`."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from running import HOST, first_to_end, free_ports, secret_in, shown, stop, wait_for

HERE = Path(__file__).resolve().parent
NODE_MODULES = HERE.parents[1] / "node" / "node_modules"


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


def start(
    command: list[str], shared: dict[str, str], port: int, other: int
) -> subprocess.Popen[bytes]:
    own = {"PORT": str(port), "OTHER": f"http://{HOST}:{other}/"}
    return subprocess.Popen(command, cwd=HERE, env={**shared, **own})


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


if __name__ == "__main__":
    main()
