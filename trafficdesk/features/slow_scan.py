"""Scans that take their time, and scans of IP's own protocols.

What the minute's windows forget is counted over many minutes. Only openings of conversations and ARP requests say
something here, and of protocols only rows without ports; all others hold 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import Feature
from trafficdesk.features.keys import FIRST_DYNAMIC_PORT, mix
from trafficdesk.features.state import LastSeen, MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.events import Events
    from trafficdesk.features.keys import Rows

HALF_LIFE_S: Final = 1_200.0
PROTOCOLS_HALF_LIFE_S: Final = 60.0
_ZEEK: Final = "Zeek scan.zeek"


def _count(name: str, window_s: float, words: str, behaviour: str) -> Feature:
    return Feature(
        name, "", window_s, words, _ZEEK, behaviour=behaviour, tellable=False, ranged=False, modelled=False
    )


FEATURES: Final = (
    _count("slow_ports", HALF_LIFE_S, "{} port{s} tried on one host", "new_ports"),
    _count("slow_ports_unanswered", HALF_LIFE_S, "{} port{s} without an answer", "unanswered"),
    _count("slow_hosts", HALF_LIFE_S, "{} host{s} asked for one port, or by ARP", "new_hosts"),
    _count("slow_hosts_unanswered", HALF_LIFE_S, "{} host{s} without an answer", "unanswered"),
    _count(
        "pair_protocols_60s", PROTOCOLS_HALF_LIFE_S, "{} IP protocol{s} tried on one host", "pair_protocols"
    ),
)


class SlowScan:
    """Never tried ports per pair of hosts, never asked hosts per (host, port) or asker by ARP, IP protocols per pair."""

    def __init__(self) -> None:
        self._served = LastSeen()
        self._wanted = LastSeen()
        self._found = LastSeen()
        self._pairs = MultiDamped((HALF_LIFE_S,), 2)
        self._ports = MultiDamped((HALF_LIFE_S,), 2)
        self._protocols = LastSeen()
        self._tried_protocols = MultiDamped((PROTOCOLS_HALF_LIFE_S,), 1)

    def update(self, rows: Rows, events: Events) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`."""
        counts = events.fanning | events.answered
        opens = events.fanning
        pair = mix(np.minimum(rows.source, rows.destination), np.maximum(rows.source, rows.destination))
        # From a service's port to a client's: an answer to what was asked of everybody (WS-Discovery), and no probe.
        answers = (
            rows.udp & (rows.source_port < FIRST_DYNAMIC_PORT) & (rows.destination_port >= FIRST_DYNAMIC_PORT)
        )
        probes = events.first_port & ~answers
        # Of a port that is used every day the first answer counts, as the first attempt does: else whoever also uses a
        # host could scan it.
        service = mix(mix(rows.destination, rows.source), rows.source_port + 1)
        served = events.answered & np.isinf(self._served.update(service, rows.seconds, events.answered))
        tried = np.stack([probes * rows.services, served * rows.services])
        ports = self._pairs.update_where(pair, rows.seconds, tried / rows.pairs, counts)[:, 0]
        # An answer comes to the scanner from the port it asked for.
        scanner = np.where(opens, rows.source, rows.destination)
        port = np.where(opens, rows.destination_port, rows.source_port)
        asked = np.stack(
            [
                (events.first_port & rows.tcp) * rows.services,
                (served & rows.tcp) * rows.services,
            ]
        )
        wanted, found = self._arp(rows)
        asked += np.stack([wanted, found])
        part = (counts & rows.tcp) | wanted | found
        asker = np.where(wanted, rows.source, scanner)
        hosts = self._ports.update_where(mix(asker, port + 5), rows.seconds, asked, part)[:, 0]
        portless = rows.ip & ~rows.ported & ~rows.multicast & (rows.ip_protocol >= 0)
        age = self._protocols.update(mix(pair, rows.ip_protocol + 9), rows.seconds, portless)
        first = np.isinf(age)[None].astype(np.float64)
        protocols = self._tried_protocols.update_where(pair, rows.seconds, first, portless)[0, 0]
        return [
            np.log1p(np.where(shown, column, 0.0))
            for shown, column in (
                (opens, ports[0]),
                (opens, np.maximum(ports[0] - ports[1], 0.0)),
                (opens | wanted, hosts[0]),
                (opens | wanted, np.maximum(hosts[0] - hosts[1], 0.0)),
            )
        ] + [np.log1p(protocols)]

    def _arp(self, rows: Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Requests for an address that their sender never asked for, and the first answer of each address to it."""
        asks = rows.arp & (rows.message_type == 1) & (rows.sender_address != rows.target_address)
        answers = rows.arp & (rows.message_type == 2)
        wanted = self._wanted.update(mix(rows.source, rows.target_address), rows.seconds, asks)
        found = self._found.update(mix(rows.destination, rows.sender_address), rows.seconds, answers)
        return asks & np.isinf(wanted), answers & np.isinf(found)
