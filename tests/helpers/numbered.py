"""Batches for tests of what holds or shows packets: every column filled, each packet with a text of its own."""

from __future__ import annotations

import numpy as np

from trafficdesk.packets import PacketBatch
from trafficdesk.packets.fields import FIELDS


def text_of_packet(packet_id: int) -> bytes:
    """The text `numbered_batch` gives a packet: none for every third."""
    return b"" if packet_id % 3 == 0 else b"host-%d.example" % packet_id


def numbered_batch(first_id: int, rows: int) -> PacketBatch:
    """Rows whose columns are all derived from their packet_id, so that a misplaced row shows."""
    ids = np.arange(first_id, first_id + rows, dtype=np.int64)
    texts = [text_of_packet(packet_id) for packet_id in ids.tolist()]
    lengths = np.array([len(text) for text in texts], np.int64)
    columns = {}
    for position, field in enumerate(FIELDS):
        if field.dtype == "V16":
            raw = np.zeros((rows, 2), ">u8")
            raw[:, 1] = 0xFFFF_0000_0000 + ids + position
            columns[field.name] = raw.view("V16").reshape(-1)
        else:
            columns[field.name] = (ids * (position + 1) % 100).astype(field.dtype)
    columns["status"] %= 4
    columns["tunnel"][:] = 0
    columns["text_length"] = lengths.astype("u2")
    # Where there is no text, the start means nothing; a value out of the arena must do no harm.
    columns["text_start"] = np.where(lengths > 0, np.cumsum(lengths) - lengths + 5, 10**12)
    return PacketBatch(first_id, columns, np.frombuffer(b"-gap-" + b"".join(texts), np.uint8).copy())
