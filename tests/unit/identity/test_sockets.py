"""`identity.sockets` and `identity.watch` with the real table of sockets."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import psutil
import pytest

from trafficdesk.identity.sockets import ProcessNames, open_sockets, own_addresses
from trafficdesk.identity.watch import SocketWatch
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.protocol import IpProtocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.identity.sockets import OpenSocket

HOME = pack_address("127.0.0.1")


def test_own_sockets_are_listed() -> None:
    """A connection with both ends, a listener and a datagram socket of this very process."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.bind(("127.0.0.1", 0))
        found = open_sockets(ProcessNames())
        port = listener.getsockname()[1]
        mine = [one for one in found if one.pid == os.getpid()]
        assert any(
            (one.local, one.local_port, one.remote, one.remote_port)
            == (HOME, client.getsockname()[1], HOME, port)
            for one in mine
        )
        assert any((one.local_port, one.remote) == (port, b"") for one in mine)
        bound = [one for one in mine if one.local_port == datagrams.getsockname()[1]]
        assert [one.protocol for one in bound] == [IpProtocol.UDP]
        assert {one.program for one in mine} == {psutil.Process().name()}


def test_a_dual_stack_socket_is_known_by_its_ipv4_ends() -> None:
    """Linux shows them mapped into IPv6, as we keep them."""
    if not socket.has_dualstack_ipv6():
        pytest.skip("no dual-stack sockets here")
    with (
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener,
        socket.create_connection(("127.0.0.1", listener.getsockname()[1])) as client,
    ):
        accepted, _ = listener.accept()
        with accepted:
            ends = (HOME, listener.getsockname()[1], HOME, client.getsockname()[1])
            found = open_sockets(ProcessNames())
            assert any((one.local, one.local_port, one.remote, one.remote_port) == ends for one in found)


def test_own_addresses_hold_loopback() -> None:
    """16 bytes each."""
    assert HOME in {address.tobytes() for address in own_addresses()}


def test_a_process_is_asked_once() -> None:
    """And forgotten when it has no sockets any more; one that has gone has no name."""
    names = ProcessNames()
    assert names.name(os.getpid()) == psutil.Process().name()
    assert names.name(2**22 + 1) == ""
    names.keep_only(set())
    assert names.name(os.getpid()) == psutil.Process().name()


def test_the_watch_looks_when_asked_and_stops() -> None:
    """The first look comes by itself; its thread ends with `close`; a broken look is followed by another."""
    looks = threading.Semaphore(0)
    calls: list[int] = []

    def look(_names: ProcessNames) -> list[OpenSocket]:
        calls.append(1)
        if len(calls) == 1:
            raise psutil.NoSuchProcess(1)
        return []

    def tell(_sockets: list[OpenSocket], addresses: NDArray[np.void], _now_s: float) -> bool:
        assert len(addresses)
        looks.release()
        return False

    watch = SocketWatch(tell, look)
    watch.start()
    watch.want()
    assert looks.acquire(timeout=60)
    assert len(calls) == 2
    watch.close()
    assert not watch._thread.is_alive()
