"""Peers in another language: a child process on a pipe, which times itself.

It is started with the file to make and the file of sessions to load, one `id TAB json` a line.
Then it answers each line with one: `run OPERATION NUMBER…` with the nanoseconds that the operations
took, `check` with `ok`, anything it cannot do with `error …`.  It ends when its input does.
"""

import subprocess
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from ..context import Context
from ..measure import settle
from ..workload import text
from ._peer import LeftOut, Peer


class Child(Peer):
    """A peer behind a pipe; only what happens inside the child is timed."""

    def __init__(self, context: Context, folder: Path) -> None:
        super().__init__(context, folder)
        command = self.command()
        sessions = folder / "sessions.tsv"
        population = self.population
        with sessions.open("w") as file:
            for sid, other, session in zip(
                population.ids, population.unknown, population.sessions, strict=True
            ):
                file.write(f"{sid}\t{other}\t{text(session)}\n")
        try:
            self._process = subprocess.Popen(
                [*command, str(folder / "sessions.db"), str(sessions)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
        except OSError as error:
            raise LeftOut(f"{command[0]} could not be started: {error.strerror}") from None
        try:
            self.version = self._answer()
        except LeftOut:
            self.close()
            raise

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its first arguments.  `LeftOut` if there is none."""

    def ask(self, line: str) -> str:
        """Send one line, return the line that answers it."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()

    def run(self, operation: str, order: Sequence[int]) -> float:
        settle()
        answer = self.ask(f"run {operation} {' '.join(map(str, order))}")
        return int(answer) / len(order) / 1000

    def check(self) -> None:
        if self.ask("check") != "ok":
            raise AssertionError(f"{self.label} did not return what was saved")

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            raise LeftOut(answer.removeprefix("error ") or "its process ended unexpectedly")
        return answer
