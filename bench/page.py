"""Keeps `docs/benchmarks.md` and the chart in step with the stored run."""

import json
import re
from pathlib import Path
from typing import Any

from . import chart
from .tables import all_tables

_NOT_MEASURED = "This run did not measure it."

DATA, PAGE, CHART = "benchmark.json", "benchmarks.md", "benchmark.svg"


def store(run: dict[str, Any], folder: Path) -> None:
    """Write the run's JSON into this folder, and everything that is made from it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DATA).write_text(json.dumps(run, indent=1) + "\n")
    if "node" in run["results"].get("single", {}).get("peers", {}):
        (folder / CHART).write_text(chart.draw(run["results"]))
    if (folder / PAGE).exists():
        (folder / PAGE).write_text(rendered(folder))


def rendered(folder: Path) -> str:
    """The page as it must be: its own words, and between its marks what the stored run says.

    A mark is `<!-- run: NAME -->`, and `<!-- end -->` ends it.
    """
    run = json.loads((folder / DATA).read_text())
    pieces = {name: table.markdown() for name, table in all_tables(run["results"]).items()}
    pieces["about"] = about(run)
    return re.sub(
        r"(<!-- run: (\w+) -->\n).*?(<!-- end -->)",
        lambda mark: f"{mark[1]}{pieces.get(mark[2], _NOT_MEASURED)}\n{mark[3]}",
        (folder / PAGE).read_text(),
        flags=re.DOTALL,
    )


def about(run: dict[str, Any]) -> str:
    """One sentence on where and how the run was made."""
    sync = run["sync_us"]
    return (
        f"{run['date']}, {run['machine']}, Python {run['python']}, seed {run['seed']}, "
        f"rounds: {run['rounds']}; overwriting 4 KiB on its disk, synced, took {sync:.0f} µs."
    )
