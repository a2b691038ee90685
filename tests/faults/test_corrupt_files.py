"""Files that a disk, a crash or a person has damaged (threat 35)."""

import pytest

from engine.programs import Program

from .damaged import KINDS, looked_through
from .scale import SCALE, SEED


def looked(folder, kind):
    amount = max(1, SCALE.damages // 2) if kind == "log" else SCALE.damages
    stride = SCALE.stride * (3 if kind == "journal" else 1)
    try:
        with Program(looked_through, folder, kind, amount, stride, patience=900) as program:
            return program.result()
    except AssertionError as error:
        raise AssertionError((SEED, (folder / "case.txt").read_text())) from error


@pytest.mark.parametrize("kind", KINDS)
def test_threat_35_a_damaged_file_never_gives_wrong_sessions(tmp_path, kind):
    """Threat 35: whichever page is damaged, wherever the log or a hot journal is cut, and whatever
    the headers say, each call raises one of the package's errors or tells what was saved, an older
    but whole state of it, or that a row is absent; nothing crashes or hangs."""
    found = looked(tmp_path, kind)
    assert 0 == found["losses"], (SEED, found["wrong"])
    assert found["files"] > 10


def test_a_plain_file_does_not_notice_what_still_reads_well(tmp_path):
    """A digit that is changed inside a session's text is not noticed in a plain file: SQLite keeps
    no checksums of its pages.  So these tests can see wrong data."""
    found = looked(tmp_path, "edited")
    assert (1, 1) == (found["files"], found["losses"])
    assert "get('s11')" in found["wrong"][0]
