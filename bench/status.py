"""The line that says what is being measured while one waits."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

Tell = Callable[[float, str], None]
"""Says what fraction of a scenario is done, and what is being done now."""

_BAR = 24


class Status:
    """A progress bar on a terminal; elsewhere one line for each scenario."""

    def __init__(self, total: float, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._total = total
        self._done = 0.0
        self._weight = 0.0
        self._title = ""
        self._began = time.monotonic()

    def begin(self, title: str, weight: float) -> None:
        """Enter a scenario that takes about `weight` of the run's total."""
        self._done += self._weight
        self._title, self._weight = title, weight
        if self._live:
            self.tell(0.0, "")
        else:
            print(f"{self._elapsed()}  {title}", file=self._stream, flush=True)

    def tell(self, fraction: float, text: str) -> None:
        """Say how far the scenario is and what it does now."""
        if not self._live:
            return
        done = min((self._done + self._weight * fraction) / self._total, 1.0)
        filled = round(done * _BAR)
        bar = "█" * filled + "░" * (_BAR - filled)
        line = f"{bar} {done:4.0%}  {self._elapsed()}  {self._title}  {text}"
        self._stream.write(f"\r\x1b[2K{line[:110]}")
        self._stream.flush()

    def end(self) -> None:
        """Clear the line."""
        if self._live:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()

    def _elapsed(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        return f"{minutes}:{seconds:02}"
