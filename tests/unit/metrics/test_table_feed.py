"""Every row of a log is handed out once, also those that leave."""

from __future__ import annotations

import numpy as np

from tests.helpers.crafted import a_batch
from trafficdesk.metrics.table_feed import TableFeed
from trafficdesk.packets.log import CHUNK_ROWS, PacketLog


def test_each_row_once_whatever_leaves() -> None:
    """Rows are told before they leave; taken or not by then, none is handed out twice or missing."""
    log = PacketLog(2 * CHUNK_ROWS)
    feed = TableFeed(log)
    seen: list[int] = []
    random = np.random.default_rng(5)
    while log.end_id < 6 * CHUNK_ROWS:
        rows = int(random.integers(1, 40_000))
        feed.leaving(log.first_id + log.rows_evicted_by(rows))
        log.append(a_batch(rows, first_id=log.end_id, length=1))
        if random.random() < 0.3:
            for batch in feed.take(int(random.integers(1, 100_000))):
                seen += batch.ids.tolist()
    while not feed.is_current:
        for batch in feed.take(CHUNK_ROWS):
            seen += batch.ids.tolist()
    assert seen == list(range(log.end_id))
    assert feed.missed == 0


def test_what_nobody_takes_is_bounded_and_said() -> None:
    """Beyond a million rows waiting, those that leave are counted as missed."""
    log = PacketLog(2 * CHUNK_ROWS)
    feed = TableFeed(log)
    batch = a_batch(CHUNK_ROWS)
    for number in range(22):
        feed.leaving(log.first_id + log.rows_evicted_by(CHUNK_ROWS))
        log.append(type(batch)(number * CHUNK_ROWS, batch.columns, batch.text))
    waiting = sum(len(part) for part in feed.take(0))
    assert waiting <= 1_048_576
    assert feed.missed == 20 * CHUNK_ROWS - waiting
