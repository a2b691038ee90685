"""How much of each kind of fault is tried, and the seed that everything is drawn from.

`FAULTS` names the scale: `few` for one more interpreter, `some` for every run of the tests, `many`
for the long run.  `FAULTS_SEED` draws other faults than usual.
"""

import os
import random
from typing import NamedTuple

__all__ = ["SCALE", "SEED", "Scale", "chance"]


class Scale(NamedTuple):
    """The amounts."""

    calls: int
    """Calls of a script whose power is cut."""
    images: int
    """Disks looked at after each cut."""
    stride: int
    """One in so many cuts is looked at where there are more than a run has time for."""
    kinds: int
    """Calls of the contract that the disk is made to fail under."""
    disk_stride: int
    """One in so many of the Nth system calls fails."""
    storm: float
    """Seconds of a storm."""
    damages: int
    """Ways in which each page is damaged."""


_SCALES = {
    "few": Scale(calls=30, images=1, stride=3, kinds=8, disk_stride=5, storm=1.0, damages=1),
    "some": Scale(calls=70, images=2, stride=1, kinds=99, disk_stride=3, storm=4.0, damages=2),
    "many": Scale(calls=120, images=3, stride=1, kinds=99, disk_stride=1, storm=60.0, damages=6),
}

SCALE = _SCALES[os.environ.get("FAULTS", "some")]
SEED = int(os.environ.get("FAULTS_SEED", "20260727"))


def chance(*what: object) -> random.Random:
    """Chance of its own for one thing: the same in each run with the same seed."""
    return random.Random(f"{SEED} {what}")
