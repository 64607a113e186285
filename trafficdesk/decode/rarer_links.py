"""Link layers that few captures have: Frame Relay, ARCNET, InfiniBand, Token Ring, FDDI, and headers of capture programs.

Steps of the walk in `link`; only as far as to what they carry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode import ethernet
from trafficdesk.decode.cursor import RARP, SMALLEST_ETHERTYPE, Cursor, Next
from trafficdesk.decode.link_types import first_kinds
from trafficdesk.decode.named_types import IPX_SOCKETS
from trafficdesk.packets.protocol import EtherType, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

_NLPID: Final = {
    0xCC: EtherType.IPV4,
    0x8E: EtherType.IPV6,
    0xCF: Next.PPP,
    0x80: Next.LLC,
}
"""Network layer protocol identifiers (RFC 2427 section 3); 0x80 stands for a SNAP header."""
_OSI: Final = {
    0x81: Protocol.CLNP,
    0x82: Protocol.ESIS,
    0x83: Protocol.ISIS,
}
_NLPID_ISIS: Final = 0x83
_ISIS: Final = {
    15: Protocol.ISIS_HELLO,
    16: Protocol.ISIS_HELLO,
    17: Protocol.ISIS_HELLO,
    18: Protocol.ISIS_LSP,
    20: Protocol.ISIS_LSP,
    24: Protocol.ISIS_CSNP,
    25: Protocol.ISIS_CSNP,
    26: Protocol.ISIS_PSNP,
    27: Protocol.ISIS_PSNP,
}
"""PDU types (ISO 10589 section 9.5)."""
_ARCNET: Final = {
    # RFC 1201 section 3 and, with the simpler header, RFC 1051 section 2.
    0xD4: (EtherType.IPV4, 3),
    0xD5: (EtherType.ARP, 3),
    0xD6: (RARP, 3),
    0xC4: (EtherType.IPV6, 3),
    0xF0: (EtherType.IPV4, 0),
    0xF1: (EtherType.ARP, 0),
    # BACnet (ANSI/ASHRAE 135 clause 8).
    0xCD: (Next.LLC, 0),
}
_ARCNET_EXCEPTION: Final = 0xFF
"""A split flag that stands before four bytes of padding and the real one (RFC 1201 section 3)."""
_NFLOG_PAYLOAD: Final = 9
"""NFULA_PAYLOAD of linux/netfilter/nfnetlink_log.h."""
_NFLOG_ATTRIBUTES: Final = 32
"""Attributes followed; the kernel knows about 20."""
_JUNIPER_MAGIC: Final = 0x4D47
_JUNIPER_NO_LINK: Final = 0x02
_JUNIPER_EXTENDED: Final = 0x80
_ROUTED: Final = 0x80
"""Source routing follows in Token Ring and FDDI: top bit of the source address (IEEE 802.5 section 3.2.4)."""


def frame_relay(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Q.922 address of two to four bytes, then RFC 2427's control and identifier, or Cisco's EtherType."""
    workspace.columns["protocol"][rows] = Protocol.FRAME_RELAY
    rows, at = workspace.reach(rows, cursor.at[rows], 4)
    begin = at
    at = at + 1
    for _ in range(3):
        at = at + ((workspace.u8(rows, at - 1) & 1) == 0)
    types = workspace.be16(rows, at)
    cisco = types >= SMALLEST_ETHERTYPE
    cursor.go(rows[cisco], at[cisco] + 2, types[cisco])
    rows, at, begin = rows[~cisco], at[~cisco], begin[~cisco]
    # After the control byte one byte of padding may come (RFC 2427 section 3).
    at = at + 1
    at = at + (workspace.u8(rows, at) == 0)
    identifier = workspace.u8(rows, at)
    cursor.go(rows, at, Next.OSI)
    for number, kind in _NLPID.items():
        chosen = identifier == number
        # SNAP: the organisation follows; the three bytes before it are taken for LLC's.
        cursor.go(rows[chosen], at[chosen] + 1, kind)
    snap = identifier == 0x80
    ethernet.snap(workspace, cursor, rows[snap], at[snap] - 2)


def osi(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """The first byte says which network protocol (ISO/IEC TR 9577); IS-IS says which message (ISO 10589 section 9)."""
    rows, at = workspace.reach(rows, cursor.at[rows], 1)
    identifier = workspace.u8(rows, at)
    cursor.go(rows, at, Next.UNSUPPORTED)
    protocol = workspace.columns["protocol"]
    for number, name in _OSI.items():
        found = rows[identifier == number]
        protocol[found] = name
        cursor.kinds[found] = Next.NOTHING
    kind = workspace.u8(rows, at + 4) & 0x1F
    for number, name in _ISIS.items():
        protocol[rows[(identifier == _NLPID_ISIS) & (kind == number)]] = name


def name_ipx(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    """IPX by its destination socket (Novell, "IPX Router Specification", section 2)."""
    socket = workspace.be16(rows, at + 16)
    workspace.columns["network"][rows] = 0
    for number, protocol in IPX_SOCKETS.items():
        workspace.columns["protocol"][rows[socket == number]] = protocol


def arcnet(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """https://www.tcpdump.org/linktypes/LINKTYPE_ARCNET_LINUX.html: source, destination, offset, protocol."""
    workspace.columns["protocol"][rows] = Protocol.ARCNET
    rows, at = workspace.reach(rows, cursor.at[rows], 5)
    number = workspace.u8(rows, at + 4)
    exception = workspace.u8(rows, at + 5) == _ARCNET_EXCEPTION
    cursor.go(rows, at + 5, Next.UNSUPPORTED)
    for code, (kind, more) in _ARCNET.items():
        found = number == code
        skip = more + 4 * (exception[found] if more else 0)
        cursor.go(rows[found], at[found] + 5 + skip, kind)


def ipoib(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """A global routing header of 40 bytes, EtherType, reserved (RFC 4391 section 6)."""
    rows, at = workspace.reach(rows, cursor.at[rows], 44)
    ethernet.follow_type(workspace, cursor, rows, at + 44, workspace.be16(rows, at + 40))


def ipnet(_workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Solaris' header of 24 bytes, https://www.tcpdump.org/linktypes/LINKTYPE_IPNET.html."""
    cursor.go(rows, cursor.at[rows] + 24, Next.IP)


def nflog(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html: attributes, in the byte order of whoever captured."""
    rows, at = workspace.reach(rows, cursor.at[rows], 8)
    at = at + 4
    for _ in range(_NFLOG_ATTRIBUTES):
        if not len(rows):
            return
        size, kind = workspace.be16(rows, at), workspace.be16(rows, at + 2)
        # Lengths and types are small: the order in which both are smaller is the order they were written in.
        swapped = kind > 0x00FF
        size = np.where(swapped, size.byteswap(), size).astype(np.int64)
        kind = np.where(swapped, kind.byteswap(), kind)
        payload = (kind == _NFLOG_PAYLOAD) & (size >= 4)
        workspace.narrow(rows[payload], (at + size)[payload])
        cursor.go(rows[payload], at[payload] + 4, Next.IP)
        going = ~payload & (size >= 4)
        rows, at = rows[going], (at + (size + 3) // 4 * 4)[going]
        inside = workspace.has(rows, at, 4)
        rows, at = rows[inside], at[inside]


def pktap(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Apple's header: length, kind, and the link type of what follows (little-endian)."""
    rows, at = workspace.reach(rows, cursor.at[rows], 12)
    cursor.go(rows, at + workspace.le16(rows, at), first_kinds(workspace.le16(rows, at + 8)))


def juniper(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """https://www.tcpdump.org/linktypes/LINKTYPE_JUNIPER_ETHER.html: cookie, flags, extensions."""
    rows, at = workspace.reach(rows, cursor.at[rows], 4)
    known = workspace.be16(rows, at) == _JUNIPER_MAGIC
    cursor.kinds[rows[~known]] = Next.UNSUPPORTED
    rows, at = rows[known], at[known]
    flags = workspace.u8(rows, at + 3)
    extension = np.where(flags & _JUNIPER_EXTENDED, workspace.be16(rows, at + 4).astype(np.int64) + 2, 0)
    cursor.go(rows, at + 4 + extension, np.where(flags & _JUNIPER_NO_LINK, Next.IP, Next.ETHERNET))


def token_ring(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """IEEE 802.5: access and frame control, addresses, LLC."""
    _ring(workspace, cursor, rows, 2, Protocol.TOKEN_RING)


def fddi(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """ANSI X3.139: frame control, addresses, LLC."""
    _ring(workspace, cursor, rows, 1, Protocol.FDDI)


def _ring(
    workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64], control: int, protocol: Protocol
) -> None:
    workspace.columns["protocol"][rows] = protocol
    rows, at = workspace.reach(rows, cursor.at[rows], control + 12)
    at = at + control
    both = workspace.window(rows, at, 14)
    pairs = np.ascontiguousarray(both[:, :12]).reshape(-1, 2, 6)
    padded = np.zeros((len(rows), 2, 8), np.uint8)
    padded[:, :, 2:] = pairs
    routed = (padded[:, 1, 2] & _ROUTED) != 0
    padded[:, 1, 2] &= 0x7F
    numbers = padded.view(">u8").reshape(-1, 2)
    workspace.columns["destination_mac"][rows] = numbers[:, 0]
    workspace.columns["source_mac"][rows] = numbers[:, 1]
    skip = np.where(routed, workspace.u8(rows, at + 12) & 0x1F, 0).astype(np.int64)
    cursor.go(rows, at + 12 + skip, Next.LLC)


def ieee1394(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Apple's header for IP over IEEE 1394: two addresses of eight bytes, EtherType."""
    rows, at = workspace.reach(rows, cursor.at[rows], 18)
    ethernet.follow_type(workspace, cursor, rows, at + 18, workspace.be16(rows, at + 16))


def ppp_directed(_workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """PPP after one byte that says who sent it, https://www.tcpdump.org/linktypes/LINKTYPE_PPP_WITH_DIR.html."""
    cursor.go(rows, cursor.at[rows] + 1, Next.PPP)
