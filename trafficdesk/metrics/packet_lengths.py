"""`PacketLengths`: how many packets of each length, exactly; the classes people know are sums of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

CLASSES: Final = (0, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120)
"""Lower bounds; Wireshark's (`stats_tree` "plen")."""
_LONGEST: Final = 65_536
"""Lengths from here on are counted as one; only segmentation offload makes them."""


def _no_counts() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class LengthClasses:
    """Lengths on the wire in classes."""

    packets: NDArray[np.int64] = field(default_factory=_no_counts)
    """(classes,) as `CLASSES` begins them."""
    bytes: NDArray[np.int64] = field(default_factory=_no_counts)
    shortest: NDArray[np.int64] = field(default_factory=_no_counts)
    """(classes,) 0 where the class is empty."""
    longest: NDArray[np.int64] = field(default_factory=_no_counts)

    def __len__(self) -> int:
        return len(self.packets)

    def title(self, row: int) -> str:
        """Such as "80-159"."""
        return class_title(row)


def class_title(row: int) -> str:
    """Such as "80-159"."""
    last = row + 1 == len(CLASSES)
    return f"{CLASSES[row]} and more" if last else f"{CLASSES[row]}-{CLASSES[row + 1] - 1}"


class PacketLengths:
    """Counts of lengths on the wire."""

    def __init__(self) -> None:
        self._counts = np.zeros(_LONGEST + 1, np.int64)
        self._beyond = 0
        self._longest = 0

    def add(self, batch: PacketBatch) -> None:
        """Count a batch."""
        lengths = batch["length"].astype(np.int64)
        longest = int(lengths.max())
        if longest >= _LONGEST:
            self._longest = max(self._longest, longest)
            self._beyond += int(lengths[lengths >= _LONGEST].sum())
            lengths = np.minimum(lengths, _LONGEST)
        np.add.at(self._counts, lengths, 1)

    def classes(self) -> LengthClasses:
        """The distribution."""
        used = np.flatnonzero(self._counts)
        packets = self._counts[used]
        octets = used * packets
        if len(used) and used[-1] == _LONGEST:
            octets[-1] = self._beyond
        group = np.searchsorted(CLASSES, used, "right") - 1
        shortest, longest = np.full(len(CLASSES), _LONGEST), np.zeros(len(CLASSES), np.int64)
        np.minimum.at(shortest, group, used)
        np.maximum.at(longest, group, np.where(used == _LONGEST, self._longest, used))
        in_class, of_class = (
            np.bincount(group, weights, len(CLASSES)).astype(np.int64) for weights in (packets, octets)
        )
        return LengthClasses(in_class, of_class, np.where(in_class > 0, shortest, 0), longest)
