"""The tables of a run."""

from . import layer_tables
from .goals import TIMES, Results, outcomes, single_ratio
from .peers import OPERATIONS
from .table import NOTHING, Table


def all_tables(results: Results) -> dict[str, Table]:
    """The tables of what was measured, by the name that the page calls them by."""
    tables: dict[str, Table] = {}
    if "single" in results:
        tables["single"] = _single(results)
    crowds = _crowds(results)
    if crowds.rows:
        tables["crowds"] = crowds
    tables |= layer_tables.tables(results)
    tables["goals"] = _goals(results)
    return tables


def by_speed(results: Results) -> list[str]:
    """The peers, the quickest `get` first."""
    peers = results["single"]["peers"]
    return sorted(peers, key=lambda name: float(peers[name]["median_us"]["get"]))


def _single(results: Results) -> Table:
    peers = results["single"]["peers"]
    parsing = results["single"]["parsing_us"]
    rows = []
    for name in by_speed(results):
        peer = peers[name]
        cells = [_cell(results, name, operation) for operation in OPERATIONS]
        label = f"{peer['label']} {peer['version']}"
        rows.append([f"**{label}**" if name.startswith("store") else label, *cells])
    below = "Microseconds a call, and in brackets the multiple of Node's."
    below += " A dash: it has no such call."
    below += " connect_sqlite's `destroy` and `create` wait for the disk; nobody else's do."
    below += f" The C program returns text; parsing it takes orjson {parsing:.1f}."
    for label, reason in results["single"]["left_out"].items():
        below += f" Left out: {label} ({reason})."
    head = ["", *(operation.replace("_", " ") for operation in OPERATIONS)]
    return Table("One call at a time", head, rows, below)


def _cell(results: Results, name: str, operation: str) -> str:
    peers = results["single"]["peers"]
    microseconds = peers[name]["median_us"].get(operation)
    if microseconds is None:
        return NOTHING
    shown = f"{microseconds:.1f}" if microseconds < 100 else f"{microseconds:.0f}"
    if "node" not in peers:
        return shown
    return f"{shown} ({single_ratio(results, operation, name, 'node'):.2f})"


def _crowds(results: Results) -> Table:
    durable = results.get("durable", {}).get("calls_per_second", {})
    concurrent = results.get("concurrent", {})
    writes = concurrent.get("write", {}).get("calls_per_second", {})
    reads = concurrent.get("read", {}).get("calls_per_second", {})
    threads, tasks, ours = "connect_sqlite_threads", "connect_sqlite_tasks", "connect_sqlite"
    full, shared_full = "aiosqlite_full", "aiosqlite_full_shared_commits"
    shared = "the same, aiosqlite with commits shared by accident"
    comparisons = (
        ("`destroy`, `create`: 64 threads, aiosqlite FULL", durable, threads, full),
        ("`destroy`, `create`: 64 tasks, aiosqlite FULL", durable, tasks, full),
        (shared, durable, tasks, shared_full),
        ("`set`: 64 tasks, aiosqlite NORMAL", writes, ours, "aiosqlite"),
        (shared, writes, ours, "aiosqlite_shared_commits"),
        ("`get`: 64 tasks", reads, ours, "aiosqlite"),
        ("the same, aiosqlite's one-hop shortcut", reads, ours, "aiosqlite_one_hop"),
    )
    rows = []
    for label, figures, mine, theirs in comparisons:
        if theirs in figures:
            a, b = figures[mine], figures[theirs]
            rows.append([label, f"{a:,.0f}", f"{b:,.0f}", f"{a / b:.1f} {TIMES}"])
    return Table("64 at once", ["calls a second", "connect_sqlite", "aiosqlite", "ratio"], rows)


def _goals(results: Results) -> Table:
    rows = []
    for outcome in outcomes(results):
        goal, measured = outcome.goal, outcome.measured
        shown = NOTHING if measured is None else goal.shown(measured)
        verdict = {"met": "✓ met", "missed": "✗ **missed**"}.get(outcome.verdict, outcome.verdict)
        rows.append([goal.title, goal.wanted(), shown, verdict])
    return Table("Goals", ["", "goal", "measured", ""], rows)
