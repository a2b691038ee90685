"""The tables of the session layer: requests, cookies, uvicorn, requests on one session."""

from collections.abc import Callable

from .goals import TIMES, Results
from .measure import ratio
from .scenarios.uvicorn import LABELS
from .table import Table

_REQUESTS = {
    "read": "reads its session",
    "change": "changes it",
    "stranger": "brings no cookie",
    "stranger_looks": "brings none, and the handler looks at the session",
}
_FRAMEWORKS = {
    "flask": ("Flask", "Flask-Session, SQLAlchemy"),
    "litestar": ("Litestar", "its `FileStore`"),
    "aiohttp": ("aiohttp", "aiohttp-session, Redis"),
}
"""Each by its scenario's name, and what ours is beside."""
_OURS = "connect_sqlite"


def tables(results: Results) -> dict[str, Table]:
    """Those of the scenarios that ran."""
    made: dict[str, Callable[[Results], Table]]
    made = {"requests": _requests, "cookies": _cookies, "uvicorn": _uvicorn, "merging": _merging}
    made["django"] = _django
    shown = {name: make(results[name]) for name, make in made.items() if name in results}
    frameworks = _frameworks(results)
    return {**shown, "frameworks": frameworks} if frameworks.rows else shown


def _requests(figures: Results) -> Table:
    rows = []
    for case, label in _REQUESTS.items():
        times = figures["median_us"][case]
        call = "set" if case == "change" else "get"
        rows.append(
            [
                label,
                f"{times['alone']:.1f}",
                f"{times['added']:.1f}",
                f"`{call}` {times['call']:.1f}",
                f"{figures['ratio'][case]:.2f} {TIMES}",
                f"{times['call_within']:.1f}",
                f"{figures['ratio_within'][case]:.2f} {TIMES}",
            ]
        )
    head = ["a request that", "without sessions", "a session adds", "one call", "ratio"]
    head += ["one call in a request", "ratio"]
    return Table("What a session adds to a request", head, rows, "Microseconds.")


def _cookies(figures: Results) -> Table:
    times = figures["median_us"]
    rows = []
    for size in ("4_kib", "64_kib"):
        for place in ("first", "last"):
            ours, theirs = times[f"ours_{size}_{place}"], times[f"stdlib_{size}_{place}"]
            label = f"{size.replace('_kib', ' KiB')}, ours {place}"
            rows.append([label, f"{ours:.1f}", f"{theirs:.1f}", f"{theirs / ours:.1f} {TIMES}"])
    hostile = times["ours_64_kib_hostile"]
    below = f"Microseconds; beside them, one `get` took {times['get']:.1f}."
    below += f" 64 KiB of semicolons after a cookie of our name: {hostile:.0f}."
    return Table("Reading cookies", ["", _OURS, "http.cookies", "ratio"], rows, below)


def _uvicorn(figures: Results) -> Table:
    rounds, rates = figures["rounds"], figures["answers_per_second"]
    rows = []
    for name, label in LABELS.items():
        if name not in rates:
            continue
        ours = name == _OURS
        against = "" if ours else f"{ratio(rounds[_OURS], rounds[name]):.2f} {TIMES}"
        rows.append([f"**{label}**" if ours else label, f"{rates[name]:,.0f}", against])
    left_out = (f"Left out: {label} ({why})." for label, why in figures["left_out"].items())
    head = ["", "requests a second", f"{_OURS} against it"]
    return Table("Through uvicorn", head, rows, " ".join(left_out))


def _merging(figures: Results) -> Table:
    rows = [
        [
            label,
            f"{figures['median_us'][name]:.0f}",
            f"{figures['kept'][name]} of {figures['requests']}",
        ]
        for name, label in (("in_turn", "one after the other"), ("at_once", "all at once"))
    ]
    below = f"Microseconds; at once against in turn: {figures['ratio']:.2f} {TIMES}."
    head = [f"{figures['requests']} requests", "each", "keys kept"]
    return Table("Requests on one session", head, rows, below)


def _frameworks(results: Results) -> Table:
    rows = []
    for name, (label, theirs) in _FRAMEWORKS.items():
        for case, times in results.get(name, {}).get("median_us", {}).items():
            rows.append(
                [
                    f"{label}: {_REQUESTS[case]}",
                    f"{times['alone']:.0f}",
                    f"{times['ours']:.1f}",
                    f"{theirs} {times['theirs']:.0f}",
                    f"{results[name]['ratio'][case]:.2f} {TIMES}",
                ]
            )
    below = "Microseconds."
    for name, (label, _) in _FRAMEWORKS.items():
        if "left_out" in results.get(name, {}):
            below += f" Left out: {label} ({results[name]['left_out']})."
    head = ["a request that", "without sessions", f"{_OURS} adds", "what else adds", "ratio"]
    return Table("What sessions add, by framework", head, rows, below)


def _django(figures: Results) -> Table:
    if "left_out" in figures:
        return Table("Django's sessions", [""], [], f"Left out: {figures['left_out']}.")
    rows = []
    for operation, times in figures["median_us"].items():
        ours, theirs = times[_OURS], times["django_db"]
        share = f"{figures['ratio'][operation]:.3f} {TIMES}"
        rows.append([operation, f"{ours:.1f}", f"{theirs:.0f}", share])
    below = "Microseconds: a view that reads one value, and the save after one was changed."
    return Table("Django's sessions", ["", _OURS, "its `db` engine", "ratio"], rows, below)
