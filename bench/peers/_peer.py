"""What every peer offers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ..context import Context

OPERATIONS = ("get", "miss", "set", "touch", "set_then_get", "destroy", "create")
"""In the order in which they run: `create` puts back what `destroy` took."""


class LeftOut(Exception):
    """This peer cannot take part here; the message says why."""


class Peer(ABC):
    """One way to keep sessions, opened on files of its own in `folder` and filled.

    A peer imports its package when it is built, so that a missing one leaves out that peer alone.
    """

    label: ClassVar[str]
    """As the tables and the chart name it."""
    operations: ClassVar[frozenset[str]] = frozenset(OPERATIONS)
    ours: ClassVar[bool] = False
    """Whether it is this package, which is never left out."""
    version: str
    """Of its package, set when it is built."""

    def __init__(self, context: Context, folder: Path) -> None:
        self.context = context
        self.folder = folder
        self.population = context.population

    @abstractmethod
    def run(self, operation: str, order: Sequence[int]) -> float:
        """Do the operation once for each of these sessions; microseconds for one, on average.

        The sessions are changed beforehand, untimed, where the operation writes.
        """

    @abstractmethod
    def check(self) -> None:
        """Raise unless the last session saved comes back, and an unknown id brings nothing."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything; processes are ended."""
