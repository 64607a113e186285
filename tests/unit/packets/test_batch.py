from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.numbered import numbered_batch, text_of_packet
from trafficdesk.packets import PacketBatch
from trafficdesk.packets.fields import COLUMN_NAMES, FIELDS, NO_MAC, NONE_VALUES, PACKET_DTYPE, empty_columns


def test_holds_the_schema():
    """Every field of the schema is a column of its dtype; the empty batch has them all."""
    batch = PacketBatch.empty(7)
    assert (len(batch), batch.first_id, batch.ids.tolist()) == (0, 7, [])
    assert {name: batch[name].dtype for name in COLUMN_NAMES} == {
        name: PACKET_DTYPE[name] for name in COLUMN_NAMES
    }


@pytest.mark.parametrize("fault", ["missing", "unknown", "dtype", "length"])
def test_refuses_other_columns(fault):
    """A missing, unknown, mistyped or short column is found when the batch is made, not when it is shown."""
    columns = empty_columns(3)
    if fault == "missing":
        del columns["ttl"]
    elif fault == "unknown":
        columns["tll"] = np.zeros(3)
    elif fault == "dtype":
        columns["ttl"] = np.zeros(3, np.int64)
    else:
        columns["ttl"] = columns["ttl"][:2]
    with pytest.raises(ValueError, match="column"):
        PacketBatch(0, columns, np.empty(0, np.uint8))


def test_is_read_only():
    """Neither a column nor the text can be written."""
    batch = numbered_batch(0, 4)
    with pytest.raises(ValueError, match="read-only"):
        batch["length"][0] = 1
    with pytest.raises(ValueError, match="read-only"):
        batch.text[0] = 1


def test_slices_share_and_keep_names():
    """A slice is views under the same packet_ids; its texts are its rows'."""
    batch = numbered_batch(100, 10)
    part = batch.slice(4, 7)
    assert part.ids.tolist() == [104, 105, 106]
    assert np.shares_memory(part["length"], batch["length"])
    assert [part.text_of(row) for row in range(3)] == [
        text_of_packet(packet_id) for packet_id in (104, 105, 106)
    ]


def test_none_is_told_from_zero():
    """A new row has no address, no port and no TTL: none of these nones is a value on the wire."""
    columns = empty_columns(2)
    assert columns["source_mac"].tolist() == [int(NO_MAC)] * 2
    assert int(NO_MAC) >= 1 << 48
    assert all(columns[name][0] == NONE_VALUES[name] for name in NONE_VALUES)
    assert {field.name for field in FIELDS if field.dtype.startswith("i")} - set(NONE_VALUES) == {
        "timestamp_ns",
        "text_start",
    }
