"""Many at work on one file, killed, closed and cancelled at random (threats 38, 44 and 45)."""

import pytest

from engine.programs import Program

from .scale import SCALE, SEED
from .storms import storm_of_processes, storm_of_tasks, storm_of_threads


@pytest.mark.parametrize(
    "storm", [storm_of_processes, storm_of_threads, storm_of_tasks], ids=lambda s: s.__name__
)
def test_threats_38_44_45_nothing_that_was_answered_is_untrue(tmp_path, storm):
    """Threats 38, 44, 45: with 8 processes killed at random, with 64 threads, or with 1,000 tasks
    cancelled at random, nothing acknowledged is lost, nothing destroyed lives, no id is made
    twice, and every call ends."""
    with Program(storm, tmp_path, SCALE.storm, patience=SCALE.storm * 5 + 120) as program:
        found = program.result()
    assert 0 == found["losses"], (SEED, found["wrong"])
    assert found["operations"] > 100
    assert found["interrupted"] > 0
