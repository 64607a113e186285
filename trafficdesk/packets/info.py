"""One line per packet that says what it is, in Wireshark's manner, for the table and the CSV.

Sequence and acknowledgement numbers are the raw ones of the header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.info_lines import LINES, fragments, other
from trafficdesk.packets.printable import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

__all__ = ["info_bytes", "info_texts", "printable"]

_FRAGMENT: Final = 0xFFFF
"""Stands for later fragments among the protocols."""


def info_texts(batch: PacketBatch) -> NDArray[np.object_]:
    """(rows,) the line of each packet as printable text."""
    return np.array([line.decode() for line in info_bytes(batch).tolist()], object)


def info_bytes(batch: PacketBatch) -> NDArray[np.bytes_]:
    """(rows,) the line of each packet as UTF-8, NUL-padded to the longest one; no NULs inside."""
    keys = np.where(batch["fragment_offset"] > 0, np.uint16(_FRAGMENT), batch["protocol"])
    groups = []
    for key in np.flatnonzero(np.bincount(keys)) if len(keys) else ():
        rows = np.flatnonzero(keys == key)
        line = fragments if key == _FRAGMENT else LINES.get(int(key), other)
        groups.append((rows, line(batch, rows)))
    width = max((lines.shape[1] for _, lines in groups), default=0) or 1
    result = np.zeros((len(batch), width), np.uint8)
    for rows, lines in groups:
        result[rows, : lines.shape[1]] = lines
    return result.view(f"S{width}").reshape(-1)
