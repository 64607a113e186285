"""The packet ring on a real cable: frames as sent, tags put back, filters, counters, and how a capture ends."""

from __future__ import annotations

import struct
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.helpers.capture_bytes import column, frames_of
from tests.helpers.namespaces import cable, inside, needs_namespaces
from tests.helpers.wire import ARP_REQUEST, HTTP_GET, TCP_SYN, UDP_6, UDP_TICK
from trafficdesk.capture.packet_ring import PacketRing
from trafficdesk.errors import BadCaptureFilter, CaptureError, InterfaceNotFound
from trafficdesk.packets.protocol import LinkType
from trafficdesk.settings.declared import CaptureSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.namespaces import Cable
    from trafficdesk.packets.block import FrameBlock

pytestmark = [pytest.mark.root, needs_namespaces]

SMALL = CaptureSettings(ring_mib=4)


@pytest.fixture
def wire() -> Iterator[Cable]:
    with cable() as made:
        yield made


def opened(wire: Cable, settings: CaptureSettings = SMALL, interface: str = "v0") -> PacketRing:
    with inside(wire.near):
        return PacketRing(interface, settings)


def received(ring: PacketRing, count: int, patience_s: float = 60.0) -> list[FrameBlock]:
    """Blocks until `count` frames have come."""
    blocks: list[FrameBlock] = []
    deadline = time.monotonic() + patience_s
    while sum(map(len, blocks)) < count and time.monotonic() < deadline:
        block = ring.read(0.1)
        if block is not None:
            blocks.append(block)
    return blocks


def tagged(frame: bytes, *tags: tuple[int, int]) -> bytes:
    return frame[:12] + b"".join(struct.pack(">HH", *tag) for tag in tags) + frame[12:]


def test_frames_come_as_they_were_sent(wire: Cable) -> None:
    """Bytes, lengths, link type and a time that is now; the counters agree."""
    ring = opened(wire)
    before = time.time_ns()
    wire.send(TCP_SYN, UDP_6, HTTP_GET)
    blocks = received(ring, 3)
    assert frames_of(blocks) == [TCP_SYN, UDP_6, HTTP_GET]
    assert column(blocks, "wire_lengths") == [len(TCP_SYN), len(UDP_6), len(HTTP_GET)]
    assert set(column(blocks, "link_types")) == {1}
    assert all(before <= moment <= time.time_ns() for moment in column(blocks, "timestamps_ns"))
    assert (ring.statistics().received, ring.statistics().dropped_kernel) == (3, 0)
    ring.close()
    ring.close()
    with pytest.raises(CaptureError, match="closed"):
        ring.read(0.0)


def test_vlan_tags_are_put_back(wire: Cable) -> None:
    """The kernel takes the outer tag out of a frame; it comes back where it was, also of 802.1ad."""
    frames = [tagged(TCP_SYN, (0x8100, 0x6005)), tagged(UDP_TICK, (0x88A8, 7), (0x8100, 9)), HTTP_GET]
    ring = opened(wire)
    wire.send(*frames)
    blocks = received(ring, 3)
    ring.close()
    assert frames_of(blocks) == frames
    assert column(blocks, "wire_lengths") == list(map(len, frames))


def test_the_capture_filter_chooses(wire: Cable) -> None:
    """Only matching frames come; `vlan` finds tags that the kernel took out."""
    for expression, expected in {
        "ip and udp port 9": [UDP_TICK],
        "arp or ip6": [ARP_REQUEST, UDP_6],
        "vlan 5 and tcp": [tagged(TCP_SYN, (0x8100, 5))],
    }.items():
        ring = opened(wire, CaptureSettings(ring_mib=4, capture_filter=expression))
        wire.send(ARP_REQUEST, UDP_TICK, UDP_6, tagged(TCP_SYN, (0x8100, 5)), tagged(TCP_SYN, (0x8100, 6)))
        blocks = received(ring, len(expected))
        time.sleep(0.1)
        blocks += received(ring, 1, 0.1)
        ring.close()
        assert frames_of(blocks) == expected


def test_the_snap_length_cuts_frames(wire: Cable) -> None:
    """Captured bytes are cut, the wire length is kept."""
    ring = opened(wire, CaptureSettings(ring_mib=4, snap_length=64))
    wire.send(HTTP_GET)
    blocks = received(ring, 1)
    ring.close()
    assert frames_of(blocks) == [HTTP_GET[:64]]
    assert column(blocks, "wire_lengths") == [len(HTTP_GET)]


def test_a_full_ring_is_counted(wire: Cable) -> None:
    """What the kernel can't put into the ring shows in its counter, which survives being read and closing."""
    ring = opened(wire)
    sent = 6_000
    wire.send(*[HTTP_GET.ljust(1_500, b"x")] * sent)
    got, deadline = 0, time.monotonic() + 60
    while got + ring.statistics().dropped_kernel < sent and time.monotonic() < deadline:
        got += sum(map(len, received(ring, 1, 0.1)))
    assert 0 < got < sent
    assert ring.statistics().dropped_kernel == sent - got
    assert ring.statistics().dropped_kernel == sent - got
    ring.close()
    assert ring.statistics().dropped_kernel == sent - got


def test_loopback_frames_come_once(wire: Cable) -> None:
    """What goes out through the loopback interface comes in through it, too; that is one frame."""
    import socket

    ring = opened(wire, interface="lo")
    with inside(wire.near), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"once", ("127.0.0.1", 9))
    blocks = received(ring, 1)
    time.sleep(0.1)
    blocks += received(ring, 1, 0.1)
    ring.close()
    (udp,) = [frame for frame in frames_of(blocks) if frame.endswith(b"once") and frame[23] == 17]
    assert udp[12:14] == b"\x08\x00"


def test_any_captures_cooked(wire: Cable) -> None:
    """All interfaces together give Linux cooked headers, version 2."""
    ring = opened(wire, CaptureSettings(ring_mib=4, capture_filter="udp"), "any")
    wire.send(UDP_TICK, ARP_REQUEST)
    blocks = received(ring, 1)
    ring.close()
    (frame,) = frames_of(blocks)
    assert column(blocks, "link_types") == [LinkType.LINUX_SLL2]
    assert frame[:4] == b"\x08\x00\0\0"
    assert frame[8:12] == b"\x00\x01\x03\x06"  # Ethernet, to somebody else, six address bytes
    assert frame[12:18] == UDP_TICK[6:12]
    assert frame[20:] == UDP_TICK[14:]
    assert column(blocks, "wire_lengths") == [len(UDP_TICK) - 14 + 20]


def test_raw_interfaces_are_raw(wire: Cable) -> None:
    """An interface without link headers gives IP packets, and filters see them as such."""
    try:
        wire.ip("tuntap", "add", "dev", "t0", "mode", "tun")
    except subprocess.CalledProcessError:
        pytest.skip("no tun devices can be made here (/dev/net/tun)")
    wire.ip("addr", "add", "192.0.2.1/24", "dev", "t0")
    wire.ip("link", "set", "t0", "up")
    ring = opened(wire, interface="t0")
    assert ring._link_type == LinkType.RAW
    ring.close()
    opened(wire, CaptureSettings(ring_mib=4, capture_filter="tcp port 80"), "t0").close()


def test_a_vanished_interface_ends_the_capture_with_a_sentence(wire: Cable) -> None:
    """Frames from before are delivered, then the error says that the interface has gone, again and again."""
    ring = opened(wire)
    wire.send(TCP_SYN)
    wire.ip("link", "del", "v0")
    blocks = received_until_fault(ring)
    assert frames_of(blocks) == [TCP_SYN]
    with pytest.raises(InterfaceNotFound, match="v0 has gone"):
        ring.read(0.1)
    ring.close()


def test_a_switched_off_interface_ends_the_capture_with_a_sentence(wire: Cable) -> None:
    """As sleep does."""
    ring = opened(wire)
    wire.send(TCP_SYN, HTTP_GET)
    wire.ip("link", "set", "v0", "down")
    blocks = received_until_fault(ring)
    assert frames_of(blocks) == [TCP_SYN, HTTP_GET]
    with pytest.raises(CaptureError, match="v0 was switched off, or the computer slept"):
        ring.read(0.1)
    ring.close()


def received_until_fault(ring: PacketRing) -> list[FrameBlock]:
    blocks = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            block = ring.read(0.1)
        except CaptureError:
            return blocks
        if block is not None:
            blocks.append(block)
    pytest.fail("the capture did not end")


def test_what_can_not_be_opened_says_why(wire: Cable) -> None:
    """No such interface, an interface that is off, a bad filter."""
    for name in ("nothing0", "x" * 40, "a\0b", ""):
        with pytest.raises(InterfaceNotFound):
            opened(wire, interface=name)
    with pytest.raises(BadCaptureFilter, match="syntax error"):
        opened(wire, CaptureSettings(capture_filter="tcp prot 80"))
    wire.ip("link", "set", "v0", "down")
    with pytest.raises(CaptureError, match="v0 is switched off") as caught:
        opened(wire)
    assert caught.value.hint == "Switch it on, for example: sudo ip link set v0 up"


def test_a_ring_too_large_is_made_smaller(wire: Cable, monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory for the ring asked for: half of it is tried, and so on."""
    import errno
    import socket

    real = socket.socket.setsockopt

    class Poor(socket.socket):
        def setsockopt(self, level: int, name: int, value: bytes | int) -> None:
            if (
                (level, name) == (263, 5)
                and isinstance(value, bytes)
                and struct.unpack_from("=II", value)[1] > 2
            ):
                raise OSError(errno.ENOMEM, "Cannot allocate memory")
            real(self, level, name, value)

    monkeypatch.setattr(socket, "socket", Poor)
    ring = opened(wire, CaptureSettings(ring_mib=16))
    monkeypatch.undo()
    assert ring._blocks == 2
    wire.send(TCP_SYN)
    assert frames_of(received(ring, 1)) == [TCP_SYN]
    ring.close()
