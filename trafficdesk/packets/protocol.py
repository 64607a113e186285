"""Numbers of the wire: link types, EtherTypes, IP protocols, TCP flags, and the names a person reads.

Sources: https://www.tcpdump.org/linktypes.html, IANA "Protocol Numbers", "IEEE 802 Numbers" (read 2026-11).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final

from trafficdesk.packets.protocol_names import PROTOCOL_NAMES, protocol_name
from trafficdesk.packets.protocols import Protocol

__all__ = [
    "PROTOCOL_NAMES",
    "TUNNEL_NAMES",
    "EtherType",
    "IpProtocol",
    "LinkType",
    "Protocol",
    "Status",
    "TcpFlag",
    "TcpNote",
    "Tunnel",
    "protocol_name",
    "tunnel_name",
]


class LinkType(IntEnum):
    """LINKTYPE_ values that we decode."""

    NULL = 0
    ETHERNET = 1
    TOKEN_RING = 6
    PPP = 9
    FDDI = 10
    RAW_BSD_12 = 12
    RAW_OPENBSD_14 = 14
    PPP_HDLC = 50
    PPP_ETHER = 51
    ATM_RFC1483 = 100
    RAW = 101
    C_HDLC = 104
    IEEE802_11 = 105
    FRAME_RELAY = 107
    LOOP = 108
    LINUX_SLL = 113
    PRISM = 119
    RADIOTAP = 127
    ARCNET_LINUX = 129
    IEEE1394 = 138
    USER2 = 149
    AVS = 163
    PPP_PPPD = 166
    JUNIPER_ETHER = 178
    PPI = 192
    PPP_WITH_DIRECTION = 204
    IPNET = 226
    IPV4 = 228
    IPV6 = 229
    NFLOG = 239
    IPOIB = 242
    PKTAP = 258
    LINUX_SLL2 = 276
    BROADCOM_TAG = 281
    BROADCOM_TAG_PREPENDED = 282
    DSA_TAG = 284
    EDSA_TAG = 285


class EtherType(IntEnum):
    """What follows the link header."""

    NONE = 0
    IPV4 = 0x0800
    ARP = 0x0806
    VLAN = 0x8100
    IPV6 = 0x86DD
    QINQ = 0x88A8
    QINQ_OLD = 0x9100
    PPPOE_DISCOVERY = 0x8863
    PPPOE_SESSION = 0x8864
    EAPOL = 0x888E
    LLDP = 0x88CC


class IpProtocol(IntEnum):
    """IANA protocol numbers that we name."""

    HOP_BY_HOP = 0
    ICMP = 1
    IGMP = 2
    IPIP = 4
    TCP = 6
    UDP = 17
    DCCP = 33
    IPV6 = 41
    ROUTING = 43
    FRAGMENT = 44
    GRE = 47
    ESP = 50
    AH = 51
    ICMPV6 = 58
    NO_NEXT = 59
    DESTINATION_OPTIONS = 60
    OSPF = 89
    PIM = 103
    VRRP = 112
    SCTP = 132
    MOBILITY = 135
    UDPLITE = 136
    HIP = 139
    SHIM6 = 140


class TcpFlag(IntFlag):
    """RFC 9293 section 3.1, RFC 3168 section 6.1."""

    FIN = 0x001
    SYN = 0x002
    RST = 0x004
    PSH = 0x008
    ACK = 0x010
    URG = 0x020
    ECE = 0x040
    CWR = 0x080
    AE = 0x100


class TcpNote(IntFlag):
    """What a segment says beside its own header, given those before it; named and decided as Wireshark does."""

    RETRANSMISSION = 0x0001
    """Neither fast nor spurious: those have bits of their own."""
    FAST_RETRANSMISSION = 0x0002
    SPURIOUS_RETRANSMISSION = 0x0004
    OUT_OF_ORDER = 0x0008
    PREVIOUS_NOT_CAPTURED = 0x0010
    ACKED_UNSEEN = 0x0020
    DUPLICATE_ACK = 0x0040
    ZERO_WINDOW = 0x0080
    ZERO_WINDOW_PROBE = 0x0100
    ZERO_WINDOW_PROBE_ACK = 0x0200
    WINDOW_UPDATE = 0x0400
    KEEP_ALIVE = 0x0800
    KEEP_ALIVE_ACK = 0x1000
    PORT_REUSED = 0x2000
    FOLLOWED = 0x8000
    """The conversation was followed: the relative numbers are valid."""


class Tunnel(IntEnum):
    """What carries one packet inside another; the row's addresses are the outer ones."""

    NONE = 0
    IP_IN_IP = 1
    IPV6_IN_IP = 2
    GRE = 3
    ERSPAN = 4
    VXLAN = 5
    GENEVE = 6
    GTP = 7
    TEREDO = 8
    MPLS = 9
    CAPWAP = 10
    L2TP = 11
    LISP = 12
    ETHERIP = 13


TUNNEL_NAMES: Final = {
    **{tunnel: tunnel.name for tunnel in Tunnel},
    Tunnel.NONE: "",
    Tunnel.IP_IN_IP: "IP in IP",
    Tunnel.IPV6_IN_IP: "IPv6 in IP",
    Tunnel.GENEVE: "Geneve",
    Tunnel.TEREDO: "Teredo",
    Tunnel.ETHERIP: "EtherIP",
}


def tunnel_name(number: int) -> str:
    """Name of a `Tunnel` value; empty for none."""
    try:
        return TUNNEL_NAMES[Tunnel(number)]
    except ValueError:
        return f"tunnel {number}"


class Status(IntEnum):
    """How much of a packet could be read."""

    COMPLETE = 0
    TRUNCATED = 1
    """The capture (snap length) or the frame ends before its headers or claimed lengths do."""
    MALFORMED = 2
    """A header contradicts itself."""
    UNSUPPORTED = 3
    """We know no decoder for the link type or the network protocol."""
