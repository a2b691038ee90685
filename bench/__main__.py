"""`python -m bench`: measure, show, and keep what came out."""

import argparse
import dataclasses
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from . import machine, page
from .context import FULL, SMOKE, Context, Scale
from .scenarios import SCENARIOS
from .status import Status
from .tables import all_tables

_ROOT = Path(__file__).parents[1]

_ABOUT = """\
Measures this store beside Node's original, sqlite3, aiosqlite, diskcache, LMDB, Django,
Flask-Session, Litestar and a C program, on the same sessions in one run, then the session layer
beside Starlette's and starsessions, and prints the tables and the goals.

A full run takes about eleven minutes and renews docs/benchmark.json, docs/benchmark.svg and the
tables in docs/benchmarks.md.  With --quick or --only nothing is written unless --out names a
folder.
A peer that is not installed is left out, and the tables say so."""


def main() -> None:
    options = _options()
    scale = SMOKE if options.quick else FULL
    if options.rounds:
        scale = dataclasses.replace(scale, rounds=options.rounds)
    wanted = options.only or list(SCENARIOS)
    complete = not options.quick and not options.only
    run = measure(options, scale, wanted)
    print(f"\n{page.about(run)}")
    for table in all_tables(run["results"]).values():
        print(table.terminal())
    if options.quick:
        print("\nThis was a smoke run: it shows that all of it runs; its figures mean nothing.")
    out = options.out or (_ROOT / "docs" if complete else None)
    if out is not None:
        page.store(run, out)
        print(f"\nWritten to {out}.")


def measure(options: argparse.Namespace, scale: Scale, wanted: list[str]) -> dict[str, Any]:
    """Run these scenarios; everything they write is gone afterwards."""
    status = Status(sum(SCENARIOS[name].WEIGHT for name in wanted))
    with tempfile.TemporaryDirectory(prefix="connect-sqlite-bench-") as folder:
        context = Context(
            seed=options.seed,
            scale=scale,
            folder=Path(folder),
            node_modules=options.node_modules,
            cache=_ROOT / "bench" / ".cache",
        )
        run = {
            "date": date.today().isoformat(),
            **machine.describe(context.folder),
            "seed": options.seed,
            "rounds": scale.rounds,
            "results": {},
        }
        try:
            for name in wanted:
                scenario = SCENARIOS[name]
                status.begin(scenario.TITLE, scenario.WEIGHT)
                run["results"][name] = scenario.run(context, status.tell)
        finally:
            status.end()
    return run


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="of the sessions, ids and orders (default: 7)"
    )
    parser.add_argument("--rounds", type=int, help=f"of each scenario (default: {FULL.rounds})")
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run of everything, under half a minute"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=SCENARIOS,
        metavar="SCENARIO",
        help=f"run this alone; may be repeated: {', '.join(SCENARIOS)}",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write (default: docs)")
    parser.add_argument(
        "--node-modules",
        type=Path,
        default=_ROOT / "node" / "node_modules",
        metavar="FOLDER",
        help="where npm put the Node original (default: node/node_modules)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
