"""What a display filter can name: Wireshark's field and protocol names, and the columns they stand for.

Only the outermost headers are in the columns, so a field of an inner header (a tunnel's, an ICMP error's quote) is
absent here where Wireshark would find it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.filter_identity import IDENTITY_FIELDS
from trafficdesk.packets.filter_rows import Column, FilterField, Kind, Mask, Rows, Values
from trafficdesk.packets.log import FLAGGED
from trafficdesk.packets.protocol import (
    EtherType,
    IpProtocol,
    LinkType,
    Protocol,
    Status,
    TcpFlag,
    protocol_name,
)
from trafficdesk.registry import by_name

if TYPE_CHECKING:
    from collections.abc import Callable


def _is(column: str, *numbers: int) -> Callable[[Rows], Mask]:
    if len(numbers) == 1:
        return lambda rows: rows.column(column) == numbers[0]
    return lambda rows: np.isin(rows.column(column), numbers)


def _every(rows: Rows) -> Mask:
    return np.ones(len(rows.batch), np.bool_)


def _both(first: Callable[[Rows], Mask], second: Callable[[Rows], Mask]) -> Callable[[Rows], Mask]:
    return lambda rows: first(rows) & second(rows)


def _at_least(column: str, least: int) -> Callable[[Rows], Mask]:
    return lambda rows: rows.column(column) >= least


def _of(present: Callable[[Rows], Mask], *columns: str) -> Callable[[Rows], Values]:
    return lambda rows: Values(present(rows), tuple(rows.column(name) for name in columns))


def _derived(present: Callable[[Rows], Mask], value: Callable[[Rows], Column]) -> Callable[[Rows], Values]:
    return lambda rows: Values(present(rows), (value(rows),))


def _bit(column: str, mask: int) -> Callable[[Rows], Column]:
    return lambda rows: (rows.column(column) & mask) != 0


def _bits(column: str, shift: int, mask: int) -> Callable[[Rows], Column]:
    return lambda rows: (rows.column(column) >> shift) & mask


def _ipv4(present: Callable[[Rows], Mask], *columns: str) -> Callable[[Rows], Values]:
    return lambda rows: Values(
        present(rows), tuple(_words(rows.column(name), ">u4", 4)[:, 3] for name in columns)
    )


def _ipv6(*columns: str) -> Callable[[Rows], Values]:
    return lambda rows: Values(_IPV6(rows), tuple(_words(rows.column(name), ">u8", 2) for name in columns))


def _words(addresses: Column, dtype: str, count: int) -> Column:
    return np.ascontiguousarray(addresses).view(dtype).reshape(-1, count)


def _transport(*numbers: IpProtocol) -> Callable[[Rows], Mask]:
    return _both(_is("ip_protocol", *numbers), _at_least("source_port", 0))


def _messages(number: IpProtocol) -> Callable[[Rows], Mask]:
    return _both(_is("ip_protocol", number), _at_least("message_type", 0))


def _application(*protocols: Protocol) -> Callable[[Rows], Mask]:
    # A row whose payload was cut off is named by its port; Wireshark, which has nothing to dissect, leaves it unnamed.
    return _both(
        _is("protocol", *protocols),
        lambda rows: rows.column("captured_length") > rows.column("payload_offset"),
    )


def _with_text(*protocols: Protocol) -> Callable[[Rows], Mask]:
    return _both(_application(*protocols), _at_least("text_length", 1))


_ETHERNET: Final = _is("link_type", LinkType.ETHERNET)
_VLAN: Final = _at_least("vlan", 0)
_IPV4: Final = _is("network", EtherType.IPV4)
_IPV6: Final = _is("network", EtherType.IPV6)
_ARP: Final = _is("network", EtherType.ARP)
_TCP: Final = _transport(IpProtocol.TCP)
# Wireshark's UDP-Lite dissector fills the fields of UDP.
_UDP_PORTS: Final = _transport(IpProtocol.UDP, IpProtocol.UDPLITE)
_SCTP: Final = _transport(IpProtocol.SCTP)
_DNS: Final = _application(Protocol.DNS, Protocol.MDNS, Protocol.LLMNR)
_DNS_NAME: Final = _with_text(Protocol.DNS, Protocol.MDNS, Protocol.LLMNR)
_HANDSHAKE: Final = _both(_application(Protocol.TLS), lambda rows: rows.column("application_code") >> 8 == 22)
_RESPONSE: Final = _both(_application(Protocol.HTTP, Protocol.SSDP), _at_least("application_code", 100))
_REQUEST: Final = _both(
    _with_text(Protocol.HTTP, Protocol.SSDP), lambda rows: rows.column("application_code") < 100
)


def _eth_type(rows: Rows) -> Column:
    return np.where(rows.column("vlan") >= 0, np.uint16(EtherType.VLAN), rows.column("network"))


def _typed(rows: Rows) -> Mask:
    return _ETHERNET(rows) & (_eth_type(rows) > 0)


def _interface_is_named(rows: Rows) -> Mask:
    named = np.array([*map(bool, rows.batch.interfaces), False])
    return np.asarray(named[np.minimum(rows.column("interface"), len(named) - 1)])


def _number(rows: Rows) -> Column:
    return rows.batch.ids + 1


def _addressed(*columns: str) -> Callable[[Rows], Values]:
    return _of(_both(_ETHERNET, lambda rows: rows.column("source_mac") != NO_MAC), *columns)


def _score(rows: Rows) -> Values:
    score = rows.judged("score", np.nan)
    return Values(~np.isnan(score), (score,))


def _flagged(rows: Rows) -> Column:
    flagged: Mask = (rows.judged("verdict", 0).astype(np.uint8) & FLAGGED) != 0
    return flagged


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
            _of(present, "source_port", "destination_port"),
            0xFFFF,
        ),
        FilterField(
            f"{name}.srcport", Kind.NUMBER, f"{words} source port", _of(present, "source_port"), 0xFFFF
        ),
        FilterField(
            f"{name}.dstport",
            Kind.NUMBER,
            f"{words} destination port",
            _of(present, "destination_port"),
            0xFFFF,
        ),
    )


_FLAGS: Final = {
    "ae": TcpFlag.AE, "cwr": TcpFlag.CWR, "ece": TcpFlag.ECE, "urg": TcpFlag.URG, "ack": TcpFlag.ACK,
    "push": TcpFlag.PSH, "reset": TcpFlag.RST, "syn": TcpFlag.SYN, "fin": TcpFlag.FIN,
}  # fmt: skip

_STATUS_NAMES: Final = tuple(status.name.lower() for status in Status)
_PROTOCOL_COLUMN: Final = tuple(protocol_name(number) for number in range(max(Protocol) + 1))

FIELDS: Final = (
    FilterField("frame.number", Kind.NUMBER, "number of the frame, from 1", _derived(_every, _number)),
    FilterField("frame.len", Kind.NUMBER, "bytes on the wire", _of(_every, "length"), 0xFFFF_FFFF),
    FilterField("frame.cap_len", Kind.NUMBER, "bytes captured", _of(_every, "captured_length"), 0xFFFF_FFFF),
    FilterField("frame.interface_id", Kind.NUMBER, "number of the interface, from 0", _of(_every, "interface"), 0xFFFF),
    FilterField("frame.interface_name", Kind.LISTED, "name of the interface", _of(_interface_is_named, "interface")),
    FilterField("frame.time_epoch", Kind.TIME_EPOCH, "time of capture, seconds since 1970", _of(_every, "timestamp_ns")),
    FilterField("frame.time", Kind.TIME, "time of capture", _of(_every, "timestamp_ns")),
    FilterField("eth.addr", Kind.MAC, "Ethernet address, either side", _addressed("source_mac", "destination_mac")),
    FilterField("eth.src", Kind.MAC, "Ethernet source", _addressed("source_mac")),
    FilterField("eth.dst", Kind.MAC, "Ethernet destination", _addressed("destination_mac")),
    FilterField("eth.type", Kind.NUMBER, "EtherType", _derived(_typed, _eth_type), 0xFFFF),
    FilterField("vlan.id", Kind.NUMBER, "VLAN identifier", _of(_VLAN, "vlan"), 0xFFF),
    FilterField("ip.addr", Kind.IPV4, "IPv4 address, either side", _ipv4(_IPV4, "source", "destination")),
    FilterField("ip.src", Kind.IPV4, "IPv4 source", _ipv4(_IPV4, "source")),
    FilterField("ip.dst", Kind.IPV4, "IPv4 destination", _ipv4(_IPV4, "destination")),
    FilterField("ip.proto", Kind.NUMBER, "IPv4 protocol number", _of(_IPV4, "ip_protocol"), 0xFF),
    FilterField("ip.ttl", Kind.NUMBER, "IPv4 time to live", _of(_IPV4, "ttl"), 0xFF),
    FilterField("ipv6.addr", Kind.IPV6, "IPv6 address, either side", _ipv6("source", "destination")),
    FilterField("ipv6.src", Kind.IPV6, "IPv6 source", _ipv6("source")),
    FilterField("ipv6.dst", Kind.IPV6, "IPv6 destination", _ipv6("destination")),
    FilterField("ipv6.hlim", Kind.NUMBER, "IPv6 hop limit", _of(_IPV6, "ttl"), 0xFF),
    FilterField("arp.opcode", Kind.NUMBER, "ARP operation: 1 request, 2 reply", _of(_both(_ARP, _at_least("message_type", 0)), "message_type"), 0xFFFF),
    FilterField("arp.src.proto_ipv4", Kind.IPV4, "ARP sender's IPv4 address", _ipv4(_ARP, "source")),
    FilterField("arp.dst.proto_ipv4", Kind.IPV4, "ARP target's IPv4 address", _ipv4(_ARP, "destination")),
    *_ports("tcp", "TCP", _TCP),
    FilterField("tcp.flags", Kind.NUMBER, "TCP flags, 12 bits", _of(_TCP, "tcp_flags"), 0xFFFF),
    *(
        FilterField(f"tcp.flags.{name}", Kind.BOOLEAN, f"TCP flag {name}", _derived(_TCP, _bit("tcp_flags", flag)))
        for name, flag in _FLAGS.items()
    ),
    FilterField("tcp.len", Kind.NUMBER, "bytes of TCP payload", _of(_TCP, "payload_length"), 0xFFFF_FFFF),
    FilterField("tcp.seq_raw", Kind.NUMBER, "raw sequence number", _of(_TCP, "tcp_sequence"), 0xFFFF_FFFF),
    FilterField("tcp.ack_raw", Kind.NUMBER, "raw acknowledgement number", _of(_TCP, "tcp_acknowledgement"), 0xFFFF_FFFF),
    FilterField("tcp.window_size_value", Kind.NUMBER, "TCP window, unscaled", _of(_TCP, "tcp_window"), 0xFFFF),
    *_ports("udp", "UDP", _UDP_PORTS),
    FilterField("udp.length", Kind.NUMBER, "bytes of UDP header and payload", _derived(_UDP_PORTS, lambda rows: rows.column("payload_length") + 8), 0xFFFF),
    *_ports("sctp", "SCTP", _SCTP),
    FilterField("icmp.type", Kind.NUMBER, "ICMP type", _of(_messages(IpProtocol.ICMP), "message_type"), 0xFF),
    FilterField("icmp.code", Kind.NUMBER, "ICMP code", _of(_messages(IpProtocol.ICMP), "message_code"), 0xFF),
    FilterField("icmpv6.type", Kind.NUMBER, "ICMPv6 type", _of(_messages(IpProtocol.ICMPV6), "message_type"), 0xFF),
    FilterField("icmpv6.code", Kind.NUMBER, "ICMPv6 code", _of(_messages(IpProtocol.ICMPV6), "message_code"), 0xFF),
    FilterField("igmp.type", Kind.NUMBER, "IGMP type", _of(_messages(IpProtocol.IGMP), "message_type"), 0xFF),
    FilterField("dns.id", Kind.NUMBER, "DNS transaction", _of(_DNS, "application_id"), 0xFFFF),
    FilterField("dns.flags", Kind.NUMBER, "DNS flags word", _of(_DNS, "application_code"), 0xFFFF),
    FilterField("dns.flags.response", Kind.BOOLEAN, "DNS answer", _derived(_DNS, _bit("application_code", 0x8000))),
    FilterField("dns.flags.rcode", Kind.NUMBER, "DNS response code: 0 fine, 3 no such name", _derived(_both(_DNS, lambda rows: rows.column("application_code") >= 0x8000), _bits("application_code", 0, 0xF)), 0xF),
    FilterField("dns.count.answers", Kind.NUMBER, "DNS answers", _of(_DNS, "application_count"), 0xFFFF),
    FilterField("dns.qry.name", Kind.TEXT, "DNS name asked for", _of(_DNS_NAME)),
    FilterField("dns.qry.type", Kind.NUMBER, "DNS type asked for: 1 A, 16 TXT, 28 AAAA", _of(_both(_DNS, _at_least("application_type", 1)), "application_type"), 0xFFFF),
    FilterField("tls.handshake.type", Kind.NUMBER, "TLS handshake: 1 client hello, 2 server hello", _derived(_HANDSHAKE, _bits("application_code", 0, 0xFF)), 0xFF),
    FilterField("tls.handshake.extensions_server_name", Kind.TEXT, "TLS server name (SNI)", _of(_with_text(Protocol.TLS, Protocol.DTLS, Protocol.QUIC))),
    FilterField("http.request.method", Kind.TEXT, "HTTP method", _of(_REQUEST), part=0),
    FilterField("http.request.uri", Kind.TEXT, "HTTP request target", _of(_REQUEST), part=1),
    FilterField("http.response.code", Kind.NUMBER, "HTTP status", _of(_RESPONSE, "application_code"), 0xFFFF),
    FilterField("_ws.col.protocol", Kind.NAMED, "the protocol column", _of(_every, "protocol"), names=_PROTOCOL_COLUMN),
    FilterField("td.status", Kind.NAMED, "how much could be read", _of(_every, "status"), names=_STATUS_NAMES),
    FilterField("td.score", Kind.REAL, "anomaly score; above 1 is unusual", _score),
    FilterField("td.flagged", Kind.BOOLEAN, "highlighted by the analysis", _derived(_every, _flagged)),
    FilterField("td.family", Kind.NAMED, "what the analysis calls it", _judged("family")),
    FilterField("td.incident", Kind.NUMBER, "number of the incident it belongs to", _judged("incident"), 0x7FFF_FFFF),
    *IDENTITY_FIELDS,
)  # fmt: skip


def _named(name: str, present: Callable[[Rows], Mask], words: str = "") -> FilterField:
    return FilterField(
        name,
        Kind.PROTOCOL,
        words or f"frames that have {name.upper()}",
        lambda rows: Values(present(rows), ()),
    )


_APPLICATIONS: Final = {
    "lldp": (Protocol.LLDP,), "stp": (Protocol.STP,), "eapol": (Protocol.EAPOL,),
    "dns": (Protocol.DNS,), "mdns": (Protocol.MDNS,), "llmnr": (Protocol.LLMNR,), "tls": (Protocol.TLS,),
    "http": (Protocol.HTTP,), "dhcp": (Protocol.DHCP,), "dhcpv6": (Protocol.DHCPV6,), "quic": (Protocol.QUIC,),
    "ntp": (Protocol.NTP,), "ssh": (Protocol.SSH,), "ssdp": (Protocol.SSDP,), "nbns": (Protocol.NBNS,),
    "smb": (Protocol.SMB,), "smtp": (Protocol.SMTP,), "ftp": (Protocol.FTP,), "imap": (Protocol.IMAP,),
    "pop": (Protocol.POP,), "telnet": (Protocol.TELNET,), "snmp": (Protocol.SNMP,), "stun": (Protocol.STUN,),
    "sip": (Protocol.SIP,), "rtp": (Protocol.RTP,), "rtcp": (Protocol.RTCP,), "mqtt": (Protocol.MQTT,),
    "modbus": (Protocol.MODBUS,), "ldap": (Protocol.LDAP,), "kerberos": (Protocol.KERBEROS,),
    "rdp": (Protocol.RDP,), "bgp": (Protocol.BGP,), "syslog": (Protocol.SYSLOG,), "tftp": (Protocol.TFTP,),
    "radius": (Protocol.RADIUS,), "isakmp": (Protocol.ISAKMP,), "bittorrent": (Protocol.BITTORRENT,),
    "nbdgm": (Protocol.NBDS,), "nbss": (Protocol.NBSS, Protocol.SMB), "irc": (Protocol.IRC,),
    "mysql": (Protocol.MYSQL,), "wg": (Protocol.WIREGUARD,), "dtls": (Protocol.DTLS,),
}  # fmt: skip

_CARRIED: Final = {
    "gre": IpProtocol.GRE, "esp": IpProtocol.ESP, "ospf": IpProtocol.OSPF, "pim": IpProtocol.PIM,
    "vrrp": IpProtocol.VRRP, "hip": IpProtocol.HIP,
}  # fmt: skip


def _carried(number: IpProtocol) -> Callable[[Rows], Mask]:
    return _both(_is("ip_protocol", number), lambda rows: rows.column("fragment_offset") <= 0)


PROTOCOLS: Final = (
    _named("frame", _every, "every frame"),
    _named("eth", _ETHERNET),
    _named("vlan", _VLAN),
    _named("arp", _ARP),
    _named("ip", _IPV4, "frames that have IPv4"),
    _named("ipv6", _IPV6),
    _named("tcp", _TCP),
    _named("udp", _transport(IpProtocol.UDP)),
    _named("udplite", _transport(IpProtocol.UDPLITE)),
    _named("sctp", _SCTP),
    _named("dccp", _transport(IpProtocol.DCCP)),
    _named("icmp", _messages(IpProtocol.ICMP)),
    _named("icmpv6", _messages(IpProtocol.ICMPV6)),
    _named("igmp", _messages(IpProtocol.IGMP)),
    *(_named(name, _carried(number)) for name, number in _CARRIED.items()),
    *(_named(name, _application(*protocols)) for name, protocols in _APPLICATIONS.items()),
    _named("_ws.malformed", _is("status", Status.MALFORMED), "frames that contradict themselves"),
)

BY_NAME: Final = by_name((*FIELDS, *PROTOCOLS))
"""Every name a filter can use."""

FIELD_NAMES: Final = tuple(sorted(BY_NAME))
"""For completion."""
