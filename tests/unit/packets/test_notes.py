"""`packets.notes`: marks and comments by packet_id, and the log's column that shows them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.traffic import decoded, session_with
from trafficdesk.packets.log import CHUNK_ROWS
from trafficdesk.packets.notes import LONGEST_COMMENT, MARKED_WORDS, NoteFlag, PacketNotes


@given(st.lists(st.sets(st.integers(0, 20), min_size=1)))
def test_toggling_marks_all_unless_all_are_marked(turns: list[set[int]]) -> None:
    """As a check box over several things does."""
    notes, expected = PacketNotes(), set[int]()
    for chosen in turns:
        notes.toggle(np.array(sorted(chosen), np.int64))
        expected = expected - chosen if chosen <= expected else expected | chosen
        assert notes.marked.tolist() == sorted(expected)


def test_comments_are_bounded_and_taken_back() -> None:
    """Blank text is no comment."""
    notes = PacketNotes()
    notes.set_comment(np.array([3, 4]), " x" * LONGEST_COMMENT)
    assert len(notes.comment(3)) == LONGEST_COMMENT
    notes.set_comment(np.array([3]), "  \n")
    assert notes.comment(3) == ""
    assert notes.flags(np.array([3, 4])).tolist() == [0, NoteFlag.COMMENTED]


def test_a_copy_does_not_change_with_the_original() -> None:
    """A thread saves the notes of one moment."""
    notes = PacketNotes()
    notes.toggle(np.array([1]))
    notes.set_comment(np.array([2]), "two")
    copy = notes.copy()
    notes.toggle(np.array([1]))
    notes.set_comment(np.array([2]), "")
    assert not notes
    assert copy.words(np.array([0, 1, 2])) == {1: (MARKED_WORDS,), 2: ("two",)}


def test_notes_outlive_their_rows_and_end_with_the_capture() -> None:
    """Of a packet that has left the table its comment is still saved; a new capture begins without any."""
    session = session_with(10, capacity=2 * CHUNK_ROWS)
    session.toggle_marks(np.array([3, 5]))
    session.comment(np.array([5]), "odd")
    ids = np.arange(10, dtype=np.int64)
    assert session.log.column("mark", ids).tolist() == [0, 0, 0, 1, 0, 3, 0, 0, 0, 0]
    chosen = session.log.select(lambda _batch, analysis: analysis["mark"] != 0)
    assert chosen.tolist() == [3, 5]
    for _ in range(2):
        session.ingest(decoded(CHUNK_ROWS, session.log.end_id))
    assert session.log.first_id > 5
    session.toggle_marks(np.array([3]))
    assert session.notes.words(ids) == {5: ("odd", MARKED_WORDS)}
    session.begin()
    assert not session.notes
