"""What carries sessions over and counts what becomes of them."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..contract import Store
from ..errors import InvalidSession, InvalidSessionId, SessionExists
from ..expiry import to_iso
from .journal import Journal
from .source import Old, Problem, Refused

__all__ = ["Carrier", "Tally"]

_RESERVED = ("cookie", "_session")
_TOGETHER = 500
"""Sessions that share the wait for the disk."""


class Tally:
    """How many sessions went which way."""

    def __init__(self) -> None:
        self.carried = 0
        self.expired = 0
        self.already = 0
        self.refused: Counter[str] = Counter()
        """By the kind of reason."""

    @property
    def all(self) -> int:
        return self.carried + self.expired + self.already + self.refused.total()

    def lines(self, *, dry_run: bool) -> list[str]:
        """The closing summary, which names no session."""
        carried = "would be carried over" if dry_run else "carried over"
        lines = [
            f"{self.carried:>9,}  {carried}",
            f"{self.expired:>9,}  had expired",
            f"{self.already:>9,}  there already, or carried over before: left as they are",
            f"{self.refused.total():>9,}  refused",
        ]
        lines += [f"{count:>13,}  {reason}" for reason, count in self.refused.most_common()]
        return lines


class Carrier:
    """Puts sessions into a store, unless they are there or were carried over before.

    Args:
        store: where to.
        journal: what was carried over before; gets those of this run once they are durable.
        settle: makes what was written durable, given the last session and its row.
        present: for a dry run, the store that knows what is there.
        overwrite: replace what is there, and what was carried over before.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        *,
        settle: Callable[[str, dict[str, Any]], object] = lambda sid, row: None,
        present: Store | None = None,
        overwrite: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.tally = Tally()
        self._store = store
        self._journal = journal
        self._settle = settle
        self._present = present
        self._overwrite = overwrite
        self._now = now
        self._last: tuple[str, dict[str, Any]] | None = None
        self._unsettled = 0

    def carry(self, old: Old) -> None:
        """This one; the tally says what became of it."""
        tally = self.tally
        try:
            self._carry(old)
        except Refused as reason:
            tally.refused[str(reason)] += 1
        except InvalidSession:
            tally.refused["has values that JSON has not"] += 1
        except InvalidSessionId:
            tally.refused["has an id that no store takes"] += 1

    def _carry(self, old: Old) -> None:
        sid, present = old.sid, self._present
        if old.expires is not None and old.expires <= self._now():
            self.tally.expired += 1
            return
        known = sid in self._journal or (present is not None and present.get(sid) is not None)
        if known and not self._overwrite:
            self.tally.already += 1
            return
        row = _row(old)
        if self._overwrite:
            self._store.set(sid, row)
        else:
            try:
                self._store.create(sid, row)
            except SessionExists:
                self._journal.add(sid)
                self.tally.already += 1
                return
        self.tally.carried += 1
        self._journal.add(sid)
        self._last = sid, row
        self._unsettled += 1
        if self._unsettled >= _TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Make what was carried durable, and then known to the journal.  Also at the end."""
        if self._last is not None:
            self._settle(*self._last)
        self._last, self._unsettled = None, 0
        self._journal.write()


def _row(old: Old) -> dict[str, Any]:
    try:
        data = old.read()
    except (Problem, Refused):
        raise
    except Exception:  # noqa: BLE001 - one that nobody thought of must not keep the others here
        raise Refused("cannot be read") from None
    if not data:
        raise Refused("is empty")
    for key in _RESERVED:
        if key in data:
            raise Refused(f"has a key {key}, which is kept for the session's own settings")
    if old.expires is None:
        return data
    return {**data, "cookie": {"expires": to_iso(old.expires)}}
