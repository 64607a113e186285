"""What is named and not read: EtherTypes, LLC service access points, SNAP types, IP protocols, PPP protocols, link types.

Sources: "IEEE 802 Numbers", "Protocol Numbers" and "PPP DLL Protocol Numbers" (IANA, read 2026-11); Cisco's SNAP types
as its devices send them.
"""

from __future__ import annotations

from typing import Final

from trafficdesk.packets.protocol import EtherType, IpProtocol, Protocol

ETHER_TYPES: Final = {
    EtherType.LLDP: Protocol.LLDP,
    EtherType.EAPOL: Protocol.EAPOL,
    EtherType.PPPOE_DISCOVERY: Protocol.PPPOE,
    0x0842: Protocol.WAKE_ON_LAN,
    0x2001: Protocol.NHRP,
    0x22EA: Protocol.MSRP,
    0x4305: Protocol.BATMAN,
    0x6001: Protocol.MOP,
    0x6002: Protocol.MOP,
    0x6003: Protocol.DEC_DNA,
    0x6004: Protocol.LAT,
    0x809B: Protocol.DDP,
    0x80F3: Protocol.AARP,
    0x8137: Protocol.IPX,
    0x8809: Protocol.LACP,
    0x887B: Protocol.HOMEPLUG,
    0x8892: Protocol.PROFINET,
    0x8899: Protocol.REALTEK,
    0x88A2: Protocol.AOE,
    0x88A4: Protocol.ETHERCAT,
    0x88B8: Protocol.GOOSE,
    0x88BA: Protocol.SAMPLED_VALUES,
    0x88C7: Protocol.EAPOL,
    0x88CA: Protocol.TIPC,
    0x88E1: Protocol.HOMEPLUG_AV,
    0x88F5: Protocol.MVRP,
    0x88F7: Protocol.PTP,
    0x8902: Protocol.CFM,
    0x8906: Protocol.FCOE,
    0x8914: Protocol.FIP,
    0x8915: Protocol.RDMA,
    0x893A: Protocol.IEEE1905,
    0x8947: Protocol.GEONETWORKING,
    0x9000: Protocol.LOOP,
}

SERVICE_ACCESS_POINTS: Final = {
    0x04: Protocol.SNA,
    0x42: Protocol.STP,
    0x82: Protocol.BACNET,
    0xBC: Protocol.VINES,
    0xF0: Protocol.NETBIOS,
}

SNAP_TYPES: Final = {
    (0x000081, 0x01A1): Protocol.NDP,
    (0x000081, 0x01A2): Protocol.NDP,
    (0x00000C, 0x0104): Protocol.PAGP,
    (0x00000C, 0x010B): Protocol.STP,
    (0x00000C, 0x0111): Protocol.UDLD,
    (0x00000C, 0x2000): Protocol.CDP,
    (0x00000C, 0x2003): Protocol.VTP,
    (0x00000C, 0x2004): Protocol.DTP,
    (0x00E02B, 0x00BB): Protocol.EDP,
    (0x080007, 0x809B): Protocol.DDP,
}
"""Organisation code and type; 0x010B is spanning tree per VLAN (PVST+)."""

IPX_SOCKETS: Final = {
    0x0452: Protocol.IPX_SAP,
    0x0453: Protocol.IPX_RIP,
    0x0455: Protocol.NBIPX,
    0x0550: Protocol.SMB,
    0x0552: Protocol.SMB,
    0x0553: Protocol.NMPI,
    0x0555: Protocol.NMPI,
}
"""Destination socket."""

PPP_PROTOCOLS: Final = {
    0x8021: Protocol.IPCP,
    0x8057: Protocol.IPV6CP,
    0x80FD: Protocol.CCP,
    0xC021: Protocol.LCP,
    0xC023: Protocol.PAP,
    0xC223: Protocol.CHAP,
}

IP_PROTOCOLS: Final[dict[int, Protocol]] = {
    IpProtocol.IPIP: Protocol.IPIP,
    IpProtocol.IPV6: Protocol.IPV6,
    IpProtocol.GRE: Protocol.GRE,
    IpProtocol.ESP: Protocol.ESP,
    IpProtocol.OSPF: Protocol.OSPF,
    IpProtocol.PIM: Protocol.PIM,
    IpProtocol.VRRP: Protocol.VRRP,
    IpProtocol.HIP: Protocol.HIP,
    8: Protocol.EGP,
    9: Protocol.IGRP,
    46: Protocol.RSVP,
    54: Protocol.NHRP,
    88: Protocol.EIGRP,
    97: Protocol.ETHERIP,
    108: Protocol.IPCOMP,
    113: Protocol.PGM,
    115: Protocol.L2TP3,
    124: Protocol.ISIS,
    135: Protocol.MOBILE_IPV6,
    138: Protocol.MANET,
    140: Protocol.SHIM6,
}

LINK_TYPES: Final = {
    165: Protocol.MSTP,
    187: Protocol.BLUETOOTH,
    189: Protocol.USB,
    201: Protocol.BLUETOOTH,
    220: Protocol.USB,
    249: Protocol.USB,
    271: Protocol.VSOCK,
}
"""Frames without network addresses of ours, by LINKTYPE_ value."""
