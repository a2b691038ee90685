"""What a run was asked to do, and where it may write."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import files
from .workload import Population


@dataclass(frozen=True)
class Scale:
    """How much is measured.  The figures of a smaller scale mean nothing."""

    rounds: int = 9
    sessions: int = 10_000
    slice_seconds: float = 0.3
    """A slow peer does as many operations a round as fit in here; a quick one does all sessions."""
    durable_each: int = 40
    """Pairs of destroy and create for each of 64 threads or tasks."""
    concurrent_each: int = 150
    """Writes, and reads, for each of 64 tasks."""
    many: int = 1_000_000
    few: int = 1_000
    disk: int = 10_000
    window_seconds: float = 2.0
    """How long the ticker or the latencies of an idle store are watched."""
    sweep_seconds: float = 15.0
    """How long a called-for sweep is watched, if it has not deleted everything by then."""
    patience_seconds: float = 20.0
    """How long a store may take to begin a sweep of its own."""
    stall_expired: int = 300_000
    heavy_rounds: int = 3
    """Rounds of what needs a fresh copy of the large file."""
    imports: int = 15


FULL = Scale()
SMOKE = Scale(
    rounds=1,
    sessions=300,
    slice_seconds=0.02,
    durable_each=2,
    concurrent_each=5,
    many=20_000,
    few=100,
    disk=500,
    window_seconds=0.2,
    sweep_seconds=1.0,
    patience_seconds=0.0,
    stall_expired=5_000,
    heavy_rounds=1,
    imports=2,
)


@dataclass(frozen=True)
class Context:
    """One run: its seed, its scale, its folders."""

    seed: int
    scale: Scale
    folder: Path
    """A temporary folder; all files of the run lie in it."""
    node_modules: Path
    """Where npm put the Node original."""
    cache: Path
    """Compiled programs, kept between runs."""

    @cached_property
    def population(self) -> Population:
        return Population(self.seed, self.scale.sessions)

    @cached_property
    def large(self) -> Path:
        """A file of `scale.many` rows, half of them expired; whoever deletes rows makes a copy."""
        path = self.folder / "large.db"
        files.build(path, self.seed, self.scale.many)
        return path

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A folder of one's own, gone afterwards."""
        path = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            yield path
        finally:
            shutil.rmtree(path)
