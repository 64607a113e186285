"""What a laptop lives through, on a real cable: removed and back, down and up, renamed, unplugged, several at once."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.helpers.capture_bytes import column, frames_of
from tests.helpers.namespaces import WITHOUT_CAPABILITIES, Cable, cable, inside, needs_namespaces
from tests.helpers.wire import ARP_REQUEST, HTTP_GET, TCP_SYN, UDP_6, UDP_TICK
from trafficdesk.capture.packet_ring import PacketRing
from trafficdesk.capture.several import SeveralSources, open_interfaces
from trafficdesk.errors import CaptureError, InterfaceNotFound
from trafficdesk.settings.declared import CaptureSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trafficdesk.capture.steady import SteadySource
    from trafficdesk.packets.block import FrameBlock

pytestmark = [pytest.mark.root, needs_namespaces]

PATIENCE_S = 60.0


class Listener:
    """A source being read."""

    def __init__(self, source: SteadySource | SeveralSources) -> None:
        self.source = source
        self.blocks: list[FrameBlock] = []

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < deadline, (self.source.waiting, self.source.gaps, self.rows)
            block = self.source.read(0.05)
            if block is not None:
                self.blocks.append(block)

    @property
    def rows(self) -> int:
        return sum(map(len, self.blocks))

    @property
    def ended_gaps(self) -> int:
        return sum(gap.end_ns is not None for gap in self.source.gaps)


@contextmanager
def listening(wire: Cable, interfaces: str = "v0", **settings: object) -> Iterator[Listener]:
    with inside(wire.near):
        source = open_interfaces(interfaces, CaptureSettings(ring_mib=4, **settings))
    try:
        yield Listener(source)
    finally:
        source.close()
        source.close()


def add_link(wire: Cable, name: str) -> None:
    """Join both ends by a cable, another one each time."""
    far = ["type", "veth", "peer", "name", name, "netns", wire.far]
    wire.ip("link", "add", name, *far)
    wire.ip("link", "set", name, "up")
    wire.ip("link", "set", name, "up", far=True)


def send(wire: Cable, name: str, *frames: bytes) -> None:
    import socket

    with inside(wire.far), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.bind((name, 0))
        for frame in frames:
            sender.send(frame)


def test_a_removed_interface_that_comes_back_is_captured_on_again() -> None:
    """Frames from before and after are there, the span between is a gap with its reason, and no socket was opened."""
    with cable() as wire, listening(wire) as heard:
        wire.send(TCP_SYN)
        heard.until(lambda: heard.rows == 1)
        wire.ip("link", "del", "v0")
        heard.until(lambda: bool(heard.source.waiting))
        assert heard.source.waiting.startswith("v0: removed")
        add_link(wire, "v0")
        heard.until(lambda: heard.ended_gaps == 1)
        wire.send(HTTP_GET, UDP_6)
        heard.until(lambda: heard.rows == 3)
        assert frames_of(heard.blocks) == [TCP_SYN, HTTP_GET, UDP_6]
        assert heard.source.waiting == ""
        (gap,) = heard.source.gaps
        times = column(heard.blocks, "timestamps_ns")
        assert gap.interface == "v0"
        assert gap.reason == "v0 was removed"
        assert times[0] <= gap.start_ns < gap.end_ns <= times[1]  # type: ignore[operator]
        assert heard.source.statistics().received == 3


def test_switched_off_and_on() -> None:
    """The same for an interface that is switched off."""
    with cable() as wire, listening(wire) as heard:
        wire.ip("link", "set", "v0", "down")
        heard.until(lambda: bool(heard.source.waiting))
        assert heard.source.waiting.startswith("v0: switched off")
        wire.ip("link", "set", "v0", "up")
        heard.until(lambda: heard.ended_gaps == 1)
        wire.send(TCP_SYN)
        heard.until(lambda: heard.rows == 1)
        assert [gap.reason for gap in heard.source.gaps] == ["v0 was switched off"]


def test_unplugged_and_plugged_in_again() -> None:
    """A lost link makes no error, but a gap."""
    with cable() as wire, listening(wire) as heard:
        wire.ip("link", "set", "v0", "down", far=True)
        heard.until(lambda: bool(heard.source.waiting))
        assert heard.source.waiting == "v0: unplugged"
        wire.ip("link", "set", "v0", "up", far=True)
        heard.until(lambda: heard.ended_gaps == 1)
        wire.send(TCP_SYN)
        heard.until(lambda: heard.rows == 1)
        assert [gap.reason for gap in heard.source.gaps] == ["v0 was unplugged"]


def test_a_renamed_interface_is_followed() -> None:
    """By its index: frames go on under the new name, also after it was switched off and on."""
    with cable() as wire, listening(wire) as heard:
        wire.ip("link", "set", "v0", "down")
        wire.ip("link", "set", "v0", "name", "lan9")
        wire.ip("link", "set", "lan9", "up")
        heard.until(lambda: heard.source.name == "lan9" and not heard.source.waiting)
        wire.send(TCP_SYN)
        heard.until(lambda: heard.rows == 1)
        assert heard.source.interfaces == ("lan9",)
        assert all(gap.end_ns is not None for gap in heard.source.gaps)


def test_going_on_needs_no_right() -> None:
    """Opened with the right to, then without any capability: removed, back, and captured on by the same socket."""
    program = (
        "import socket\n"
        "from trafficdesk.capture.several import open_interfaces\n"
        "from trafficdesk.settings.declared import CaptureSettings\n"
        "source = open_interfaces('v0', CaptureSettings(ring_mib=4))\n"
        + WITHOUT_CAPABILITIES
        + "try:\n    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)\nexcept PermissionError:\n    print('no right', flush=True)\n"
        "def until(done):\n"
        "    while not done():\n"
        "        block = source.read(0.05)\n"
        "        if block is not None:\n            print(len(block), flush=True)\n"
        "until(lambda: source.waiting)\nprint('waiting', flush=True)\n"
        "until(lambda: not source.waiting)\nprint('back', flush=True)\n"
        "until(lambda: source.statistics().received)\nsource.close()\n"
    )
    with cable() as wire:
        command = ["ip", "netns", "exec", wire.near, sys.executable, "-c", program]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                assert process.stdout.readline() == "no right\n"
                wire.ip("link", "del", "v0")
                assert process.stdout.readline() == "waiting\n"
                add_link(wire, "v0")
                assert process.stdout.readline() == "back\n"
                wire.send(TCP_SYN)
                assert process.stdout.readline() == "1\n"
                assert process.wait(60) == 0
            finally:
                process.kill()


def test_another_kind_of_interface_of_the_same_name_is_opened_anew() -> None:
    """A tunnel in place of an Ethernet gives other frames: the source is opened again, its counters go on."""
    opened = []

    def open_one(name: str, settings: CaptureSettings) -> PacketRing:
        with inside(wire.near):
            opened.append(PacketRing(name, settings))
        return opened[-1]

    with cable() as wire:
        with inside(wire.near):
            source = open_interfaces("v0", CaptureSettings(ring_mib=4), open_one)
        heard = Listener(source)
        wire.send(TCP_SYN)
        heard.until(lambda: heard.rows == 1)
        wire.ip("link", "del", "v0")
        heard.until(lambda: bool(heard.source.waiting))
        wire.ip("tuntap", "add", "v0", "mode", "tun")
        wire.ip("link", "set", "v0", "up")
        heard.until(lambda: len(opened) == 2)
        assert heard.source.waiting in {"", "v0: unplugged"}
        assert source.statistics().received == 1
        source.close()


def test_two_interfaces_at_once_are_counted_exactly() -> None:
    """Every frame is there, knows its interface, and stands in order of time."""
    with cable() as wire:
        add_link(wire, "v1")
        with listening(wire, "v0, v1") as heard:
            for turn in range(1, 6):
                send(wire, "v0", *[TCP_SYN, HTTP_GET] * 10)
                send(wire, "v1", *[UDP_TICK] * 10)
                heard.until(lambda turn=turn: heard.rows == 30 * turn)  # type: ignore[misc]
            assert heard.source.interfaces == ("v0", "v1")
            numbers = column(heard.blocks, "interfaces")
            assert (numbers.count(0), numbers.count(1)) == (100, 50)
            of_v1 = {frame for frame, number in zip(frames_of(heard.blocks), numbers, strict=True) if number}
            assert of_v1 == {UDP_TICK}
            for block in heard.blocks:
                assert (block.timestamps_ns[1:] >= block.timestamps_ns[:-1]).all()
            assert isinstance(heard.source, SeveralSources)
            by_interface = heard.source.statistics_by_interface()
            assert {name: one.received for name, one in by_interface.items()} == {"v0": 100, "v1": 50}
            assert heard.source.statistics().received == 150


def test_one_of_two_interfaces_may_go_and_come() -> None:
    """The other is captured on without a break, and only the one has a gap."""
    with cable() as wire:
        add_link(wire, "v1")
        with listening(wire, "v0,v1") as heard:
            wire.ip("link", "del", "v1")
            heard.until(lambda: bool(heard.source.waiting))
            send(wire, "v0", TCP_SYN)
            heard.until(lambda: heard.rows == 1)
            add_link(wire, "v1")
            heard.until(lambda: heard.ended_gaps == 1)
            send(wire, "v1", UDP_TICK)
            heard.until(lambda: heard.rows == 2)
            assert column(heard.blocks, "interfaces") == [0, 1]
            assert [gap.interface for gap in heard.source.gaps] == ["v1"]


def test_any_names_each_frames_interface() -> None:
    """Also of interfaces that appear later, and of one that comes back under its name."""
    with cable() as wire, listening(wire, "any, v0") as heard:
        send(wire, "v0", ARP_REQUEST)
        heard.until(lambda: heard.rows >= 1)
        add_link(wire, "v1")
        send(wire, "v1", ARP_REQUEST)
        heard.until(lambda: heard.rows >= 2)
        wire.ip("link", "del", "v1")
        add_link(wire, "v1")
        send(wire, "v1", ARP_REQUEST)
        heard.until(lambda: heard.rows >= 3)
        assert heard.source.interfaces == ("v0", "v1")
        assert column(heard.blocks, "interfaces") == [0, 1, 1]


def test_what_can_not_be_opened_at_first_is_said_and_nothing_stays_open() -> None:
    """The first time is different: a typing mistake must not be waited out."""
    with cable() as wire, inside(wire.near):
        with pytest.raises(InterfaceNotFound, match="no interface v7"):
            open_interfaces("v0,v7", CaptureSettings(ring_mib=4))
        with pytest.raises(InterfaceNotFound, match="No interface"):
            open_interfaces(" , ", CaptureSettings())
        source = open_interfaces("v0,v0", CaptureSettings(ring_mib=4))
        assert source.interfaces == ("v0",)
        source.close()
        with pytest.raises(CaptureError, match="closed"):
            source.read(0.0)
