"""`identity.own_traffic`: exactly our own packets, exactly while they are ours."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.crafted import a_batch
from trafficdesk.identity import own_traffic
from trafficdesk.identity.own_traffic import LINGER_NS, MOST, OwnTraffic
from trafficdesk.packets.protocol import IpProtocol

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch

NOW = 1_800_000_000_000_000_000
SECOND = 1_000_000_000


class Clock:
    """Nanoseconds that pass when told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def rows(
    near: int, far: int, at: list[int], *, source: str = "127.0.0.1", protocol: int = IpProtocol.TCP
) -> PacketBatch:
    """Packets from one port to another of this computer, and the answers to them."""
    count = len(at)
    forth = np.arange(count) % 2 == 0
    return a_batch(
        count,
        timestamp_ns=np.array(at),
        source=[source] * count,
        destination=["127.0.0.1"] * count,
        source_port=np.where(forth, near, far),
        destination_port=np.where(forth, far, near),
        ip_protocol=np.full(count, protocol),
    )


def test_both_ways_of_a_connection_and_nothing_else() -> None:
    """Another port, another server, another protocol, another host with our port: not ours."""
    ours = OwnTraffic()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sock, ended = ours.connect(("127.0.0.1", port), 5.0)
        mine = sock.getsockname()[1]
        at = [time.time_ns()] * 4
        assert ours.mine(rows(mine, port, at)).tolist() == [0, 1, 2, 3]
        assert not len(ours.mine(rows(mine + 1, port, at)))
        assert not len(ours.mine(rows(mine, port + 1, at)))
        assert not len(ours.mine(rows(mine, port, at, protocol=IpProtocol.UDP)))
        assert not len(ours.mine(rows(mine, port, at, source="10.0.0.9")))
        sock.close()
        ended()


def test_it_is_ours_while_it_is_open_and_says_goodbye() -> None:
    """Before it was begun and after it has been over for a while, the same ports are somebody else's."""
    clock = Clock()
    ours = OwnTraffic(clock)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sock, ended = ours.connect(("127.0.0.1", port), 5.0)
        mine = sock.getsockname()[1]
        sock.close()
    clock.now += 5 * SECOND
    ended()
    clock.now += 900 * SECOND
    ended()
    at = [NOW - 60 * SECOND, NOW, NOW + 5 * SECOND + LINGER_NS, NOW + 6 * SECOND + LINGER_NS]
    assert ours.mine(rows(mine, port, at)).tolist() == [1, 2]


def test_what_nobody_answers_was_ours_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that failed is known by its port, and is over; the error is the last address's."""
    ours = OwnTraffic()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        ours.connect(("127.0.0.1", port), 5.0)
    (one,) = ours.conversations
    assert (one.remote_port, one.open) == (port, False)
    assert ours.mine(rows(one.local_port, port, [one.begin_ns + SECOND])).tolist() == [0]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [])
    with pytest.raises(OSError, match="no address"):
        ours.connect(("nowhere.example", 25), 1.0)


def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest conversations leave first."""
    monkeypatch.setattr(own_traffic, "MOST", 5)
    ours = OwnTraffic()
    ports = []
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        for _ in range(8):
            sock, ended = ours.connect(server.getsockname(), 5.0)
            ports.append(sock.getsockname()[1])
            sock.close()
            ended()
    assert [one.local_port for one in ours.conversations] == ports[3:]
    assert MOST >= 1_000
