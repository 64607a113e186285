"""Numbers of the wire: link types, EtherTypes, IP protocols, TCP flags, and the names a person reads.

Sources: https://www.tcpdump.org/linktypes.html, IANA "Protocol Numbers", "IEEE 802 Numbers" (read 2026-11).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final


class LinkType(IntEnum):
    """LINKTYPE_ values that we decode."""

    NULL = 0
    ETHERNET = 1
    PPP = 9
    PPP_HDLC = 50
    RAW_BSD_12 = 12
    RAW_OPENBSD_14 = 14
    RAW = 101
    C_HDLC = 104
    LOOP = 108
    LINUX_SLL = 113
    IPV4 = 228
    IPV6 = 229
    LINUX_SLL2 = 276


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


class Status(IntEnum):
    """How much of a packet could be read."""

    COMPLETE = 0
    TRUNCATED = 1
    """The capture (snap length) or the frame ends before its headers or claimed lengths do."""
    MALFORMED = 2
    """A header contradicts itself."""
    UNSUPPORTED = 3
    """We know no decoder for the link type or the network protocol."""


class Protocol(IntEnum):
    """The top-most protocol recognised; `PROTOCOL_NAMES` holds the short name a person reads (Wireshark's)."""

    UNKNOWN = 0
    ETHERNET = 1
    LLC = 2
    STP = 3
    LLDP = 4
    EAPOL = 5
    PPPOE = 6
    PPP = 7
    ARP = 10
    RARP = 11
    IPV4 = 12
    IPV6 = 13
    ICMP = 20
    ICMPV6 = 21
    IGMP = 22
    TCP = 23
    UDP = 24
    SCTP = 25
    DCCP = 26
    UDPLITE = 27
    GRE = 28
    ESP = 29
    AH = 30
    OSPF = 31
    PIM = 32
    VRRP = 33
    IPIP = 34
    HIP = 35
    DNS = 100
    MDNS = 101
    LLMNR = 102
    TLS = 103
    HTTP = 104
    DHCP = 105
    DHCPV6 = 106
    QUIC = 107
    NTP = 108
    SSH = 109
    SSDP = 110
    NBNS = 111
    SMB = 112
    SMTP = 113
    FTP = 114
    IMAP = 115
    POP = 116
    TELNET = 117
    SNMP = 118
    STUN = 119
    SIP = 120
    RTP = 121
    MQTT = 122
    MODBUS = 123
    LDAP = 124
    KERBEROS = 125
    RDP = 126
    BGP = 127
    SYSLOG = 128
    TFTP = 129
    RADIUS = 130
    ISAKMP = 131
    BITTORRENT = 132
    NBDS = 133
    NBSS = 134
    IRC = 135
    MYSQL = 136
    WIREGUARD = 137
    DTLS = 138
    RTCP = 139
    RTSP = 140
    SMB2 = 141
    CLDAP = 142
    FTP_DATA = 143
    VNC = 144
    OPENVPN = 145
    POSTGRESQL = 146
    REDIS = 147
    XMPP = 148
    AMQP = 149
    COAP = 150
    DB_LSP_DISC = 151
    SRVLOC = 152
    PTP = 153
    RIP = 154
    RIPNG = 155
    HSRP = 156
    BFD = 157
    DNP3 = 158
    OPCUA = 159
    SOCKS = 160
    RPC = 161
    GQUIC = 230
    FIX = 231
    NFS = 232
    VXLAN = 233
    GTP = 234
    SYNCHROPHASOR = 235
    OMRON = 236
    BABEL = 237
    MEGACO = 238
    BACNET = 239
    ENIP = 240
    SFLOW = 241
    COLLECTD = 242
    RX = 243
    TPLINK = 244


PROTOCOL_NAMES: Final[dict[Protocol, str]] = {
    **{protocol: protocol.name for protocol in Protocol},
    Protocol.UNKNOWN: "Unknown",
    Protocol.ETHERNET: "Ethernet",
    Protocol.IPV4: "IPv4",
    Protocol.IPV6: "IPv6",
    Protocol.ICMPV6: "ICMPv6",
    Protocol.IPIP: "IPv4",
    Protocol.MDNS: "mDNS",
    Protocol.DHCPV6: "DHCPv6",
    Protocol.SSH: "SSH",
    Protocol.KERBEROS: "KRB5",
    Protocol.MODBUS: "Modbus/TCP",
    Protocol.BITTORRENT: "BitTorrent",
    Protocol.SYSLOG: "Syslog",
    Protocol.WIREGUARD: "WireGuard",
    Protocol.MYSQL: "MySQL",
    Protocol.PPPOE: "PPPoE",
    Protocol.TELNET: "TELNET",
    Protocol.FTP_DATA: "FTP-DATA",
    Protocol.OPENVPN: "OpenVPN",
    Protocol.POSTGRESQL: "PGSQL",
    Protocol.REDIS: "RESP",
    Protocol.COAP: "CoAP",
    Protocol.DB_LSP_DISC: "DB-LSP-DISC",
    Protocol.RIPNG: "RIPng",
    Protocol.DNP3: "DNP 3.0",
    Protocol.OPCUA: "OpcUa",
    Protocol.SOCKS: "Socks",
    Protocol.BFD: "BFD Control",
    Protocol.BABEL: "Babel",
    Protocol.BACNET: "BACnet",
    Protocol.SFLOW: "sFlow",
    Protocol.COLLECTD: "collectd",
    Protocol.TPLINK: "TPLINK-SMARTHOME/JSON",
}
"""Short names, as Wireshark's protocol column has them."""


def protocol_name(number: int) -> str:
    """Short name of a `Protocol` value."""
    try:
        return PROTOCOL_NAMES[Protocol(number)]
    except ValueError:
        return PROTOCOL_NAMES[Protocol.UNKNOWN]
