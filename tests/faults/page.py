"""The page with the figures of the last long run."""

import json
import os
import platform
import re
from collections import Counter
from pathlib import Path
from typing import Any

import apsw

__all__ = ["DATA", "PAGE", "rendered", "summed", "table", "write"]

DATA, PAGE = "torture.json", "torture.md"

_MARK = re.compile(r"(<!-- run -->\n).*?(<!-- end -->)", re.DOTALL)


def summed(results: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    """The figures by kind of fault, and what they were made on."""
    kinds: dict[str, Counter[str]] = {}
    for (kind, name), found in results.items():
        relaxed = name.startswith("relaxed")
        counts = {key: value for key, value in found.items() if isinstance(value, int)}
        if relaxed:  # it has to lose something: the others' cuts are of the same kind
            counts = {"cuts": counts["cuts"], "disks": counts["disks"]} | {
                "losses when relaxed": counts["losses"],
                "losses": counts["torn"],
            }
        group = f"storm of {name}" if kind == "storm" else kind
        kinds.setdefault(group, Counter()).update(counts)
    figures: dict[str, Any] = {kind: dict(counts) for kind, counts in kinds.items()}
    figures["losses"] = sum(counts["losses"] for counts in kinds.values())
    figures["machine"] = f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}"
    figures["python"] = platform.python_version()
    figures["sqlite"] = apsw.sqlite_lib_version()
    return figures


def table(figures: dict[str, Any]) -> str:
    """A line for each kind of fault."""
    power, disk, damage = figures["power"], figures["disk"], figures["damage"]
    storms = [figures[f"storm of {name}"] for name in ("processes", "threads", "tasks")]
    rows = [
        ("Power cuts", f"{power['cuts']:,} cuts", f"{power['disks']:,} disks opened", power),
        ("Disk faults", f"{disk['faults']:,} faults", f"{disk['faults']:,} calls", disk),
        *(
            (name, f"{storm.get(what, 0):,} {words}", f"{storm['operations']:,} calls", storm)
            for name, what, words, storm in zip(
                ("Storm of 8 processes", "Storm of 64 threads", "Storm of 1,000 tasks"),
                ("kills", "kills", "cancelled"),
                ("killed", "times killed", "cancelled"),
                storms,
                strict=True,
            )
        ),
        ("Damaged files", f"{damage['files']:,} files", f"{damage['files']:,} opened", damage),
    ]
    lines = ["| | faults | checked | losses |", "| --- | --- | --- | --- |"]
    lines += [f"| {a} | {b} | {c} | {found['losses']} |" for a, b, c, found in rows]
    lines.append("")
    lines.append(
        f'With `durability="relaxed"`, {power["losses when relaxed"]:,} of the disks had lost '
        "the latest calls: the cuts do find what is not synced."
    )
    return "\n".join(lines)


def about(figures: dict[str, Any]) -> str:
    return (
        f"Commit `{figures['commit']}`, seed {figures['seed']}, {figures['seconds']} seconds on "
        f"{figures['machine']}, Python {figures['python']}, SQLite {figures['sqlite']}."
    )


def rendered(page: str, figures: dict[str, Any]) -> str:
    """The page with these figures between its marks."""
    block = f"{about(figures)}\n\n{table(figures)}\n"
    return _MARK.sub(lambda mark: f"{mark[1]}{block}{mark[2]}", page)


def write(figures: dict[str, Any], folder: Path) -> None:
    (folder / DATA).write_text(json.dumps(figures, indent=1) + "\n")
    page = folder / PAGE
    page.write_text(rendered(page.read_text(), figures))
