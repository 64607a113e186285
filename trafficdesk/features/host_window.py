"""What a host did in the last seconds: damped counters per host, half-lives 5 s and 60 s.

A row takes the larger of its two hosts' counters: the source's as sender, the destination's as of that packet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import End, Feature, Scale
from trafficdesk.features.keys import mix
from trafficdesk.features.state import MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.events import Events
    from trafficdesk.features.keys import Rows

HALF_LIVES: Final = (5.0, 60.0)
LOGIN_HALF_LIFE_S: Final = 300.0
"""Zeek counts failed logins over 15 to 30 min, Slips over an hour."""
MAX_HOSTS: Final = 65_536
"""A host's counters take 320 bytes; 21 MB at most."""
SETTLING_SHARE: Final = 0.2
"""What a name that does not exist counts soon after a gap: until its VPN is up a laptop asks for many in vain."""
SMALL_PACKET: Final = 80
"""Bytes; a bare TCP segment with options fits."""

_SENT: Final = (
    "packets_out",
    "bytes_out",
    "small_packets_out",
    "new_hosts",
    "new_ports",
    "opened",
    "tcp_opened",
    "arp_targets",
    "arp_unsolicited",
    "arp_conflicts",
    "icmp_out",
    "dns_queries",
    "dns_names",
    "query_length",
    "query_entropy",
)
_RECEIVED: Final = ("bytes_in", "answered", "resets_in", "unreachable_in", "new_senders", "dns_missing")
_COLUMNS: Final = {name: index for index, name in enumerate(_SENT + _RECEIVED)}

_ZEEK: Final = "Zeek scan.zeek"
_SLIPS: Final = "Slips detection modules"
_OURS: Final = "measured on labelled captures, 2026-11"

_PLAIN: Final = (
    ("new_hosts", "newly contacted host{s}", _ZEEK),
    ("new_ports", "newly tried port{s}", _ZEEK),
    ("opened", "opened conversation{s}", _OURS),
    ("arp_targets", "new ARP target{s}", _SLIPS),
    ("arp_unsolicited", "ARP answer{s} nobody asked for", _SLIPS),
    ("arp_conflicts", "address conflict{s}", "RFC 5227"),
    ("new_senders", "new sender{s}", _OURS),
    ("icmp_out", "ICMP packet{s}", _SLIPS),
    ("dns_queries", "DNS lookup{s}", _OURS),
    ("dns_names", "different DNS name{s}", "RITA, C2 over DNS"),
    ("dns_missing", "answer{s} that a name does not exist", _SLIPS),
    ("resets_in", "refused connection{s}", _ZEEK),
    ("unreachable_in", "unreachable message{s}", _ZEEK),
    ("packets_out", "packet{s} sent", _OURS),
    ("small_packets_out", "small packet{s} sent", _OURS),
    ("tcp_opened", "opened TCP connection{s}", _OURS),
)
_FADED: Final = frozenset(
    {"new_hosts", "new_ports", "opened", "resets_in", "unreachable_in", "tcp_opened", "new_senders"}
)
"""Scan-like counters are shown by fresh conversations only."""
_NAMED: Final = {"dns_missing": "{} answer{s} to {end} that a name does not exist"}
_SIDED: Final = ("unanswered", *(name for name, _, _ in _PLAIN))
"""Counters of which rules and reasons need to know whose is the larger."""


def _window(seconds: float) -> tuple[Feature, ...]:
    tag = f"{seconds:.0f}s"
    plain = tuple(
        Feature(
            f"{name}_{tag}",
            "",
            seconds,
            "{} " + words,
            source,
            behaviour=name,
            end=End.HOST,
            named=_NAMED.get(name, f"{{}} {words} {'at' if name in _RECEIVED else 'from'} {{end}}"),
        )
        for name, words, source in _PLAIN
    )
    return (
        *plain,
        Feature(
            f"unanswered_{tag}",
            "",
            seconds,
            "{} unanswered attempt{s}",
            _ZEEK,
            behaviour="unanswered",
            end=End.HOST,
            named="{} unanswered attempt{s} from {end}",
        ),
        Feature(
            f"up_down_{tag}",
            "times",
            seconds,
            "{} as much sent as received",
            _OURS,
            Scale.RATIO,
            "up_down",
            ranged=False,
            end=End.SOURCE,
            named="{} as much sent as received by {end}",
        ),
        Feature(
            f"query_length_{tag}",
            "characters",
            seconds,
            "DNS names of {} on average",
            "RITA",
            Scale.PLAIN,
            "query_length",
        ),
        Feature(
            f"query_entropy_{tag}",
            "bits",
            seconds,
            "DNS names of {} per character",
            _SLIPS,
            Scale.PLAIN,
            "query_entropy",
        ),
        Feature(
            f"service_connections_{tag}",
            "",
            seconds,
            "{} new connection{s} to one service",
            _ZEEK,
            behaviour="service",
            end=End.SERVER,
            named="{} new connection{s} to one service of {end}",
        ),
        Feature(
            f"service_packets_{tag}",
            "",
            seconds,
            "{} packet{s} with one service",
            _OURS,
            behaviour="service_packets",
            end=End.SERVER,
            named="{} packet{s} with one service of {end}",
        ),
    )


FEATURES: Final = (
    *_window(HALF_LIVES[0]),
    *_window(HALF_LIVES[1]),
    Feature(
        f"service_connections_{LOGIN_HALF_LIFE_S:.0f}s",
        "",
        LOGIN_HALF_LIFE_S,
        "{} new connection{s} to one service",
        _ZEEK,
        behaviour="service",
        tellable=False,
        ranged=False,
        modelled=False,
    ),
)


class HostWindow:
    """Damped counters per host and per (client, server, service)."""

    def __init__(self) -> None:
        self._hosts = MultiDamped(HALF_LIVES, len(_COLUMNS), MAX_HOSTS)
        self._services = MultiDamped((*HALF_LIVES, LOGIN_HALF_LIFE_S), 2)

    def __len__(self) -> int:
        """Hosts known now."""
        return len(self._hosts)

    def update(
        self, rows: Rows, events: Events
    ) -> tuple[list[NDArray[np.float64]], dict[str, NDArray[np.bool_]]]:
        """Columns of `FEATURES`, and per counter of `_SIDED` whether the destination's is the larger (60 s)."""
        near, far = self._counters(rows, events)
        services = self._service_counters(rows, events)
        columns: list[NDArray[np.float64]] = []
        for window in range(len(HALF_LIVES)):
            columns += _columns(near[:, window], far[:, window], events.freshness)
            columns += [np.log1p(services[0, window]), np.log1p(services[1, window])]
        columns.append(np.log1p(services[0, len(HALF_LIVES)]))
        at_destination = {name: _value(far[:, -1], name) > _value(near[:, -1], name) for name in _SIDED}
        return columns, at_destination

    def _counters(self, rows: Rows, events: Events) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Counters of source and destination as of each row, each (counters, windows, rows)."""
        count = len(rows)
        values = np.zeros((len(_COLUMNS), 2 * count))
        packets = rows.packets
        sent: dict[str, NDArray[np.generic]] = {
            "packets_out": packets,
            "bytes_out": rows.length * packets,
            "small_packets_out": (rows.length < SMALL_PACKET) * packets,
            "new_hosts": events.new_host * rows.pairs,
            "new_ports": events.new_port * rows.services,
            "opened": events.fanning * rows.conversations,
            "tcp_opened": (events.fanning & rows.tcp) * rows.conversations,
            "arp_targets": events.arp_target * rows.services,
            # What nobody asked for may have been asked for by a packet left out: counted once.
            "arp_unsolicited": events.arp_unsolicited,
            "arp_conflicts": events.arp_conflict,
            "icmp_out": rows.icmp * packets,
            "dns_queries": rows.dns_query * packets,
            "dns_names": events.new_name * rows.services,
            "query_length": np.where(rows.dns_query, rows.name_length * packets, 0),
            "query_entropy": np.where(rows.dns_query, rows.name_entropy * packets, 0),
        }
        unreachable = rows.icmp & (rows.message_type == np.where(rows.ip_protocol == 1, 3, 1))
        received: dict[str, NDArray[np.generic]] = {
            "bytes_in": rows.length * packets,
            "answered": events.answered * rows.conversations,
            "resets_in": rows.rst * packets,
            "unreachable_in": unreachable * packets,
            "new_senders": events.new_sender * rows.pairs,
            "dns_missing": rows.dns_missing * packets * np.where(rows.settling, SETTLING_SHARE, 1.0),
        }
        for name, value in sent.items():
            values[_COLUMNS[name], 0::2] = value
        for name, value in received.items():
            values[_COLUMNS[name], 1::2] = value
        keys = np.empty(2 * count, np.int64)
        keys[0::2] = rows.source
        keys[1::2] = rows.destination
        sums = self._hosts.update(keys, np.repeat(rows.seconds, 2), values)
        return sums[..., 0::2], sums[..., 1::2]

    def _service_counters(self, rows: Rows, events: Events) -> NDArray[np.float64]:
        """New TCP connections and packets per (client, server, low port), (2, windows + 1, rows)."""
        to_service = rows.destination_port <= rows.source_port
        client = np.where(to_service, rows.source, rows.destination)
        server = np.where(to_service, rows.destination, rows.source)
        values = np.empty((2, len(rows)))
        values[0] = (events.opener & rows.tcp) * (rows.conversations / rows.services)
        values[1] = rows.packets / rows.services
        return self._services.update(mix(mix(client, server), rows.low_port), rows.seconds, values)


def _value(counters: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """One counter of one side; `counters` is (counters, rows)."""
    if name == "unanswered":
        return np.maximum(_value(counters, "opened") - _value(counters, "answered"), 0.0)
    of_name: NDArray[np.float64] = counters[_COLUMNS[name]]
    return of_name


def _columns(
    near: NDArray[np.float64], far: NDArray[np.float64], freshness: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Columns of one window, without the service's."""
    columns = []
    for name, _, _ in (*_PLAIN, ("unanswered", "", "")):
        larger = np.maximum(_value(near, name), _value(far, name))
        columns.append(np.log1p(larger * freshness if name in _FADED or name == "unanswered" else larger))
    columns.append(np.log1p(_value(near, "bytes_out")) - np.log1p(_value(near, "bytes_in")))
    queries = [_value(side, "dns_queries") for side in (near, far)]
    # Below a fifth of a query the mean is the memory of a query long past.
    some = np.maximum(*queries) > 0.2
    for name in ("query_length", "query_entropy"):
        means = [
            _value(side, name) / np.maximum(count, 0.2)
            for side, count in zip((near, far), queries, strict=True)
        ]
        columns.append(np.where(some, np.maximum(*means), 0.0))
    return columns
