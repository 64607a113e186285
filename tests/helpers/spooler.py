"""A program that spools made-up frames as fast as it is told, to be killed: python -m tests.helpers.spooler ROOT RATE.

It prints one line per block it has given to the spool: how many frames so far, and when (monotonic clock).
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from trafficdesk.capture.spool import spool as spool_module
from trafficdesk.capture.spool.room import SpoolLimits
from trafficdesk.capture.spool.spool import Spool
from trafficdesk.packets.block import FrameBlock

FRAME_BYTES = 500


def numbered_frames(count: int, size: int = FRAME_BYTES) -> FrameBlock:
    """Frames between which other bytes lie, as in a packet ring."""
    stride = size + 82
    return FrameBlock(
        np.arange(count * stride, dtype=np.uint8),
        np.arange(count, dtype=np.int64) * stride + 82,
        np.full(count, size, np.int64),
        np.full(count, size + 4, np.int64),
        np.full(count, time.time_ns(), np.int64) + np.arange(count),
        np.ones(count, np.uint16),
    )


def main() -> None:
    """Until killed."""
    root, rate = Path(sys.argv[1]), int(sys.argv[2])
    # Smaller segments than usual, so that the kill meets merging more often.
    spool_module._LARGEST_SEGMENT = 4 << 20
    spool = Spool(root, "test0", names=lambda: ("test0",), warn=lambda error: sys.stderr.write(str(error)),
                  limits=SpoolLimits(reserve_bytes=0))  # fmt: skip
    total, began = 0, time.monotonic()
    while True:
        block = numbered_frames(max(1, rate // 100))
        spool.add(replace(block, first_id=total))
        total += len(block)
        sys.stdout.write(f"{total} {time.monotonic()} {spool.dropped}\n")
        sys.stdout.flush()
        time.sleep(max(0.0, began + total / rate - time.monotonic()))


if __name__ == "__main__":
    main()
