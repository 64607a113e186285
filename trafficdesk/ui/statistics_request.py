"""What the page of statistics asks for and is given. No Qt here: it is worked out in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from trafficdesk.metrics.activity import flags_of, most_active
from trafficdesk.metrics.activity_sheet import activity_sheet
from trafficdesk.metrics.conversations import Kind
from trafficdesk.metrics.traffic_sheets import (
    conversation_sheet,
    endpoint_sheet,
    hierarchy_sheet,
    length_sheet,
    peer_sheet,
)
from trafficdesk.ui.models.sheet_cells import milliseconds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.metrics import Latency
    from trafficdesk.metrics.packet_lengths import LengthClasses
    from trafficdesk.metrics.peers import Peers
    from trafficdesk.metrics.sheets import Sheet
    from trafficdesk.metrics.tables import TrafficTables
    from trafficdesk.packets.log import PacketLog

_NS = 1e9


class Tab(Enum):
    """Parts of the page, left to right."""

    OVERVIEW = "Overview"
    CONVERSATIONS = "Conversations"
    ENDPOINTS = "Endpoints"
    ACTIVE = "Most active"
    PROTOCOLS = "Protocols"
    LENGTHS = "Packet lengths"
    LATENCY = "Latency"


SORTED_BY = {Tab.CONVERSATIONS: "bytes", Tab.ENDPOINTS: "bytes", Tab.ACTIVE: "bytes", Tab.LATENCY: "asked"}
"""Which column a fresh table is sorted by; the others come in an order of their own."""
_THINGS = {
    Tab.CONVERSATIONS: "conversations",
    Tab.ENDPOINTS: "endpoints",
    Tab.ACTIVE: "addresses",
    Tab.PROTOCOLS: "protocols",
    Tab.LENGTHS: "classes",
    Tab.LATENCY: "peers",
}


@dataclass(frozen=True, slots=True)
class Request:
    """Which table."""

    tab: Tab = Tab.OVERVIEW
    kind: Kind = Kind.IPV4
    limited: bool = False
    """Whether of those packets only that the display filter shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A table, and what to say about it."""

    request: Request
    sheet: Sheet
    packets: int
    """Counted."""
    summary: str
    lengths: LengthClasses | None = None


def answer(
    tables: TrafficTables, request: Request, log: PacketLog, chosen: NDArray[np.int64] | None = None
) -> Answer:
    """Work a table out.

    Parameters
    ----------
    log : must not change meanwhile.
    chosen : ascending packet_ids that `tables` has counted; None = all.
    """
    duration_s = (tables.last_ns - tables.first_ns) / _NS
    lengths = None
    said = ""
    match request.tab:
        case Tab.CONVERSATIONS:
            table = tables.conversations(request.kind)
            sheet = conversation_sheet(table, tables.first_ns, tables.identities)
        case Tab.ENDPOINTS:
            sheet = endpoint_sheet(tables.endpoints(request.kind), tables.identities)
        case Tab.ACTIVE:
            activity = most_active(tables, flags_of(log, chosen))
            sheet = activity_sheet(activity, tables.first_ns, tables.identities, gone=log.first_id)
        case Tab.LENGTHS:
            lengths = tables.lengths()
            sheet = length_sheet(lengths, duration_s)
            said = f"{tables.packets:,} packets, {tables.bytes:,} bytes"
        case Tab.LATENCY:
            tcp, dns = tables.tcp_peers(), tables.dns_peers()
            sheet = peer_sheet(tcp, dns)
            said = " · ".join((_said("TCP handshake", tcp), _said("DNS", dns)))
        case _:
            sheet = hierarchy_sheet(tables.hierarchy(), duration_s)
    return Answer(
        request, sheet, tables.packets, said or f"{len(sheet):,} {_THINGS.get(request.tab, 'rows')}", lengths
    )


def _said(what: str, peers: Peers) -> str:
    """One line, such as "DNS: median 17.46 ms, 95 % within 31.20 ms, 3 of 651 unanswered"."""
    overall: Latency = peers.overall
    asked = int(peers.asked.sum())
    if not asked:
        return f"{what}: none"
    unanswered = f"{int(peers.unanswered.sum()):,} of {asked:,} unanswered"
    if not overall.n:
        return f"{what}: {unanswered}"
    median, p95 = milliseconds(overall.median_ms), milliseconds(overall.p95_ms)
    return f"{what}: median {median}, 95 % within {p95}, {unanswered}"
