"""`ui.models.visible_rows`: rows and packet_ids, both ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.ui.models.visible_rows import VisibleRows


def chosen(*ids: int) -> VisibleRows:
    rows = VisibleRows()
    rows.show(np.array(ids, np.int64))
    return rows


def test_without_a_filter_rows_are_the_packets_in_order() -> None:
    """Row r is packet first + r."""
    rows = VisibleRows()
    rows.show_all(10, 20)
    assert len(rows) == 10
    assert rows.id_at(3) == 13
    assert rows.row_of(19) == 9
    assert rows.row_of(20) is None
    assert rows.row_of(9) is None


def test_a_filter_shows_its_packets_alone() -> None:
    """A packet the filter did not choose has no row."""
    rows = chosen(3, 7, 8)
    assert [rows.id_at(row) for row in range(3)] == [3, 7, 8]
    assert rows.row_of(7) == 1
    assert rows.row_of(4) is None
    assert rows.rows_of(np.array([0, 3, 5, 8, 9])).tolist() == [0, 2]


@pytest.mark.parametrize("filtered", [False, True])
def test_dropping_the_oldest_keeps_every_other_packet(filtered: bool) -> None:
    """After old rows leave, the rest are the same packets, and further ones can come."""
    rows = VisibleRows()
    if filtered:
        rows.show(np.arange(100, 110))
    else:
        rows.show_all(100, 110)
    rows.drop_oldest(rows.rows_before(104))
    rows.append(np.array([110, 111]))
    assert rows.ids().tolist() == list(range(104, 112))
    assert rows.rows_of(np.array([103, 104, 111])).tolist() == [0, 7]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 40)), max_size=30))
def test_a_filtered_table_is_a_queue(steps: list[tuple[int, int]]) -> None:
    """Whatever comes and leaves, the rows are those that came last."""
    rows, model = chosen(), list[int]()
    next_id = 0
    for added, dropped in steps:
        ids = np.arange(next_id, next_id + 2 * added, 2)
        next_id += 2 * added
        rows.append(ids)
        model += ids.tolist()
        leaving = min(dropped, len(model))
        rows.drop_oldest(leaving)
        del model[:leaving]
        assert rows.ids().tolist() == model
        assert all(rows.row_of(packet_id) == row for row, packet_id in enumerate(model))
