"""Raw frames of a live capture by number: the newest in memory, bounded in bytes, with a spool behind them or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.helpers.wire import HTTP_GET, TCP_SYN, UDP_TICK, block_of
from trafficdesk.capture.frame_store import RecentFrames, open_frames
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.spool.folder import spool_dir
from trafficdesk.settings.declared import CaptureSettings


def test_frames_are_had_by_their_number() -> None:
    """Those kept, and no others."""
    recent = RecentFrames(1 << 20)
    recent.add(block_of(TCP_SYN, HTTP_GET, first_id=0))
    recent.add(block_of(first_id=2))
    recent.add(block_of(UDP_TICK, first_id=2, link_type=101, wire_lengths=[999]))
    frames = [recent.frame(number) for number in (0, 1, 2)]
    assert [frame.data for frame in frames if frame] == [TCP_SYN, HTTP_GET, UDP_TICK]
    assert frames[2] is not None
    assert (frames[2].wire_length, frames[2].link_type) == (999, 101)
    assert frames[2].timestamp_ns == 1_700_000_000_000_000_000
    assert recent.frame(3) is None
    assert recent.frame(-1) is None


def test_the_oldest_blocks_leave_first() -> None:
    """Never more bytes than allowed, but the newest block always stays; gaps in the numbers are gaps."""
    blocks = [block_of(bytes(10_000), first_id=number) for number in range(10)]
    recent = RecentFrames(35_000)
    for block in blocks:
        recent.add(block)
        assert recent.kept_bytes <= 35_000
    assert [number for number in range(10) if recent.frame(number)] == [7, 8, 9]
    recent.add(block_of(bytes(90_000), first_id=20))
    assert [number for number in range(30) if recent.frame(number)] == [20]
    recent.close()
    assert recent.frame(20) is None
    assert recent.kept_bytes == 0


def test_names_outlive_their_source() -> None:
    """What was captured keeps its interfaces' names when the source is closed, in memory and on disk."""
    names = ["any", "eth0"]
    frames = open_frames(CaptureSettings(), "any", lambda: tuple(names), lambda _error: None)
    block = block_of(b"one", b"two")
    frames.add(replace(block, interfaces=np.array([1, 0], np.uint16)))
    names.clear()
    frames.finish()
    assert frames.interfaces == ("any", "eth0")
    (folder,) = spool_dir().iterdir()
    with CaptureFile(next(folder.glob("*.pcapng"))) as file:
        (spooled,) = file.blocks()
        assert [file.interfaces[number] for number in spooled.interfaces] == ["eth0", "any"]
    frames.close()


def test_without_a_spool_memory_is_all() -> None:
    """Switched off, nothing is written."""
    frames = open_frames(CaptureSettings(spool=False), "eth0", lambda: ("eth0",), lambda _error: None)
    frames.add(block_of(b"one"))
    frames.finish()
    assert frames.frame(0) is not None
    assert not spool_dir().exists()
    frames.close()
