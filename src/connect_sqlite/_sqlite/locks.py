"""Locks that the exception of a signal's handler, a Ctrl-C's, cannot leave locked.

Python runs handlers between its instructions: where a function begins, behind a call, where a loop
starts over.  Never inside the entry of `with lock:`, nor inside a `for`'s step.  So who may be in
the main thread takes a lock by one of these, and gives it back by `with`, or by `lock.release()` as
the first thing in a `finally`.  A `Condition`, an `Event` and a context manager are written in
Python and do not hold to this; `lock.acquire()` does not either, for it is a call.
"""

from _thread import LockType
from collections.abc import Iterator
from itertools import repeat

__all__ = ["tries"]


def tries(lock: LockType, seconds: float | None = 0) -> Iterator[bool]:
    """Each step of it tries to take the lock for so long, and says whether it has.

    for taken in tries(lock):
        if taken:
            try:
                ...
            finally:
                lock.release()
        break
    """
    return map(lock.acquire, repeat(seconds != 0), repeat(seconds or -1))
