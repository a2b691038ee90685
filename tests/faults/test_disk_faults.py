"""A disk that fails at any call of the system, once or from then on (threat 36)."""

import pytest

from engine.programs import Program, outcome

from .contract_calls import CALLS
from .disk_faults import calls_that_fail
from .failed_syncs import crashes_behind_failed_syncs
from .life_faults import MOMENTS, moments_that_fail
from .scale import SCALE, SEED, chance

FACES = pytest.mark.parametrize("face", ["sync", "async"])
_CALLS = sorted(chance("calls").sample(sorted(CALLS), min(SCALE.kinds, len(CALLS))))


@FACES
@pytest.mark.parametrize("calls", [_CALLS[::2], _CALLS[1::2]], ids=["some calls", "other calls"])
def test_threat_36_a_call_is_done_or_says_that_it_is_not(tmp_path, face, calls):
    """Threat 36: when the disk is full or fails, each call has happened, or has not and says so
    with the right error; and once the disk is well again the open store works."""
    stride = SCALE.disk_stride * (1 if face == "sync" else 3)
    program = Program(calls_that_fail, tmp_path / "s.db", face, calls, stride, patience=900)
    with program:
        found = program.result()
    assert found["faults"] > 0
    assert (0, "ok") == (found["losses"], found["sound"]), (SEED, found["wrong"])


@FACES
@pytest.mark.parametrize("moment", MOMENTS)
def test_threat_36_a_file_survives_the_disks_faults(tmp_path, face, moment):
    """Threat 36: whatever fails as a file is made, opened, recovered, checkpointed or closed,
    it raises the right error or nothing, loses nothing, and the next try works."""
    stride = SCALE.disk_stride * (2 if face == "sync" else 5)
    with Program(moments_that_fail, tmp_path, face, moment, stride, patience=900) as program:
        found = program.result()
    assert found["faults"] > 0
    assert 0 == found["losses"], (SEED, found["wrong"])


def test_threat_36_a_crash_behind_a_failed_sync(tmp_path):
    """Threat 36: a call whose sync failed is undone for all who use the file; a crash at once may
    leave it done, but wholly, and after the next write not even a crash brings it back."""
    assert [] == outcome(crashes_behind_failed_syncs, tmp_path)
