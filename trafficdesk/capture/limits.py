"""When a live capture stops by itself: after so many packets, bytes or seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.packets.block import FrameBlock
    from trafficdesk.settings.declared import CaptureSettings

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class StopLimits:
    """What ends a capture, whichever comes first; 0 = never."""

    packets: int = 0
    seconds: float = 0.0
    bytes: int = 0
    """On the wire."""

    @classmethod
    def of(cls, settings: CaptureSettings) -> Self:
        """As a person has set them."""
        return cls(settings.stop_packets, float(settings.stop_seconds), settings.stop_megabytes * MEGABYTE)


class Countdown:
    """How much of a capture's limits is left.

    Parameters
    ----------
    monotonic : seconds; time begins to count now.
    """

    def __init__(self, limits: StopLimits, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._began = monotonic()
        self._packets = self._bytes = 0
        self.reason = ""
        """Which limit was reached, as a sentence; empty = none yet."""

    def within(self, block: FrameBlock) -> FrameBlock:
        """The frames of `block` that still count: exactly so many packets; bytes until they are reached."""
        limits = self._limits
        keep = len(block) if not self.reason else 0
        if keep and limits.bytes:
            total = self._bytes + np.cumsum(block.wire_lengths)
            reached = int(np.searchsorted(total, limits.bytes)) + 1
            if reached <= keep:
                keep = reached
                self.reason = f"{limits.bytes / MEGABYTE:,.0f} MB were captured"
        if keep and limits.packets and self._packets + keep >= limits.packets:
            keep = limits.packets - self._packets
            self.reason = f"{limits.packets:,} packet{'s were' if limits.packets > 1 else ' was'} captured"
        self._packets += keep
        if limits.bytes:
            self._bytes += int(block.wire_lengths[:keep].sum())
        return block if keep == len(block) else block.part(0, keep)

    @property
    def over(self) -> bool:
        """Whether a limit has been reached."""
        if not self.reason and 0 < self._limits.seconds <= self._monotonic() - self._began:
            self.reason = f"{self._limits.seconds:,g} s have passed"
        return bool(self.reason)
