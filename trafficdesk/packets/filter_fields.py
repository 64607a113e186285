"""What a display filter can name: Wireshark's field and protocol names, and the columns they stand for.

A row has its outermost headers and, behind a tunnel, the addresses, ports and flags of the innermost packet. Any other
field of an inner header (what an ICMP error quotes, a second Ethernet) is absent here where Wireshark would find it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.filter_columns import (
    ARP,
    ASKING,
    DNS,
    DNS_NAME,
    ETHERNET,
    HANDSHAKE,
    IPV4,
    IPV6,
    REQUEST,
    RESPONSE,
    SCTP,
    TCP,
    UDP_PORTS,
    VLAN,
    at_least,
    bit,
    bits,
    both,
    derived,
    every,
    ipv4,
    ipv6,
    messages,
    nested,
    reads,
    with_text,
)
from trafficdesk.packets.filter_identity import IDENTITY_FIELDS
from trafficdesk.packets.filter_protocols import PROTOCOLS
from trafficdesk.packets.filter_rows import Column, FilterField, Kind, Mask, Rows, Values
from trafficdesk.packets.log import FLAGGED, Verdict
from trafficdesk.packets.notes import NoteFlag
from trafficdesk.packets.protocol import EtherType, IpProtocol, Status, TcpFlag, TcpNote, Tunnel, tunnel_name
from trafficdesk.packets.protocol_names import protocol_name
from trafficdesk.packets.protocols import Protocol
from trafficdesk.registry import by_name

if TYPE_CHECKING:
    from collections.abc import Callable


def _eth_type(rows: Rows) -> Column:
    return np.where(rows.column("vlan") >= 0, np.uint16(EtherType.VLAN), rows.column("network"))


def _followed(rows: Rows) -> Mask:
    followed: Mask = (rows.column("tcp_notes") & np.uint16(TcpNote.FOLLOWED)) != 0
    return TCP(rows) & followed


def _acknowledgement(rows: Rows) -> Column:
    # Where the flag says that it means nothing, Wireshark leaves it as it is.
    meant = (rows.column("tcp_flags") & TcpFlag.ACK) != 0
    return np.where(meant, rows.column("tcp_relative_acknowledgement"), rows.column("tcp_acknowledgement"))


def _handshake(rows: Rows) -> Column:
    return np.where(
        rows.column("protocol") == Protocol.QUIC, np.uint16(1), rows.column("application_code") & 0xFF
    )


def _typed(rows: Rows) -> Mask:
    return ETHERNET(rows) & (_eth_type(rows) > 0)


def _interface_is_named(rows: Rows) -> Mask:
    named = np.array([*map(bool, rows.batch.interfaces), False])
    return np.asarray(named[np.minimum(rows.column("interface"), len(named) - 1)])


def _number(rows: Rows) -> Column:
    return rows.batch.ids + 1


def _addressed(*columns: str) -> Callable[[Rows], Values]:
    return reads(both(ETHERNET, lambda rows: rows.column("source_mac") != NO_MAC), *columns)


def _score(rows: Rows) -> Values:
    score = rows.judged("score", np.nan)
    return Values(~np.isnan(score), (score,))


def _said(bits: int) -> Callable[[Rows], Values]:
    """Whether the verdict has one of `bits`."""
    return derived(every, lambda rows: (rows.judged("verdict", 0).astype(np.uint8) & bits) != 0)


def _noted(flag: NoteFlag) -> Callable[[Rows], Values]:
    return derived(every, lambda rows: (rows.judged("mark", 0).astype(np.uint8) & int(flag)) != 0)


def _commented(rows: Rows) -> Values:
    present = np.zeros(len(rows.batch), np.bool_)
    present[list(rows.comments())] = True
    return Values(present, ())


def _judged(name: str) -> Callable[[Rows], Values]:
    def read(rows: Rows) -> Values:
        numbers = rows.judged(name, 0)
        return Values(numbers > 0, (numbers,))

    return read


def _ports(name: str, words: str, present: Callable[[Rows], Mask]) -> tuple[FilterField, ...]:
    return (
        FilterField(
            f"{name}.port",
            Kind.NUMBER,
            f"{words} port, either side",
            nested(reads(present, "source_port", "destination_port")),
            0xFFFF,
        ),
        FilterField(
            f"{name}.srcport",
            Kind.NUMBER,
            f"{words} source port",
            nested(reads(present, "source_port")),
            0xFFFF,
        ),
        FilterField(
            f"{name}.dstport",
            Kind.NUMBER,
            f"{words} destination port",
            nested(reads(present, "destination_port")),
            0xFFFF,
        ),
    )


_FLAGS: Final = {
    "ae": TcpFlag.AE, "cwr": TcpFlag.CWR, "ece": TcpFlag.ECE, "urg": TcpFlag.URG, "ack": TcpFlag.ACK,
    "push": TcpFlag.PSH, "reset": TcpFlag.RST, "syn": TcpFlag.SYN, "fin": TcpFlag.FIN,
}  # fmt: skip

_TUNNELS: Final = tuple(tunnel_name(number) for number in range(max(Tunnel) + 1))
_STATUS_NAMES: Final = tuple(status.name.lower() for status in Status)
_PROTOCOL_COLUMN: Final = tuple(protocol_name(number) for number in range(max(Protocol) + 1))

FIELDS: Final = (
    FilterField("frame.number", Kind.NUMBER, "number of the frame, from 1", derived(every, _number)),
    FilterField("frame.len", Kind.NUMBER, "bytes on the wire", reads(every, "length"), 0xFFFF_FFFF),
    FilterField("frame.cap_len", Kind.NUMBER, "bytes captured", reads(every, "captured_length"), 0xFFFF_FFFF),
    FilterField("frame.interface_id", Kind.NUMBER, "number of the interface, from 0", reads(every, "interface"), 0xFFFF),
    FilterField("frame.interface_name", Kind.LISTED, "name of the interface", reads(_interface_is_named, "interface")),
    FilterField("frame.comment", Kind.COMMENT, "what the file or a person says of the packet", _commented),
    FilterField("frame.time_epoch", Kind.TIME_EPOCH, "time of capture, seconds since 1970", reads(every, "timestamp_ns")),
    FilterField("frame.time", Kind.TIME, "time of capture", reads(every, "timestamp_ns")),
    FilterField("eth.addr", Kind.MAC, "Ethernet address, either side", _addressed("source_mac", "destination_mac")),
    FilterField("eth.src", Kind.MAC, "Ethernet source", _addressed("source_mac")),
    FilterField("eth.dst", Kind.MAC, "Ethernet destination", _addressed("destination_mac")),
    FilterField("eth.type", Kind.NUMBER, "EtherType", derived(_typed, _eth_type), 0xFFFF),
    FilterField("vlan.id", Kind.NUMBER, "VLAN identifier", reads(VLAN, "vlan"), 0xFFF),
    FilterField("ip.addr", Kind.IPV4, "IPv4 address, either side", nested(ipv4(IPV4, "source", "destination"))),
    FilterField("ip.src", Kind.IPV4, "IPv4 source", nested(ipv4(IPV4, "source"))),
    FilterField("ip.dst", Kind.IPV4, "IPv4 destination", nested(ipv4(IPV4, "destination"))),
    FilterField("ip.proto", Kind.NUMBER, "IPv4 protocol number", nested(reads(IPV4, "ip_protocol")), 0xFF),
    FilterField("ip.ttl", Kind.NUMBER, "IPv4 time to live", reads(IPV4, "ttl"), 0xFF),
    FilterField("ipv6.addr", Kind.IPV6, "IPv6 address, either side", nested(ipv6("source", "destination"))),
    FilterField("ipv6.src", Kind.IPV6, "IPv6 source", nested(ipv6("source"))),
    FilterField("ipv6.dst", Kind.IPV6, "IPv6 destination", nested(ipv6("destination"))),
    FilterField("ipv6.hlim", Kind.NUMBER, "IPv6 hop limit", reads(IPV6, "ttl"), 0xFF),
    FilterField("arp.opcode", Kind.NUMBER, "ARP operation: 1 request, 2 reply", nested(reads(both(ARP, at_least("message_type", 0)), "message_type")), 0xFFFF),
    FilterField("arp.src.proto_ipv4", Kind.IPV4, "ARP sender's IPv4 address", nested(ipv4(ARP, "source"))),
    FilterField("arp.dst.proto_ipv4", Kind.IPV4, "ARP target's IPv4 address", nested(ipv4(ARP, "destination"))),
    *_ports("tcp", "TCP", TCP),
    FilterField("tcp.flags", Kind.NUMBER, "TCP flags, 12 bits", nested(reads(TCP, "tcp_flags")), 0xFFFF),
    *(
        FilterField(f"tcp.flags.{name}", Kind.BOOLEAN, f"TCP flag {name}", nested(derived(TCP, bit("tcp_flags", flag))))
        for name, flag in _FLAGS.items()
    ),
    FilterField("tcp.len", Kind.NUMBER, "bytes of TCP payload", nested(reads(TCP, "payload_length")), 0xFFFF_FFFF),
    FilterField("tcp.seq", Kind.NUMBER, "sequence number from the conversation's first one", reads(_followed, "tcp_relative_sequence"), 0xFFFF_FFFF),
    FilterField("tcp.ack", Kind.NUMBER, "acknowledgement from the conversation's first one", derived(_followed, _acknowledgement), 0xFFFF_FFFF),
    FilterField("tcp.seq_raw", Kind.NUMBER, "raw sequence number", reads(TCP, "tcp_sequence"), 0xFFFF_FFFF),
    FilterField("tcp.ack_raw", Kind.NUMBER, "raw acknowledgement number", reads(TCP, "tcp_acknowledgement"), 0xFFFF_FFFF),
    FilterField("tcp.window_size_value", Kind.NUMBER, "TCP window, unscaled", reads(TCP, "tcp_window"), 0xFFFF),
    *_ports("udp", "UDP", UDP_PORTS),
    FilterField("udp.length", Kind.NUMBER, "bytes of UDP header and payload", nested(derived(UDP_PORTS, lambda rows: rows.column("payload_length") + 8)), 0xFFFF),
    *_ports("sctp", "SCTP", SCTP),
    FilterField("icmp.type", Kind.NUMBER, "ICMP type", nested(reads(messages(IpProtocol.ICMP), "message_type")), 0xFF),
    FilterField("icmp.code", Kind.NUMBER, "ICMP code", nested(reads(messages(IpProtocol.ICMP), "message_code")), 0xFF),
    FilterField("icmpv6.type", Kind.NUMBER, "ICMPv6 type", nested(reads(messages(IpProtocol.ICMPV6), "message_type")), 0xFF),
    FilterField("icmpv6.code", Kind.NUMBER, "ICMPv6 code", nested(reads(messages(IpProtocol.ICMPV6), "message_code")), 0xFF),
    FilterField("igmp.type", Kind.NUMBER, "IGMP type", nested(reads(messages(IpProtocol.IGMP), "message_type")), 0xFF),
    FilterField("dns.id", Kind.NUMBER, "DNS transaction", reads(DNS, "application_id"), 0xFFFF),
    FilterField("dns.flags", Kind.NUMBER, "DNS flags word", reads(DNS, "application_code"), 0xFFFF),
    FilterField("dns.flags.response", Kind.BOOLEAN, "DNS answer", derived(DNS, bit("application_code", 0x8000))),
    FilterField("dns.flags.rcode", Kind.NUMBER, "DNS response code: 0 fine, 3 no such name", derived(both(DNS, lambda rows: rows.column("application_code") >= 0x8000), bits("application_code", 0, 0xF)), 0xF),
    FilterField("dns.count.answers", Kind.NUMBER, "DNS answers", reads(DNS, "application_count"), 0xFFFF),
    FilterField("dns.qry.name", Kind.TEXT, "DNS name asked for", reads(DNS_NAME)),
    FilterField("dns.qry.type", Kind.NUMBER, "DNS type asked for: 1 A, 16 TXT, 28 AAAA", reads(both(ASKING, at_least("application_type", 1)), "application_type"), 0xFFFF),
    FilterField("tls.handshake.type", Kind.NUMBER, "TLS handshake: 1 client hello, 2 server hello", derived(HANDSHAKE, _handshake), 0xFF),
    FilterField("tls.handshake.extensions_server_name", Kind.TEXT, "TLS server name (SNI)", reads(with_text(Protocol.TLS, Protocol.DTLS, Protocol.QUIC))),
    FilterField("http.request.method", Kind.TEXT, "HTTP method", reads(REQUEST), part=0),
    FilterField("http.request.uri", Kind.TEXT, "HTTP request target", reads(REQUEST), part=1),
    FilterField("http.response.code", Kind.NUMBER, "HTTP status", reads(RESPONSE, "application_code"), 0xFFFF),
    FilterField("_ws.col.protocol", Kind.NAMED, "the protocol column", reads(every, "protocol"), names=_PROTOCOL_COLUMN),
    FilterField("td.status", Kind.NAMED, "how much could be read", reads(every, "status"), names=_STATUS_NAMES),
    FilterField("td.text", Kind.TEXT, "what the application says: DNS name, TLS server name, HTTP request line, …", reads(at_least("text_length", 1))),
    FilterField("td.tunnel", Kind.NAMED, "what carries the packet inside", reads(lambda rows: rows.column("tunnel") > 0, "tunnel"), names=_TUNNELS),
    FilterField("td.score", Kind.REAL, "anomaly score; above 1 is unusual", _score),
    FilterField("td.flagged", Kind.BOOLEAN, "highlighted by the analysis", _said(FLAGGED), alone=True),
    FilterField("td.suppressed", Kind.BOOLEAN, "would be flagged, but you expect it", _said(int(Verdict.SUPPRESSED)), alone=True),
    FilterField("td.own", Kind.BOOLEAN, "TrafficDesk's own connections, which are not judged", _said(int(Verdict.OWN)), alone=True),
    FilterField("td.known_bad", Kind.BOOLEAN, "like what you marked as suspicious", _said(int(Verdict.KNOWN_BAD)), alone=True),
    FilterField("td.mark", Kind.BOOLEAN, "marked by a person", _noted(NoteFlag.MARKED), alone=True),
    FilterField("frame.marked", Kind.BOOLEAN, "marked by a person", _noted(NoteFlag.MARKED)),
    FilterField("td.comment", Kind.BOOLEAN, "has a comment", _noted(NoteFlag.COMMENTED), alone=True),
    FilterField("td.family", Kind.NAMED, "what the analysis calls it", _judged("family")),
    FilterField("td.incident", Kind.NUMBER, "number of the incident it belongs to", _judged("incident"), 0x7FFF_FFFF),
    *IDENTITY_FIELDS,
)  # fmt: skip


BY_NAME: Final = by_name((*FIELDS, *PROTOCOLS))
"""Every name a filter can use."""

FIELD_NAMES: Final = tuple(sorted(BY_NAME))
"""For completion."""
