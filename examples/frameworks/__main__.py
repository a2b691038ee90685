"""Starts examples on this machine only: `python examples/frameworks flask django`."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from running import HOST, first_to_end, free_ports, secret_in, shown, stop, wait_for
from servers import FIRST, HERE, SERVERS, command


def main() -> None:
    options = parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    apps: dict[str, subprocess.Popen[bytes]] = {}
    try:
        options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = options.data.resolve() / "sessions.db"
        shared = {**os.environ, "DATABASE": str(database), "SECRET": secret_in(options.data)}
        ports = free_ports(
            *(options.port and options.port + at for at in range(len(options.names)))
        )
        for name, port in zip(options.names, ports, strict=True):
            server = options.server or FIRST[name]
            env = {**shared, "PORT": str(port)}
            line = command(server, f"{name}_app", port)
            apps[name] = subprocess.Popen(line, cwd=HERE, env=env)
            wait_for(apps[name], name, port)
            print(f"{name} on {server}:  http://{HOST}:{port}/", flush=True)
        print(
            f"The sessions are kept in {shown(database)}.  Ctrl-C stops what runs here; start it "
            "again, and you are still signed in.",
            flush=True,
        )
        ended = first_to_end(apps)
        sys.exit(f"The {ended} app has ended, so all are stopped.")
    except OSError as error:
        sys.exit(f"The examples cannot start: {error}")
    except KeyboardInterrupt:
        print(f"\nStopped.  The sessions wait in {shown(options.data)}.")
    finally:
        stop(apps)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python examples/frameworks",
        description="The same app in every framework; several share one session file.",
    )
    there = sorted(name for name in FIRST if (HERE / f"{name}_app.py").exists())
    parser.add_argument("names", nargs="+", choices=there, metavar="NAME", help=", ".join(there))
    parser.add_argument("--server", choices=sorted(SERVERS), help="another than the usual one")
    parser.add_argument(
        "--port", type=int, default=8000, help="of the first, 8000, or the next that is free"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=HERE / "data",
        metavar="FOLDER",
        help="where the session file and the secret are kept",
    )
    options = parser.parse_args()
    options.names = list(dict.fromkeys(options.names))
    return options


if __name__ == "__main__":
    main()
