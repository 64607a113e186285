"""`trafficdesk packets FILE`: decode everything; print a summary, or write one CSV row per packet."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING

import numpy as np

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.cli.ahead import ahead
from trafficdesk.cli.exit_codes import Exit, complain
from trafficdesk.cli.terminal import Progress, say, size
from trafficdesk.decode import decode
from trafficdesk.errors import BadCaptureFile
from trafficdesk.packets.protocol import Protocol, Status, protocol_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.display_filter import DisplayFilter


class Tally:
    """The summary's numbers: a few counts, so that decoding stays the work."""

    def __init__(self) -> None:
        self.packets = self.octets = 0
        self.first_ns = self.last_ns = 0
        self.protocols = np.zeros(max(Protocol) + 1, np.int64)
        self.statuses = np.zeros(len(Status), np.int64)

    def add(self, batch: PacketBatch) -> None:
        """Count a batch."""
        if not len(batch):
            return
        low, high = int(batch["timestamp_ns"].min()), int(batch["timestamp_ns"].max())
        self.first_ns = min(self.first_ns, low) if self.packets else low
        self.last_ns = max(self.last_ns, high) if self.packets else high
        self.packets += len(batch)
        self.octets += int(batch["length"].sum(dtype=np.int64))
        self.protocols += np.bincount(batch["protocol"], minlength=len(self.protocols))
        self.statuses += np.bincount(batch["status"], minlength=len(self.statuses))

    def lines(self, seconds: float) -> Iterator[str]:
        """What a person reads."""
        span = (self.last_ns - self.first_ns) / 1e9
        yield f"{self.packets:,} packets, {self.octets:,} bytes ({size(self.octets)}) in {span:,.3f} s of traffic"
        order = sorted(np.flatnonzero(self.protocols), key=lambda number: -self.protocols[number])
        yield "protocols: " + (
            ", ".join(f"{protocol_name(n)} {self.protocols[n]:,}" for n in order) or "none"
        )
        shown = (
            f"{status.name.lower()} {self.statuses[status]:,}" for status in Status if self.statuses[status]
        )
        yield "status: " + (", ".join(shown) or "none")
        yield f"decoded in {seconds:.2f} s ({self.packets / max(seconds, 1e-9):,.0f} packets/s)"


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    display_filter = _compiled(arguments.display_filter)
    tally, started = Tally(), time.perf_counter()
    fault: BadCaptureFile | None = None
    with ExitStack() as stack:
        file = stack.enter_context(CaptureFile(arguments.file))
        bar = stack.enter_context(Progress("decoding"))
        out = _opened(stack, arguments.csv)
        try:
            for block in ahead(file.blocks()):
                _count(decode(block), display_filter, tally, out)
                bar.show(file.progress)
        except BadCaptureFile as error:
            fault = error  # what could be read is written all the same
    if arguments.csv != "-":
        for line in tally.lines(time.perf_counter() - started):
            say(line)
    if fault is not None:
        complain(fault)
        return Exit.UNREADABLE
    return Exit.DONE


def _count(
    batch: PacketBatch, display_filter: DisplayFilter | None, tally: Tally, out: IO[bytes] | None
) -> None:
    numbers = None
    if display_filter is not None:
        from trafficdesk.export.packets_csv import picked

        batch, numbers = picked(batch, display_filter.mask(batch, {}))
    tally.add(batch)
    if out is not None:
        from trafficdesk.export.packets_csv import write_rows

        write_rows(out, batch, numbers=numbers)


def _compiled(expression: str) -> DisplayFilter | None:
    if not expression.strip():
        return None
    from trafficdesk.packets.display_filter import compile_filter

    return compile_filter(expression)


def _opened(stack: ExitStack, path: str | None) -> IO[bytes] | None:
    if path is None:
        return None
    from trafficdesk.export.atomic import atomic_file
    from trafficdesk.export.packets_csv import header

    out = stack.enter_context(atomic_file(path))
    out.write(header())
    return out
