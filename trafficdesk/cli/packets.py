"""`trafficdesk packets FILE`: decode everything; print a summary, or write one CSV row per packet."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING

import numpy as np

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.cli.exit_codes import Exit, complain
from trafficdesk.cli.pipeline import made_and_worked
from trafficdesk.cli.terminal import Progress, say, size
from trafficdesk.cli.two_processes import is_worthwhile, worked
from trafficdesk.decode import Conversations, decode
from trafficdesk.errors import BadCaptureFile
from trafficdesk.packets.protocol import Protocol, Status, protocol_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.block import FrameBlock
    from trafficdesk.packets.display_filter import DisplayFilter


@dataclass(slots=True)
class Tally:
    """The summary's numbers: a few counts, so that decoding stays the work."""

    packets: int = 0
    octets: int = 0
    first_ns: int = 0
    last_ns: int = 0
    protocols: NDArray[np.int64] = field(default_factory=lambda: np.zeros(max(Protocol) + 1, np.int64))
    statuses: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(Status), np.int64))

    @classmethod
    def of(cls, batch: PacketBatch) -> Tally:
        """Count a batch."""
        if not len(batch):
            return cls()
        timestamps = batch["timestamp_ns"]
        return cls(
            len(batch),
            int(batch["length"].sum(dtype=np.int64)),
            int(timestamps.min()),
            int(timestamps.max()),
            np.bincount(batch["protocol"], minlength=max(Protocol) + 1),
            np.bincount(batch["status"], minlength=len(Status)),
        )

    def add(self, other: Tally) -> None:
        """Count another's packets, too."""
        if not other.packets:
            return
        self.first_ns = min(self.first_ns, other.first_ns) if self.packets else other.first_ns
        self.last_ns = max(self.last_ns, other.last_ns) if self.packets else other.last_ns
        self.packets += other.packets
        self.octets += other.octets
        self.protocols += other.protocols
        self.statuses += other.statuses

    def lines(self, seconds: float) -> Iterator[str]:
        """What a person reads."""
        span = (self.last_ns - self.first_ns) / 1e9
        yield f"{self.packets:,} packets, {self.octets:,} bytes ({size(self.octets)}) in {span:,.3f} s of traffic"
        order = sorted(map(int, np.flatnonzero(self.protocols)), key=lambda number: -self.protocols[number])
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
    follow = display_filter is not None or arguments.csv is not None
    work = _work(display_filter, with_rows=arguments.csv is not None)
    tally, started = Tally(), time.perf_counter()
    fault: BadCaptureFile | None = None
    with ExitStack() as stack:
        file = stack.enter_context(CaptureFile(arguments.file))
        out = _opened(stack, arguments.csv)
        bar = stack.enter_context(Progress("decoding"))
        try:
            by_two = is_worthwhile(arguments.file)
            if follow:
                results = made_and_worked(partial(_followed, file), work, by_two=by_two)
            else:
                results = worked(partial(_read, file), _counted, by_two=by_two)
            for counted, rows, share in results:
                tally.add(counted)
                if out is not None:
                    out.write(rows)
                bar.show(share)
        except BadCaptureFile as error:
            fault = error  # what could be read is written all the same
    if arguments.csv != "-":
        for line in tally.lines(time.perf_counter() - started):
            say(line)
    if fault is not None:
        complain(fault)
        return Exit.UNREADABLE
    return Exit.DONE


def _read(file: CaptureFile) -> Iterator[tuple[FrameBlock, float]]:
    """Every block, and how much of the file was read with it."""
    for block in file.blocks():
        yield block, file.progress


def _counted(read: tuple[FrameBlock, float]) -> tuple[Tally, bytes, float]:
    """The summary alone: each packet by itself, so that two processes may share the blocks."""
    block, share = read
    return Tally.of(decode(block)), b"", share


def _followed(file: CaptureFile) -> Iterator[tuple[PacketBatch, float]]:
    """Every block's packets in the light of those before them."""
    conversations = Conversations()
    for block, share in _read(file):
        yield conversations.follow(decode(block)), share


def _work(
    display_filter: DisplayFilter | None, *, with_rows: bool
) -> Callable[[tuple[PacketBatch, float]], tuple[Tally, bytes, float]]:
    """What is done to each batch: filtering, counting, and writing its rows as text."""
    from trafficdesk.export.packets_csv import picked, rows_bytes

    def work(followed: tuple[PacketBatch, float]) -> tuple[Tally, bytes, float]:
        batch, share = followed
        numbers = batch.ids + 1
        if display_filter is not None:
            batch, numbers = picked(batch, display_filter.mask(batch))
        return Tally.of(batch), b"".join(rows_bytes(batch, numbers)) if with_rows else b"", share

    return work


def _compiled(expression: str) -> DisplayFilter | None:
    if not expression.strip():
        return None
    from trafficdesk.detect.families import FAMILIES
    from trafficdesk.packets.display_filter import compile_filter

    return compile_filter(expression, [family.name for family in FAMILIES])


def _opened(stack: ExitStack, path: str | None) -> IO[bytes] | None:
    if path is None:
        return None
    from trafficdesk.export.atomic import atomic_file
    from trafficdesk.export.packets_csv import header

    out = stack.enter_context(atomic_file(path))
    out.write(header())
    return out
