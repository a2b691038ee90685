"""A progress bar, on a terminal only."""

import time
from typing import TextIO

__all__ = ["Progress"]

_WIDTH = 30
_INTERVAL = 0.1


class Progress:
    """One line that is written over and over, and gone in the end."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._shows = stream.isatty()
        self._began = self._shown = time.monotonic()

    def __call__(self, done: int) -> None:
        """So many are done."""
        now = time.monotonic()
        if not self._shows or (done < self._total and now - self._shown < _INTERVAL):
            return
        self._shown = now
        total = max(self._total, done)
        share = done / total
        bar = ("#" * round(share * _WIDTH)).ljust(_WIDTH, ".")
        left = (now - self._began) / done * (total - done)
        text = f"\r[{bar}] {share:4.0%}  {done:,} of {total:,}  {left:,.0f} s left "
        self._stream.write(text)
        self._stream.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._shows:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
