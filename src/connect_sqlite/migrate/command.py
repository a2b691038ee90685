"""The command: its arguments, what it opens, and its exit code."""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .._stores.opening import location_text, open_store
from ..contract import Store
from ..errors import StoreError
from .carrying import Carrier
from .django import DjangoTable
from .flask_session import CachelibFiles, FlaskSessionTable
from .journal import Journal
from .progress import Progress
from .source import Problem, Source

__all__ = ["main"]

ALL, SOME_REFUSED, FAILED, INTERRUPTED = 0, 1, 2, 130

_EPILOG = """exit codes: 0 all is done; 1 some sessions were refused, as the summary says;
2 it could not be done; 130 it was interrupted.  Run it again to go on: what was carried over
before is left as it is, and stays away if it was ended since."""


def main(arguments: Sequence[str]) -> int:
    """Carry sessions over; returns the exit code."""
    given = _parser().parse_args(arguments)
    try:
        return _run(given)
    except (Problem, StoreError) as error:
        print(f"connect_sqlite.migrate: {error}", file=sys.stderr)
        return FAILED


def _run(given: argparse.Namespace) -> int:
    with ExitStack() as open_ones:
        source = _source(given)
        open_ones.callback(source.close)
        location, options = _target(given, source)
        carrier = _carrier(given, location, options, open_ones)
        progress = Progress(len(source), sys.stderr)
        open_ones.callback(progress.close)
        asked = open_ones.enter_context(_asked_to_end())
        for old in source:
            carrier.carry(old)
            progress(carrier.tally.all)
            if asked:
                break
        carrier.settle()
    print("\n".join(carrier.tally.lines(dry_run=given.dry_run)))
    if asked:
        print("Interrupted. Run it again to go on.", file=sys.stderr)
        return INTERRUPTED
    return SOME_REFUSED if carrier.tally.refused else ALL


@contextmanager
def _asked_to_end() -> Iterator[list[int]]:
    """Holds the signals that came: a session is carried whole.  A second one ends at once."""
    came: list[int] = []
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, _: Any) -> None:
        came.append(number)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)


def _source(given: argparse.Namespace) -> Source:
    if given.source == "django":
        return DjangoTable(given.settings, given.database)
    if given.source == "flask-session-table":
        return FlaskSessionTable(given.url, given.table, plain_pickles=given.plain_pickles)
    return CachelibFiles(given.folder, plain_pickles=given.plain_pickles)


def _target(given: argparse.Namespace, source: Source) -> tuple[Any, dict[str, Any]]:
    """The location of the store, and its options."""
    location, options = given.to, {}
    if isinstance(source, DjangoTable):
        configured = dict(getattr(source.settings, "CONNECT_SQLITE", None) or {})
        location = location or configured.get("location")
        options = {name: configured[name] for name in ("table", "prefix") if name in configured}
    if not location:
        raise Problem("Say where to: --to sessions.db")
    options |= {
        name: value
        for name, value in {"table": given.to_table, "prefix": given.to_prefix}.items()
        if value is not None
    }
    path = Path(location_text(location).removeprefix("sqlite:"))
    if source.file is not None and path.resolve() == source.file:
        raise Problem(
            f"{path} is the database that the sessions come from, which would be damaged by two "
            "SQLite libraries in one process: give the sessions a file of their own"
        )
    return location, options


def _carrier(
    given: argparse.Namespace, location: Any, options: dict[str, Any], open_ones: ExitStack
) -> Carrier:
    """What writes to the store; in a dry run to memory, while the store that is there is asked."""
    path = Path(location_text(location).removeprefix("sqlite:"))
    stores: list[Store | None] = [None, None]
    if not given.dry_run:
        # Most writes wait for no disk: one of the second store makes them all durable.
        stores = [
            open_ones.enter_context(_opened(location, {**options, "durability": durability}))
            for durability in ("relaxed", "full")
        ]
    elif path.exists():
        stores[1] = open_ones.enter_context(_opened(location, options))
    journal = Journal(path.with_name(path.name + ".migrated"), writes=not given.dry_run)
    open_ones.callback(journal.close)
    quick, other = stores
    if quick is None:
        memory = open_ones.enter_context(open_store(":memory:"))
        return Carrier(memory, journal, present=other, overwrite=given.overwrite)
    assert other is not None
    return Carrier(quick, journal, settle=other.touch, overwrite=given.overwrite)


def _opened(location: Any, options: dict[str, Any]) -> Store:
    try:
        return open_store(location, **options)
    except (TypeError, ValueError) as error:
        raise Problem(str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m connect_sqlite.migrate",
        description="Carries sessions over from another store. Nothing is ever unpickled, and what "
        "is in the old store stays as it is.",
        epilog=_EPILOG,
    )
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")
    django = sources.add_parser("django", help="Django's table of its db and cached_db engines")
    django.add_argument("--settings", help="the project's, else DJANGO_SETTINGS_MODULE")
    django.add_argument("--database", default="default", help="its name in DATABASES")
    table = sources.add_parser("flask-session-table", help="Flask-Session's SQLAlchemy table")
    table.add_argument("url", help="the database's, as SQLALCHEMY_DATABASE_URI has it")
    table.add_argument("--table", default="sessions", help="default: %(default)s")
    files = sources.add_parser("flask-session-files", help="Flask-Session's cachelib folder")
    files.add_argument("folder")
    for flask in (table, files):
        flask.add_argument(
            "--plain-pickles",
            action="store_true",
            help="read pickles of plain data too: by a reader that can call and import nothing",
        )
    for each in (django, table, files):
        each.add_argument("--to", metavar="FILE", help="the sessions' new file")
        each.add_argument("--to-table", metavar="TABLE")
        each.add_argument("--to-prefix", metavar="PREFIX")
        each.add_argument("--dry-run", action="store_true", help="count, and write nothing")
        each.add_argument(
            "--overwrite",
            action="store_true",
            help="replace sessions that are there, and bring back those that were ended since",
        )
    return parser
