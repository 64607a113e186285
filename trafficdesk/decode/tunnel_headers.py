"""Headers of tunnels: which rows have one, and what begins where behind it.

Each function gets rows and the first byte of the tunnel's header, and returns the kind of header (`Next` or EtherType)
that the inner packet begins with, `Next.NOTHING` where there is none to be read, and its first byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from trafficdesk.decode.cursor import MPLS, Next
from trafficdesk.packets.protocol import EtherType, Protocol, Tunnel

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

    Found = tuple[NDArray[np.uint16], NDArray[np.int64]]
    Opener = Callable[[Workspace, NDArray[np.int64], NDArray[np.int64]], Found]

_GRE_CHECKSUM: Final = 0x8000
_GRE_ROUTING: Final = 0x4000
_GRE_KEY: Final = 0x2000
_GRE_SEQUENCE: Final = 0x1000
_GRE_ACKNOWLEDGEMENT: Final = 0x0080
"""RFC 2784 section 2, RFC 2890 section 2, RFC 2637 section 4.1."""
_ERSPAN: Final = 0x88BE
_ERSPAN_3: Final = 0x22EB
_WCCP: Final = 0x883E
_CISCO_OSI: Final = 0x00FE
_NEXT_PROTOCOL: Final = {1: EtherType.IPV4, 2: EtherType.IPV6, 3: Next.BRIDGED, 4: Next.NETWORK_SERVICE}
"""VXLAN-GPE's (draft-ietf-nvo3-vxlan-gpe section 3.2)."""
_USER_DATA: Final = 0xFF
"""GTP-U's message type of a packet (3GPP TS 29.281 section 6.1)."""
_MAX_GTP_EXTENSIONS: Final = 8


def _kinds(rows: NDArray[np.int64], kind: int) -> NDArray[np.uint16]:
    return np.full(len(rows), kind, np.uint16)


def _ipv4(_workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 2003."""
    return _kinds(rows, EtherType.IPV4), at


def _ipv6(_workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 4213 section 3, RFC 2473."""
    return _kinds(rows, EtherType.IPV6), at


def _mpls(_workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 4023 section 3, RFC 7510."""
    return _kinds(rows, MPLS), at


def _etherip(_workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 3378 section 3: two bytes."""
    return _kinds(rows, Next.BRIDGED), at + 2


def _ethernet(_workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 8986 section 10.1: Ethernet right behind IPv6."""
    return _kinds(rows, Next.BRIDGED), at


def _gre(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    flags = workspace.be16(rows, at)
    kinds = workspace.be16(rows, at + 2)
    size = np.full(len(rows), 4, np.int64)
    size += 4 * ((flags & (_GRE_CHECKSUM | _GRE_ROUTING)) != 0)
    size += 4 * ((flags & _GRE_KEY) != 0)
    size += 4 * ((flags & _GRE_SEQUENCE) != 0)
    first = (flags & 7) == 1
    size += 4 * (first & ((flags & _GRE_ACKNOWLEDGEMENT) != 0))
    kinds[kinds == _CISCO_OSI] = Next.OSI
    begin = at + size
    # ERSPAN of type I has neither sequence number nor header of its own.
    erspan = kinds == _ERSPAN
    kinds[erspan] = Next.BRIDGED
    begin[erspan & ((flags & _GRE_SEQUENCE) != 0)] += 8
    third = kinds == _ERSPAN_3
    if third.any():
        word = workspace.be16(rows, begin + 10)
        begin[third] += (12 + 8 * (word & 1).astype(np.int64))[third]
        frame_type = word >> 10 & 0x1F
        workspace.columns["protocol"][rows[third]] = Protocol.ERSPAN
        kinds[third] = np.where(frame_type == 0, Next.BRIDGED, np.where(frame_type == 2, Next.IP, 0))[third]
    wccp = kinds == _WCCP
    redirected = wccp & (workspace.u8(rows, begin) >> 4 != 4)
    begin[redirected] += 4
    kinds[wccp] = Next.IP
    kinds[(flags & _GRE_ROUTING) != 0] = Next.NOTHING
    return kinds, begin


def _vxlan(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 7348 section 5; the network identifier's flag must be set."""
    valid = (workspace.u8(rows, at) & 0x08) != 0
    return np.where(valid, Next.BRIDGED, Next.NOTHING).astype(np.uint16), at + 8


def _vxlan_linux(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """Linux's port before there was a registered one: nothing but the flag may be set."""
    valid = (workspace.be32(rows, at) == 0x0800_0000) & (workspace.u8(rows, at + 7) == 0)
    return np.where(valid, Next.BRIDGED, Next.NOTHING).astype(np.uint16), at + 8


def _vxlan_gpe(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    follows = workspace.u8(rows, at + 3)
    kinds = _kinds(rows, Next.NOTHING)
    for number, kind in _NEXT_PROTOCOL.items():
        kinds[follows == number] = kind
    return kinds, at + 8


def _geneve(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 8926 section 3.4."""
    first = workspace.u8(rows, at)
    kinds = np.where(first >> 6 == 0, workspace.be16(rows, at + 2), np.uint16(Next.NOTHING))
    return kinds, at + 8 + 4 * (first & 0x3F).astype(np.int64)


def _gtp(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """3GPP TS 29.281 section 5: version 1, a user's packet, extension headers."""
    flags = workspace.u8(rows, at)
    valid = (flags >> 4 == 3) & (workspace.u8(rows, at + 1) == _USER_DATA)
    begin = at + np.where(flags & 7, 12, 8)
    extension = np.where(flags & 4, workspace.u8(rows, at + 11), np.uint8(0))
    for _ in range(_MAX_GTP_EXTENSIONS):
        going = extension != 0
        if not going.any():
            break
        size = 4 * workspace.u8(rows, begin).astype(np.int64)
        going &= size > 0
        begin = np.where(going, begin + size, begin)
        extension = np.where(going, workspace.u8(rows, begin - 1), np.uint8(0))
    return _by_version(workspace, rows, begin, valid), begin


def _teredo(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 4380 section 5.1.1: authentication and origin may stand before the IPv6 packet."""
    authenticated = workspace.be16(rows, at) == 1
    sizes = 13 + workspace.u8(rows, at + 2).astype(np.int64) + workspace.u8(rows, at + 3)
    begin = at + np.where(authenticated, sizes, 0)
    begin = begin + 8 * (workspace.be16(rows, begin) == 0)
    valid = workspace.u8(rows, begin) >> 4 == 6
    return np.where(valid, EtherType.IPV6, Next.NOTHING).astype(np.uint16), begin


def _lisp(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 9300 section 5.1."""
    return _by_version(workspace, rows, at + 8, np.ones(len(rows), bool)), at + 8


def _capwap(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 5415 section 4.3: a wireless frame (its control field swapped by the commonest maker) or Ethernet."""
    plain = workspace.u8(rows, at) == 0
    kept_alive = (workspace.u8(rows, at + 3) & 0x08) != 0
    wireless = (workspace.u8(rows, at + 2) & 1) != 0
    size = 4 * (workspace.u8(rows, at + 1) >> 3).astype(np.int64)
    kinds = np.where(wireless, Next.WLAN_SWAPPED, Next.BRIDGED)
    return np.where(plain & ~kept_alive, kinds, Next.NOTHING).astype(np.uint16), at + size


def _l2tp(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> Found:
    """RFC 2661 section 3.1: data messages carry PPP."""
    flags = workspace.be16(rows, at)
    data = ((flags & 0x8000) == 0) & ((flags & 0x000F) == 2)
    begin = at + 6 + 2 * ((flags & 0x4000) != 0) + 4 * ((flags & 0x0800) != 0)
    has_offset = (flags & 0x0200) != 0
    begin = begin + np.where(has_offset, 2 + workspace.be16(rows, begin).astype(np.int64), 0)
    return np.where(data, Next.PPP, Next.NOTHING).astype(np.uint16), begin


def _by_version(
    workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64], valid: NDArray[np.bool_]
) -> NDArray[np.uint16]:
    version = workspace.u8(rows, at) >> 4
    valid = valid & ((version == 4) | (version == 6))
    return np.where(valid, Next.IP, Next.NOTHING).astype(np.uint16)


class Carrier(NamedTuple):
    """One tunnel."""

    tunnel: Tunnel
    open: Opener
    protocol: Protocol
    """What the row is called where the inner packet cannot be."""


BY_IP_PROTOCOL: Final[dict[int, Carrier]] = {
    4: Carrier(Tunnel.IP_IN_IP, _ipv4, Protocol.IPIP),
    41: Carrier(Tunnel.IPV6_IN_IP, _ipv6, Protocol.IPV6),
    47: Carrier(Tunnel.GRE, _gre, Protocol.GRE),
    97: Carrier(Tunnel.ETHERIP, _etherip, Protocol.ETHERIP),
    137: Carrier(Tunnel.MPLS, _mpls, Protocol.MPLS),
    143: Carrier(Tunnel.ETHERIP, _ethernet, Protocol.ETHERIP),
}
BY_UDP_PORT: Final[dict[int, Carrier]] = {
    1701: Carrier(Tunnel.L2TP, _l2tp, Protocol.L2TP),
    2152: Carrier(Tunnel.GTP, _gtp, Protocol.GTP),
    3544: Carrier(Tunnel.TEREDO, _teredo, Protocol.TEREDO),
    4341: Carrier(Tunnel.LISP, _lisp, Protocol.LISP_DATA),
    4789: Carrier(Tunnel.VXLAN, _vxlan, Protocol.VXLAN),
    4790: Carrier(Tunnel.VXLAN, _vxlan_gpe, Protocol.VXLAN),
    5247: Carrier(Tunnel.CAPWAP, _capwap, Protocol.CAPWAP_DATA),
    6081: Carrier(Tunnel.GENEVE, _geneve, Protocol.GENEVE),
    6635: Carrier(Tunnel.MPLS, _mpls, Protocol.MPLS),
    8472: Carrier(Tunnel.VXLAN, _vxlan_linux, Protocol.VXLAN),
}
"""IANA "Service Name and Port Number"; 8472 is Linux's VXLAN port of old."""
