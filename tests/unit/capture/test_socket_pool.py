"""`SocketPool`: what comes back is clean, rests deaf, and can be used again."""

from __future__ import annotations

import json
import mmap
import os
import socket
import struct
import subprocess
import sys
import time

import pytest

from tests.helpers.namespaces import Cable, cable, needs_namespaces, within
from trafficdesk.capture.packet_ring import PacketRing
from trafficdesk.capture.packet_socket import SOL_PACKET, raw_socket
from trafficdesk.capture.socket_pool import POOL, SocketPool
from trafficdesk.errors import BadCaptureFilter
from trafficdesk.settings.declared import CaptureSettings

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root: packet sockets"),
]


def filled(each: int = 2) -> SocketPool:
    pool = SocketPool()
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        pool.fill([socket.socket(socket.AF_PACKET, kind, 0) for _ in range(each)])
    return pool


def ping(times: int = 20) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(times):
            sender.sendto(b"x" * 200, ("127.0.0.1", 9))


def lengths_of(ring: PacketRing, patience_s: float) -> list[int]:
    """Captured lengths of five pings and what else came, as far as it does."""
    lengths: list[int] = []
    deadline = time.monotonic() + patience_s
    while lengths.count(242) < 5 and time.monotonic() < deadline:
        block = ring.read(0.1)
        lengths += [] if block is None else block.captured_lengths.tolist()
    return lengths


@pytest.fixture
def lent_only(monkeypatch: pytest.MonkeyPatch) -> SocketPool:
    """This process may not open packet sockets; its pool has two of each kind."""
    pool = filled()
    own = socket.socket

    class Refusing(own):  # type: ignore[misc, valid-type]
        def __new__(cls, *arguments: int) -> socket.socket:  # type: ignore[misc]
            if arguments[:1] == (socket.AF_PACKET,):
                raise PermissionError(1, "Operation not permitted")
            return own(*arguments)

    monkeypatch.setattr("trafficdesk.capture.packet_socket.socket.socket", Refusing)
    monkeypatch.setattr("trafficdesk.capture.packet_socket.POOL", pool)
    return pool


def test_a_used_socket_rests_deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ring and filter are off, and nothing that passes by afterwards is kept for whoever takes it next."""
    pool = filled(1)
    monkeypatch.setattr("trafficdesk.capture.packet_ring.raw_socket", pool.take)
    ring = PacketRing("lo", CaptureSettings(ring_mib=1, capture_filter="udp", snap_length=100))
    number = ring._socket.fileno()
    ping()
    assert len(ring.read(60.0) or ()) > 0
    ring.close()
    ring.close()
    assert pool.resting == (1, 1)
    ping()
    time.sleep(0.05)
    again = pool.take(socket.SOCK_RAW)
    assert again is not None
    assert again.fileno() == number
    again.setblocking(False)
    with pytest.raises(BlockingIOError):
        again.recv(100)
    with pytest.raises(OSError, match="Invalid argument"):  # no ring to be mapped
        mmap.mmap(again.fileno(), 1 << 20)
    again.close()


@needs_namespaces
def test_a_used_socket_leaves_no_interface_promiscuous(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the capture switched on ends with it although the socket lives on, also after the interface has gone."""
    with cable() as wire:
        pool = within(wire.near, filled)
        monkeypatch.setattr("trafficdesk.capture.packet_ring.raw_socket", pool.take)
        ring = within(wire.near, lambda: PacketRing("v0", CaptureSettings(ring_mib=1)))
        assert _promiscuity(wire) == 1
        ring.close()
        assert _promiscuity(wire) == 0
        ring = within(wire.near, lambda: PacketRing("v0", CaptureSettings(ring_mib=1)))
        wire.ip("link", "del", "v0")
        ring.close()
        assert pool.resting == (2, 2)
        ring = within(wire.near, lambda: PacketRing("lo", CaptureSettings(ring_mib=1)))
        within(wire.near, ping)
        assert len(ring.read(60.0) or ()) > 0
        ring.close()
        pool.empty()


def test_it_captures_again_without_the_old_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the capture before wanted, the next one gets every frame, whole."""
    pool = filled(1)
    monkeypatch.setattr("trafficdesk.capture.packet_ring.raw_socket", pool.take)
    for settings in (
        CaptureSettings(ring_mib=1, capture_filter="tcp port 1", snap_length=64),
        CaptureSettings(ring_mib=2),
    ):
        ring = PacketRing("lo", settings)
        ping(5)
        lengths = lengths_of(ring, 0.2 if settings.capture_filter else 60.0)
        ring.close()
        assert lengths.count(242) == (0 if settings.capture_filter else 5)


def test_a_capture_that_does_not_open_gives_its_socket_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that does not compile costs no socket."""
    pool = filled(1)
    monkeypatch.setattr("trafficdesk.capture.packet_ring.raw_socket", pool.take)
    with pytest.raises(BadCaptureFilter):
        PacketRing("lo", CaptureSettings(capture_filter="tcp prot 4"))
    assert pool.resting == (1, 1)


def test_without_a_right_of_our_own_the_pool_serves(lent_only: SocketPool) -> None:
    """`raw_socket` is all a capture asks; the cooked kind comes from its own half."""
    with raw_socket(socket.SOCK_DGRAM) as lent:
        assert lent.type == socket.SOCK_DGRAM
        assert lent_only.resting == (2, 1)
    assert lent_only.resting == (2, 2)


def test_an_empty_pool_has_none() -> None:
    """Nothing is lent twice."""
    pool = filled(1)
    first = pool.take(socket.SOCK_RAW)
    assert first is not None
    assert not pool.ready
    assert pool.take(socket.SOCK_RAW) is None
    first.close()
    assert pool.ready
    pool.empty()
    assert pool.resting == (0, 0)


def test_what_cannot_be_cleaned_is_closed() -> None:
    """A ring that is still mapped can't be taken off: the pool shrinks rather than lend it again."""
    pool = filled(1)
    lent = pool.take(socket.SOCK_RAW)
    assert lent is not None
    lent.setsockopt(SOL_PACKET, 10, 2)
    lent.setsockopt(SOL_PACKET, 5, struct.pack("=7I", 1 << 20, 1, 2_048, 512, 50, 0, 0))
    with mmap.mmap(lent.fileno(), 1 << 20):
        lent.close()
    assert pool.resting == (0, 1)
    assert lent.fileno() == -1


def test_a_process_begins_with_an_empty_pool() -> None:
    """No right is there that nobody gave."""
    assert POOL.resting == (0, 0)


def _promiscuity(wire: Cable) -> int:
    shown = subprocess.run(
        ["ip", "-n", wire.near, "-d", "-j", "link", "show", "v0"], capture_output=True, text=True, check=True
    )
    return int(json.loads(shown.stdout)[0]["promiscuity"])
