"""The file of corrections: what comes back, and what a broken one does."""

from __future__ import annotations

import json
import stat
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.correcting import analysed, labels_of_every_incident, with_incidents
from trafficdesk.detect.correction_questions import subject_of
from trafficdesk.detect.corrections import Corrections, Once
from trafficdesk.detect.labels import Stance
from trafficdesk.detect.suppression import Direction, SuppressionRule
from trafficdesk.errors import StoreError
from trafficdesk.export.corrections_json import CorrectionFile, table_of

RULE = SuppressionRule(
    90, "ssh", "10.0.0.0/8", 22, Direction.TO_PEER, "brute force", "service", "our backup", 5, 6, on=False
)


@pytest.fixture(scope="module")
def said():
    """Labels of every incident, a rule, and something dismissed; and rows to ask about."""
    session, detector = analysed(with_incidents(seed=3).batch())
    labels = labels_of_every_incident(session, detector, Stance.EXPECTED)
    once = Once(91, 1, np.arange(3), "", 0)
    return labels.with_entries(RULE, once), subject_of(detector.memory.flagged)


def test_it_comes_back_as_it_went(said, tmp_path):
    """Labels say the same of the same rows, rules are equal; what held just once does not come."""
    corrections, subject = said
    path = tmp_path / "deep" / "corrections.json"
    CorrectionFile(path).save(corrections)
    back, warnings = CorrectionFile(path).load()
    assert warnings == ()
    assert back.rules == (RULE,)
    assert back.once == ()
    assert back.last_number == 91
    np.testing.assert_array_equal(back.spoken(subject), corrections.spoken(subject))
    assert table_of(back) == table_of(corrections)
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_file_is_no_correction(tmp_path):
    """And no warning."""
    assert CorrectionFile(tmp_path / "none.json").load()[1] == ()


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"version": 99}', b"\xff\xfe", b"[" * 100_000])
def test_a_broken_file_is_kept_aside(tmp_path, content):
    """A person's work is never overwritten; a sentence says where it is."""
    path = tmp_path / "corrections.json"
    path.write_bytes(content)
    back, warnings = CorrectionFile(path).load()
    assert not back.entries
    assert "corrections.json.broken" in warnings[0]
    assert (tmp_path / "corrections.json.broken").read_bytes() == content
    assert not path.exists()


def test_a_folder_that_can_not_be_written_says_so(said, tmp_path):
    """One sentence of cause, one of remedy."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be saved"):
        CorrectionFile(tmp_path / "file" / "corrections.json").save(said[0])


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_the_file_says_it_is_read_or_left_out(said, tmp_path_factory, data):
    """A value replaced by any other never raises, and what is read can be asked."""
    corrections, subject = said
    table = json.loads(json.dumps(table_of(corrections)))
    entry = data.draw(st.sampled_from(table["entries"]))
    inner = next(iter(entry.values()))
    key = data.draw(st.sampled_from(sorted(inner)))
    inner[key] = data.draw(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.text(max_size=40), st.floats(allow_nan=False, allow_infinity=False),
            st.lists(st.text(max_size=5), max_size=5), st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
        )
    )  # fmt: skip
    path = tmp_path_factory.mktemp("broken") / "corrections.json"
    path.write_text(json.dumps(table))
    back, _ = CorrectionFile(path).load()
    assert len(back.entries) >= len(table["entries"]) - 1
    back.spoken(subject)
    Corrections((*back.entries, RULE), 99).with_entries()
