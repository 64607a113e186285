"""`TrafficTables`: conversations, endpoints, hierarchy, lengths and delays of a capture, for those who ask for them.

Too heavy for the window's thread (some 0.3 µs a packet), so it is fed apart from `TrafficMetrics`, a batch at a time
and in order, and asked for one table at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from trafficdesk.metrics.conversations import (
    Conversations,
    Endpoints,
    Kind,
    endpoints_of,
    ip_conversations,
    link_conversations,
    transport_conversations,
)
from trafficdesk.metrics.dns_times import DnsTimes
from trafficdesk.metrics.flows import DEFAULT_BITS, Flows
from trafficdesk.metrics.hierarchy import Level, ProtocolHierarchy
from trafficdesk.metrics.link_pairs import LinkPairs
from trafficdesk.metrics.packet_lengths import LengthClasses, PacketLengths
from trafficdesk.metrics.peers import Peers, dns_peers, tcp_peers

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Identities
    from trafficdesk.packets.log import PacketLog


class TrafficTables:
    """Memory is bounded by about 60 MB; what does not fit is folded together and said (`Conversations.rest`).

    Parameters
    ----------
    bits : see `Flows`.
    identities : what the programs and hosts of the batches stand for, those of one capture; None = not asked for.
    """

    def __init__(self, bits: int = DEFAULT_BITS, identities: Identities | None = None) -> None:
        self._flows = Flows(bits)
        self._pairs = LinkPairs()
        self._hierarchy = ProtocolHierarchy()
        self._lengths = PacketLengths()
        self._dns = DnsTimes()
        self.identities = identities
        self.packets = 0
        """Counted so far."""
        self.bytes = 0
        self.first_ns = 0
        """Earliest timestamp; 0 while there are no packets."""
        self.last_ns = 0

    def add(self, batch: PacketBatch) -> None:
        """Count a batch."""
        if not len(batch):
            return
        timestamps = batch["timestamp_ns"]
        low, high = int(timestamps.min()), int(timestamps.max())
        self.first_ns = min(self.first_ns, low) if self.packets else low
        self.last_ns = max(self.last_ns, high) if self.packets else high
        self.packets += len(batch)
        self.bytes += int(batch["length"].sum(dtype="i8"))
        for part in (self._flows, self._pairs, self._hierarchy, self._lengths, self._dns):
            part.add(batch)

    def tell(self, log: PacketLog) -> Self:
        """Take what became known of programs and names after their packets were counted; `log` must not change."""
        self._flows.tell(log)
        return self

    def conversations(self, kind: Kind) -> Conversations:
        """Who talked with whom."""
        if kind is Kind.ETHERNET:
            return link_conversations(self._pairs.columns(), self._pairs.remainder)
        columns = self._flows.rows.columns()
        if kind.has_ports:
            return transport_conversations(columns, self._flows.folded, kind)
        return ip_conversations(columns, self._flows.folded, kind)

    def endpoints(self, kind: Kind) -> Endpoints:
        """Who sent and received how much."""
        own = self.identities.own if self.identities is not None else None
        return endpoints_of(self.conversations(kind), own)

    def hierarchy(self) -> tuple[Level, ...]:
        """Protocols over those that carry them."""
        return self._hierarchy.levels()

    def lengths(self) -> LengthClasses:
        """Packet lengths in classes."""
        return self._lengths.classes()

    def tcp_peers(self) -> Peers:
        """Handshakes by server."""
        return tcp_peers(self._flows.rows.columns(), self.last_ns)

    def dns_peers(self) -> Peers:
        """Queries by server."""
        return dns_peers(self._dns.columns(self.last_ns))
