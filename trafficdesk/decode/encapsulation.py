"""Cooked and loopback headers, PPP, PPPoE, Cisco HDLC and MPLS: steps of the walk in `link`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.cursor import MPLS, MPLS_UPSTREAM, SMALLEST_ETHERTYPE, Cursor, Next
from trafficdesk.decode.named_types import PPP_PROTOCOLS
from trafficdesk.packets.protocol import EtherType, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

_SLL: Final = np.dtype(
    {
        "names": ["address_length", "address", "type"],
        "formats": [">u2", ">u8", ">u2"],
        "offsets": [4, 6, 14],
        "itemsize": 16,
    }
)
_SLL2: Final = np.dtype(
    {
        "names": ["type", "address_length", "address"],
        "formats": [">u2", "u1", ">u8"],
        "offsets": [0, 11, 12],
        "itemsize": 20,
    }
)
_SLL_802_2: Final = 0x0004
"""Protocol field of an 802.2 LLC frame (tcpdump.org, LINKTYPE_LINUX_SLL)."""
_ADDRESS_FAMILIES: Final = (2, 10, 24, 28, 30)
"""AF_INET, then AF_INET6 of Linux, NetBSD and Npcap, FreeBSD, Darwin (tcpdump.org, LINKTYPE_NULL)."""
_HDLC_ADDRESS_CONTROL: Final = 0xFF03
_CISCO_ADDRESS_CONTROL: Final = (0x0F00, 0x8F00)
"""Unicast and multicast; neither can begin a PPP frame, whose control byte is never 0."""
_PPP_NEXT: Final = (
    (0x0021, EtherType.IPV4),
    (0x0057, EtherType.IPV6),
    (0x0281, MPLS),
    (0x0283, MPLS_UPSTREAM),
)
"""IANA "PPP DLL Protocol Numbers"."""
_PPP_CONTROL: Final = 0x8000
"""PPP's own protocols (LCP, IPCP, PAP, ...) lie above (RFC 1661 section 2)."""
_CISCO_SLARP: Final = 0x8035
_CISCO_OSI: Final = 0xFEFE


def linux_sll(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Linux cooked capture, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html."""
    _cooked(workspace, cursor, rows, _SLL)


def linux_sll2(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Linux cooked capture, second version, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html."""
    _cooked(workspace, cursor, rows, _SLL2)


def _cooked(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64], layout: np.dtype[np.void]) -> None:
    rows, at = workspace.reach(rows, cursor.at[rows], layout.itemsize)
    header = workspace.header(rows, at, layout)
    six = header["address_length"] == 6
    workspace.columns["source_mac"][rows[six]] = header["address"][six] >> np.uint64(16)
    types = header["type"].astype(np.uint16)
    small = np.where(types == _SLL_802_2, Next.LLC, Next.UNSUPPORTED)
    cursor.go(rows, at + layout.itemsize, np.where(types >= SMALLEST_ETHERTYPE, types, small))


def loopback(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """BSD loopback: an address family in the byte order of whoever captured (LINKTYPE_NULL) or big-endian (LOOP)."""
    rows, at = workspace.reach(rows, cursor.at[rows], 4)
    family = workspace.be32(rows, at)
    # Families are small, so the order in which the number is smaller is the order it was written in.
    family = np.minimum(family, family.byteswap())
    known = np.isin(family, _ADDRESS_FAMILIES)
    # Some write an EtherType instead (Wireshark reads it so, too).
    typed = (family >= SMALLEST_ETHERTYPE) & (family <= 0xFFFF)
    cursor.go(rows, at + 4, np.where(known, Next.IP, np.where(typed, family, Next.UNSUPPORTED)))


def by_version(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Raw IP: the version nibble says which."""
    rows, at = workspace.reach(rows, cursor.at[rows], 1)
    version = workspace.u8(rows, at) >> 4
    kinds = np.full(len(rows), Next.UNSUPPORTED, np.uint16)
    kinds[version == 4] = EtherType.IPV4
    kinds[version == 6] = EtherType.IPV6
    cursor.go(rows, at, kinds)


def ppp(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 1661 section 2 and, where address and control are there, RFC 1662 section 3.1, or Cisco's in their place."""
    workspace.columns["protocol"][rows] = Protocol.PPP
    at = cursor.at[rows]
    framing = workspace.be16(rows, at)
    cisco = np.isin(framing, _CISCO_ADDRESS_CONTROL)
    cursor.kinds[rows[cisco]] = Next.CISCO_HDLC
    rows, at = rows[~cisco], at[~cisco] + 2 * (framing[~cisco] == _HDLC_ADDRESS_CONTROL)
    # Protocol field compression (RFC 1661 section 6.5): an odd first byte is the whole number.
    first = workspace.u8(rows, at)
    compressed = (first & 1) == 1
    protocols = np.where(compressed, first, workspace.be16(rows, at))
    stop = at + np.where(compressed, 1, 2)
    cursor.go(rows, stop, np.where(protocols >= _PPP_CONTROL, Next.NOTHING, Next.UNSUPPORTED))
    for number, name in PPP_PROTOCOLS.items():
        workspace.columns["protocol"][rows[protocols == number]] = name
    for protocol, kind in _PPP_NEXT:
        cursor.kinds[rows[protocols == protocol]] = kind
    # Rows that end before the number read 0 here: unsupported, but first of all truncated.
    workspace.reach(rows, stop, 0)


def cisco_hdlc(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Address, control, EtherType; 0x8035 is Cisco's SLARP here, not RARP."""
    rows, at = workspace.reach(rows, cursor.at[rows], 4)
    types = workspace.be16(rows, at + 2)
    typed = (types >= SMALLEST_ETHERTYPE) & (types != _CISCO_SLARP)
    cursor.go(rows, at + 4, np.where(typed, types, Next.UNSUPPORTED))
    slarp = types == _CISCO_SLARP
    workspace.columns["protocol"][rows[slarp]] = Protocol.SLARP
    cursor.kinds[rows[slarp]] = Next.NOTHING
    osi = types == _CISCO_OSI
    # One byte of padding stands before the network layer protocol identifier.
    pad = workspace.u8(rows[osi], at[osi] + 4) == 0
    cursor.go(rows[osi], at[osi] + 4 + pad, Next.OSI)


def pppoe(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 2516 section 4, session stage."""
    workspace.columns["protocol"][rows] = Protocol.PPPOE
    rows, at = workspace.reach(rows, cursor.at[rows], 6)
    workspace.narrow(rows, at + 6 + workspace.be16(rows, at + 4))
    cursor.go(rows, at + 6, Next.PPP)


def mpls(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """One label stack entry, RFC 3032 section 2.1; under the last one, IP by its version nibble."""
    rows, at = workspace.reach(rows, cursor.at[rows], 4)
    last = (workspace.u8(rows, at + 2) & 1) == 1
    cursor.go(rows, at + 4, np.where(last, Next.IP, MPLS))
