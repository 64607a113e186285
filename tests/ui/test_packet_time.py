"""`ui.models.packet_time`: a packet's time in four ways, and in the table after rows left or were filtered."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.traffic import session_with
from trafficdesk.settings import TimeFormat
from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.models.packet_pages import PAGE_ROWS
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.models.packet_time import time_texts
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LAST_NS = 2**62


@given(st.lists(st.integers(0, LAST_NS), min_size=1), st.integers(0, LAST_NS))
def test_spans_are_exact_to_the_microsecond(times: list[int], start: int) -> None:
    """Cut, not rounded, whatever came first."""
    values = np.array(times, np.int64)
    since_start = time_texts(values, TimeFormat.SINCE_START, start_ns=start)
    since_previous = time_texts(values, TimeFormat.SINCE_PREVIOUS, previous_ns=start)
    for time, before, one, other in zip(times, [start, *times], since_start, since_previous, strict=False):
        for text, span in ((one, time - start), (other, time - before)):
            assert abs(Decimal(text) - Decimal(span) / 10**9) < Decimal("0.000001")
            assert len(text.partition(".")[2]) == 6


def test_utc_has_its_date_and_a_broken_year_a_dash() -> None:
    """The zone of the computer does not matter; a file may claim a year no clock knows."""
    texts = time_texts(np.array([1_700_000_000_123_456_789, 2**63 - 1]), TimeFormat.UTC)
    assert texts == ["2023-11-14 22:13:20.123456", "2262-04-11 23:47:16.854775"]


def test_the_row_above_counts_across_pages_filters_and_rows_that_left(qtbot: QtBot) -> None:
    """Each row tells the time since the one shown above it; the first one none."""
    session = session_with(3 * PAGE_ROWS)
    model = PacketTableModel(session, LIGHT, ("Unusual",))
    model.set_time_format(TimeFormat.SINCE_PREVIOUS)
    model.evict_before(10)
    for ids in (np.arange(10, 3 * PAGE_ROWS), np.arange(10, 3 * PAGE_ROWS, 3)):
        model.show(ids)
        times = session.log.column("timestamp_ns", ids)
        shown = [model.text(row, Column.TIME) for row in range(len(ids))]
        assert shown == time_texts(times, TimeFormat.SINCE_PREVIOUS)
    model.set_time_format(TimeFormat.SINCE_START)
    start = int(session.log.column("timestamp_ns", np.array([0]))[0])
    assert model.text(5, Column.TIME) == time_texts(times[5:6], TimeFormat.SINCE_START, start_ns=start)[0]
