"""The shape of a scan: many ports on one host, or one port on many hosts. Peer-to-peer traffic is neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import End, Feature
from trafficdesk.features.keys import mix
from trafficdesk.features.state import MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.events import Events
    from trafficdesk.features.keys import Rows

HALF_LIFE_S: Final = 60.0
ATTEMPTS_HALF_LIFE_S: Final = 5.0
REQUESTS: Final = (8, 13, 15, 17, 128)
"""Echo, timestamp, information, address mask (RFC 792, RFC 950), echo of ICMPv6 (RFC 4443)."""
_OURS: Final = "measured on labelled captures, 2026-11"

FEATURES: Final = (
    Feature(
        "pair_ports_60s",
        "",
        HALF_LIFE_S,
        "{} port{s} tried on one host",
        _OURS,
        behaviour="new_ports",
        modelled=False,
        end=End.PEER,
        named="{} port{s} tried on {end}",
    ),
    Feature(
        "port_hosts_60s",
        "",
        HALF_LIFE_S,
        "{} host{s} asked for one port, or pinged",
        _OURS,
        behaviour="new_hosts",
        modelled=False,
        end=End.HOST,
        named="{} host{s} asked for one port, or pinged, by {end}",
    ),
)


class ScanShape:
    """New ports per pair of hosts, and new hosts per (host, port); hosts that are pinged count as if for a port."""

    def __init__(self) -> None:
        self._pairs = MultiDamped((HALF_LIFE_S, ATTEMPTS_HALF_LIFE_S), 1)
        self._ports = MultiDamped((HALF_LIFE_S,), 1)

    def update(self, rows: Rows, events: Events) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
        """Columns of `FEATURES`, and unanswered attempts of the pair."""
        new_port = events.new_port * rows.services
        pinged = events.new_host & rows.icmp & np.isin(rows.message_type, REQUESTS)
        pair = mix(np.minimum(rows.source, rows.destination), np.maximum(rows.source, rows.destination))
        attempts = (1.0 * events.fanning - events.answered) * rows.conversations
        each = (np.stack([new_port, attempts]) / rows.pairs)[None]
        ports, unanswered = self._pairs.update(pair, rows.seconds, each)[0]
        unanswered = np.maximum(unanswered, 0.0)
        # As the scanner's own (host, remote port), and for its answers as the destination's.
        keys = np.empty(2 * len(rows), np.int64)
        keys[0::2] = mix(rows.source, rows.destination_port + 3)
        keys[1::2] = mix(rows.destination, rows.source_port + 3)
        values = np.zeros((1, 2 * len(rows)))
        values[0, 0::2] = new_port + pinged * rows.pairs
        hosts = self._ports.update(keys, np.repeat(rows.seconds, 2), values)[0, 0]
        return [np.log1p(ports), np.log1p(np.maximum(hosts[0::2], hosts[1::2]))], unanswered
