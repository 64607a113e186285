"""Everyday traffic with interruptions: what was not captured is missing, and everybody reconnects afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.planted import ACK, RST, START_NS, SYN, Traffic, ordinary

if TYPE_CHECKING:
    from collections.abc import Iterable

LAN = "192.168.7"
GATEWAY = f"{LAN}.1"


def with_gaps(seconds: float, gaps: Iterable[tuple[float, float]], *, seed: int = 0) -> Traffic:
    """Traffic of so many seconds without what happened in the gaps (start, end), with what follows each of them."""
    spans = list(gaps)
    traffic = ordinary(seconds, seed=seed)
    for number, (_, end) in enumerate(spans):
        reconnect(traffic, end + 0.1, number)
    traffic.rows = [row for row in traffic.rows if not any(start <= row[0] < end for start, end in spans)]
    return traffic


def spans_of(gaps: Iterable[tuple[float, float]]) -> list[tuple[int, int]]:
    """As the detector is told them."""
    return [(START_NS + round(start * 1e9), START_NS + round(end * 1e9)) for start, end in gaps]


def reconnect(traffic: Traffic, at: float, turn: int) -> None:
    """What a laptop does when it is back, with its neighbours doing the same: within some seconds."""
    laptop = f"{LAN}.10"
    for attempt in range(3):
        traffic.udp(at + 0.3 * attempt, "0.0.0.0", 68, "255.255.255.255", 67, length=342)
        traffic.udp(at + 0.3 * attempt + 0.05, GATEWAY, 67, laptop, 68, length=342)
    _find_neighbours(traffic, at)
    for lookup in range(60):
        when = at + 2.0 + 0.05 * lookup
        name = f"service{lookup}.turn{turn}.example"
        traffic.dns(when, laptop, GATEWAY, name)
        traffic.dns(when + 0.02, laptop, GATEWAY, name, answer=True, code=3 if lookup % 3 == 0 else 0)
    _call_again(traffic, at, turn)


def _find_neighbours(traffic: Traffic, at: float) -> None:
    for host in range(8):
        own = f"{LAN}.{10 + host}"
        for _ in range(3):  # announces itself, then looks for its neighbours
            traffic.arp(at + 1.0 + 0.01 * host, own, own, 1)
        for neighbour in range(1, 14):
            when = at + 1.2 + 0.02 * neighbour
            traffic.arp(when, own, f"{LAN}.{neighbour}")
            if neighbour < 8:
                traffic.arp(when + 0.001, f"{LAN}.{neighbour}", own, 2)
        for service in range(12):
            traffic.udp(at + 1.5 + 0.05 * service, own, 5353, "224.0.0.251", 5353, length=200)


def _call_again(traffic: Traffic, at: float, turn: int) -> None:
    laptop = f"{LAN}.10"
    for server in range(30):
        when = at + 2.5 + 0.08 * server
        traffic.visit(when, laptop, 50_000 + 100 * turn + server, f"198.51.{100 + turn}.{1 + server}")
    for dead in range(40):  # connections that did not survive: the first packet on each is refused
        when, peer = at + 3.0 + 0.03 * dead, f"203.0.{turn}.{1 + dead}"
        traffic.tcp(when, laptop, 40_000 + dead, peer, 443, ACK)
        traffic.tcp(when + 0.03, peer, 443, laptop, 40_000 + dead, RST)
    for call in range(120):  # peers of a program that shares files find their way back
        peer = f"100.{64 + call % 40}.{turn}.{1 + call}"
        traffic.udp(at + 4.0 + 0.04 * call, peer, 6_881, laptop, 6_881, length=140)
        traffic.udp(at + 4.01 + 0.04 * call, laptop, 6_881, peer, 6_881, length=140)


def scan(traffic: Traffic, at: float, ports: int = 200) -> None:
    """A neighbour tries ports of another, most of which refuse."""
    for port in range(1, ports + 1):
        when = at + 0.02 * port
        traffic.tcp(when, f"{LAN}.66", 45_000, f"{LAN}.12", port, SYN)
        traffic.tcp(when + 0.001, f"{LAN}.12", port, f"{LAN}.66", 45_000, RST | ACK)
