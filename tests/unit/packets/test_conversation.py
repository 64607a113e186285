"""`packets.conversation` and `packets.find_text`: the same rows as the filter that is shown, and as the texts shown."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.traffic import session_with
from trafficdesk.packets.conversation import conversation_filter, conversation_mask
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.find_text import TextSearch
from trafficdesk.ui.models.packet_page import Column, text_columns

ROWS = 60


@pytest.mark.parametrize("packet_id", range(12))
def test_the_mask_and_the_filter_choose_the_same_rows(packet_id: int) -> None:
    """Of IPv4, IPv6 and of frames that are neither; the packet itself is one of them.

    Later fragments are walked to with their first one, but a filter finds no ports in them.
    """
    log = session_with(ROWS).log
    rows = log.select(conversation_mask(log, packet_id))
    expression = conversation_filter(log, packet_id)
    assert packet_id in rows
    assert 0 < len(rows) < ROWS
    by_filter = log.select(compile_filter(expression).mask)
    assert packet_id in by_filter
    rows = rows[log.column("fragment_offset", rows) <= 0]
    assert set(rows.tolist()) <= set(by_filter.tolist())
    if expression.count("port") == 2:
        assert rows.tolist() == by_filter.tolist()


@pytest.mark.parametrize("text", ["192.0.2.2", "GET /", "get /", "arp", "2001:", "nowhere", "é"])
def test_found_rows_are_those_whose_cells_have_the_text(text: str) -> None:
    """Whatever the case of its letters."""
    session = session_with(ROWS)
    ids = np.arange(ROWS, dtype=np.int64)
    found = TextSearch(session.log, session.log.identities.hosts, text).mask(ids)
    columns = text_columns(session.log, ids)
    cells = [columns[column] for column in (Column.SOURCE, Column.DESTINATION, Column.PROTOCOL, Column.INFO)]
    expected = [any(text.casefold() in cell.casefold() for cell in row) for row in zip(*cells, strict=True)]
    assert found.tolist() == expected


def test_the_first_is_the_first_in_the_order_asked_for() -> None:
    """Upwards and downwards, and nothing once it was stopped."""
    session = session_with(ROWS)
    search = TextSearch(session.log, session.log.identities.hosts, "arp")
    ids = np.arange(ROWS, dtype=np.int64)
    rows = ids[search.mask(ids)]
    assert search.first(ids) == rows[0]
    assert search.first(ids[::-1]) == rows[-1]
    assert search.first(ids, lambda: True) is None
