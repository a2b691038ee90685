"""The thread behind a store: it checkpoints, sweeps, and keeps the readers' lease."""

from collections.abc import Callable
from logging import getLogger
from typing import NamedTuple

import apsw

from ..errors import StoreError
from .checkpoint import Checkpointer
from .lease import TICK, Lease
from .sweeper import Sweeper
from .worker import Worker

__all__ = ["Activity", "Housekeeper"]

_log = getLogger("connect_sqlite")


class Activity(NamedTuple):
    """What the store has done so far."""

    reads: int
    last_commit: float
    """On the monotonic clock."""


class Housekeeper:
    """Sleeps until something is due or asked for.  A store in memory has nothing but sweeps."""

    def __init__(
        self,
        sweeper: Sweeper,
        lease: Lease | None,
        checkpointer: Checkpointer | None,
        activity: Callable[[], Activity],
    ) -> None:
        self._sweeper = sweeper
        self._lease = lease
        self._checkpointer = checkpointer
        self._activity = activity
        self._checkpoint_asked = False
        self.ticking = lease is None
        """Whether the lease is looked after anyway, so that no reader needs to ask for it."""
        self._worker = Worker("connect-sqlite-housekeeper", self._round, self._timeout)
        self.resting = False
        """Whether a fork has ended the thread.  The next call wakes it: one that was started in
        the parent's fork hook would be seen by Python, which then warns of threads."""
        self._worker.wake()

    def wake(self) -> None:
        self.resting = False
        self._worker.wake()

    def ask_for_lease(self) -> None:
        self.ticking = True
        self.wake()

    def ask_for_checkpoint(self) -> None:
        self._checkpoint_asked = True
        self._worker.wake()

    def close(self, seconds: float | None = None) -> bool:
        """End the thread and close its connections; only `resume` goes on.

        False if that took too long: then call it again.
        """
        self._sweeper.interrupt()
        if not self._worker.stop(seconds):
            return False
        self._checkpoint_asked = False
        if self._lease is not None:
            self._lease.close()
        if self._checkpointer is not None:
            self._checkpointer.close()
        return True

    def resume(self) -> None:
        self.ticking = False
        self.resting = True
        # Asked for while the thread had ended; the next commit asks again if it is still long.
        self._checkpoint_asked = False
        self._sweeper.resume()
        self._worker.allow()

    def resume_in_child(self) -> None:
        """As `resume`, after a fork: and do not sweep when the parent does."""
        self._sweeper.postpone()
        self.resume()

    def _timeout(self) -> float | None:
        sweep = self._sweeper.wait()
        if self._lease is None or not self.ticking:
            return sweep
        return TICK if sweep is None else min(TICK, sweep)

    def _round(self) -> None:
        if self._checkpoint_asked and self._checkpointer is not None:
            self._checkpoint()
            # Only now: the commits that went on meanwhile have asked as well.
            self._checkpoint_asked = False
        activity = self._activity()
        if self._lease is not None and self.ticking:
            self.ticking = self._lease.tick(activity.reads, activity.last_commit)
        self._sweeper.step()

    def _checkpoint(self) -> None:
        assert self._lease is not None
        assert self._checkpointer is not None
        self._lease.drop()
        try:
            self._checkpointer.run()
        except (apsw.Error, StoreError) as error:
            _log.warning("The write-ahead log could not be folded in and grows on: %s", error)
