"""`store.batches`: many small batches as few say the same."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tests.helpers.stored import random_batch
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.identities import RowIdentity
from trafficdesk.store import batches as module
from trafficdesk.store.batches import fewer


def _worded(first_id: int, rows: int, *, threat: bool, known: bool = True) -> PacketBatch:
    batch = random_batch(rows, first_id, first_id=first_id)
    columns = {name: column.copy() for name, column in batch.columns.items()}
    columns["text_start"][:] = np.arange(rows) * 2
    columns["text_length"][:] = 2
    text = np.arange(2 * rows, dtype=np.uint8) + first_id % 100
    numbers = np.arange(first_id, first_id + rows)
    identity = RowIdentity(
        numbers, (numbers % 9).astype(np.uint16), numbers.astype(np.uint32), 0,
        (numbers % 5).astype(np.uint16) if threat else None,
    )  # fmt: skip
    return PacketBatch(first_id, columns, text, identity=identity if known else None)


def test_nothing_is_lost_by_it(monkeypatch):
    """Every column, text, program and hit of every packet, in order, is as before; and there are fewer batches."""
    monkeypatch.setattr(module, "MOST_ROWS", 60)
    parts = [_worded(at, 20, threat=at % 40 == 0) for at in range(0, 200, 20)]
    whole = list(fewer(parts))
    assert len(whole) == 4
    rows = [(part, row) for part in parts for row in range(len(part))]
    told = [(part, row) for part in whole for row in range(len(part))]
    assert len(rows) == len(told)
    for (one, here), (other, there) in zip(rows, told, strict=True):
        assert one.ids[here] == other.ids[there]
        assert one.text_of(here) == other.text_of(there)
        for name in set(one.columns) - {"text_start"}:
            assert one[name][here] == other[name][there]
        threat = 0 if one.identity.threat is None else one.identity.threat[here]
        assert other.identity.threat is None or other.identity.threat[there] == threat
        for name in ("conversation", "program", "host"):
            assert getattr(one.identity, name)[here] == getattr(other.identity, name)[there]


def test_what_does_not_follow_stays_apart():
    """A hole in the numbers, or rows of which nobody asked who is behind them."""
    parts = [
        _worded(0, 20, threat=False),
        _worded(30, 20, threat=False),
        _worded(50, 20, threat=False, known=False),
        _worded(70, 20, threat=False),
    ]
    assert [batch.first_id for batch in fewer(parts)] == [0, 30, 50, 70]
    assert all(one.first_id < other.first_id for one, other in pairwise(fewer(parts)))
    assert list(fewer([])) == []
