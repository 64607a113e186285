"""Capture through libpcap, on a real cable: the way of macOS and Windows, as far as Linux can show it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.helpers.capture_bytes import column, frames_of
from tests.helpers.namespaces import cable, inside, needs_namespaces
from tests.helpers.wire import HTTP_GET, TCP_SYN, UDP_6, UDP_TICK
from trafficdesk.capture import libpcap
from trafficdesk.capture.bpf import load_libpcap
from trafficdesk.capture.libpcap import FrameCollector, LibpcapSource
from trafficdesk.errors import BadCaptureFilter, CaptureError, InterfaceNotFound
from trafficdesk.settings.declared import CaptureSettings

if TYPE_CHECKING:
    from trafficdesk.capture.source import LiveSource
    from trafficdesk.packets.block import FrameBlock

needs_libpcap = pytest.mark.skipif(load_libpcap() is None, reason="libpcap is not installed")
SMALL = CaptureSettings(ring_mib=4)


def received(source: LiveSource, count: int) -> list[FrameBlock]:
    blocks: list[FrameBlock] = []
    deadline = time.monotonic() + 60
    while sum(map(len, blocks)) < count and time.monotonic() < deadline:
        block = source.read(0.1)
        if block is not None:
            blocks.append(block)
    return blocks


def test_single_frames_become_a_block() -> None:
    """Each keeps its bytes, wire length and time."""
    frames = FrameCollector()
    frames.add(TCP_SYN, 99, 5)
    frames.add(b"", 60, 6)
    frames.add(UDP_6, len(UDP_6), 7)
    block = frames.block(1)
    assert [block.frame(row) for row in range(3)] == [TCP_SYN, b"", UDP_6]
    assert block.wire_lengths.tolist() == [99, 60, len(UDP_6)]
    assert block.timestamps_ns.tolist() == [5, 6, 7]


def test_without_libpcap_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is a sentence, not an import error."""
    monkeypatch.setattr(libpcap, "load_libpcap", lambda: None)
    with pytest.raises(CaptureError, match="libpcap is not installed"):
        LibpcapSource("lo", SMALL)


@pytest.mark.root
@needs_namespaces
@needs_libpcap
def test_frames_come_as_they_were_sent() -> None:
    """Bytes, lengths, link type, a time that is now, and the filter; closing twice is fine."""
    with cable() as wire:
        with inside(wire.near):
            source = LibpcapSource("v0", CaptureSettings(ring_mib=4, capture_filter="ip", snap_length=80))
        before = time.time_ns() - 1_000
        wire.send(TCP_SYN, UDP_6, HTTP_GET)
        blocks = received(source, 2)
        assert frames_of(blocks) == [TCP_SYN, HTTP_GET[:80]]
        assert column(blocks, "wire_lengths") == [len(TCP_SYN), len(HTTP_GET)]
        assert set(column(blocks, "link_types")) == {1}
        assert all(before <= moment <= time.time_ns() for moment in column(blocks, "timestamps_ns"))
        assert (source.statistics().received, source.statistics().dropped_kernel) == (2, 0)
        assert source.read(0.0) is None
        source.close()
        source.close()
        assert source.statistics().received == 2


@pytest.mark.root
@needs_namespaces
@needs_libpcap
def test_a_vanished_interface_ends_the_capture_with_a_sentence() -> None:
    """Frames from before are delivered, then the error names the interface."""
    with cable() as wire:
        with inside(wire.near):
            source = LibpcapSource("v0", SMALL)
        wire.send(UDP_TICK)
        assert frames_of(received(source, 1)) == [UDP_TICK]
        wire.ip("link", "del", "v0")
        with pytest.raises(CaptureError, match="capture on v0 ended"):
            received(source, 1)
        source.close()


@pytest.mark.root
@needs_namespaces
@needs_libpcap
def test_what_can_not_be_opened_says_why() -> None:
    """No such interface, a bad filter."""
    with cable() as wire, inside(wire.near):
        with pytest.raises(InterfaceNotFound, match="nothing0"):
            LibpcapSource("nothing0", SMALL)
        with pytest.raises(BadCaptureFilter, match="syntax error"):
            LibpcapSource("v0", CaptureSettings(capture_filter="tcp prot"))
