"""Power loss at every write and sync of a script: what had returned is there (threat 37)."""

import pytest

from engine.programs import outcome

from .power import looked_at, played
from .scale import SCALE, SEED


def after_cuts(root, script, durability, everything=False, sparsely=1):
    """What was found after cutting the power at each step of a script."""
    steps = outcome(played, root, script, durability, SCALE.calls)
    figures = outcome(looked_at, root, everything, SCALE.images, SCALE.stride * sparsely)
    assert figures["cuts"] > min(steps, SCALE.calls) // (SCALE.stride * sparsely) // 2
    return figures


@pytest.mark.parametrize("script", ["alone", "together"])
def test_threat_37_what_ends_or_makes_a_session_stays_done(tmp_path, script):
    """Threat 37: no power loss undoes a sign-in, a rotation or a logout that had returned, nor
    leaves a file that does not open, is damaged, or holds half of a call."""
    figures = after_cuts(tmp_path, script, "balanced")
    assert 0 == figures["losses"], (SEED, figures["first losses"])


@pytest.mark.parametrize("script", ["alone", "together"])
def test_threat_37_with_full_durability_every_write_stays_done(tmp_path, script):
    """Threat 37: with `durability="full"` this holds for each save and touch, too."""
    figures = after_cuts(tmp_path, script, "full", everything=True, sparsely=2)
    assert 0 == figures["losses"], (SEED, figures["first losses"])


@pytest.mark.parametrize("script", ["alone", "together"])
def test_the_cuts_would_show_what_is_not_synced(tmp_path, script):
    """With `durability="relaxed"` the same cuts do lose logouts, so these tests can see; and
    what was lost is always the latest, never a part from the middle."""
    figures = after_cuts(tmp_path, script, "relaxed", sparsely=3)
    assert figures["losses"] > figures["disks"] // 20, SEED
    assert 0 == figures["torn"], (SEED, figures["first losses"])
