"""Ethernet, VLAN tags, LLC and SNAP: steps of the walk in `link`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.cursor import SMALLEST_ETHERTYPE, Cursor, Next
from trafficdesk.decode.named_types import SERVICE_ACCESS_POINTS, SNAP_TYPES
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.protocol import EtherType, Protocol, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

HEADER: Final = np.dtype(
    {
        "names": ["destination", "source", "type"],
        # An address is read as 8 bytes and cut to 6: one load instead of six.
        "formats": [">u8", ">u8", ">u2"],
        "offsets": [0, 4, 12],
        "itemsize": 14,
    }
)
_VLAN: Final = np.dtype([("tag", ">u2"), ("type", ">u2")])
_SNAP: Final = np.dtype(
    [("dsap", "u1"), ("ssap", "u1"), ("control", "u1"), ("oui", "u1", 3), ("type", ">u2")]
)
_48_BITS: Final = np.uint64(0xFFFF_FFFF_FFFF)
_16_BITS: Final = np.uint64(16)

_SAP_INTERNET: Final = 0x06
_SAP_OSI: Final = 0xFE
_SAP_IPX: Final = 0xE0
_RAW_IPX: Final = 0xFF
"""Novell's frames without LLC begin with a checksum of ones."""
_IPX: Final = 0x8137
_SAP_SNAP: Final = 0xAA
_UNNUMBERED_INFORMATION: Final = 0x03
_BRIDGED_ETHERNET: Final = (0x0001, 0x0007)
"""With and without frame check sequence (RFC 2684 section 5.2)."""


def ethernet(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """IEEE 802.3 section 3."""
    columns = workspace.columns
    at = cursor.at[rows]
    header = workspace.header(rows, at, HEADER)
    read_addresses(workspace, rows, header)
    room = workspace.ends[rows] - at
    if len(room) and room.min() < 14:
        columns["destination_mac"][rows[room < 6]] = NO_MAC
        columns["source_mac"][rows[room < 12]] = NO_MAC
        whole = room >= 14
        workspace.mark(rows[~whole], Status.TRUNCATED)
        rows, at, header = rows[whole], at[whole], header[whole]
    follow_type(workspace, cursor, rows, at + 14, header["type"].astype(np.uint16))


def read_addresses(workspace: Workspace, rows: NDArray[np.int64], header: NDArray[np.void]) -> None:
    """The two addresses that a frame begins with."""
    columns = workspace.columns
    columns["protocol"][rows] = Protocol.ETHERNET
    columns["destination_mac"][rows] = header["destination"] >> _16_BITS
    columns["source_mac"][rows] = header["source"] & _48_BITS


def bridged(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """An inner Ethernet header: its addresses are not the frame's own."""
    rows, at = workspace.reach(rows, cursor.at[rows], 14)
    follow_type(workspace, cursor, rows, at + 14, workspace.be16(rows, at + 12))


def vlan(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """IEEE 802.1Q section 9.6; the outermost identifier counts."""
    rows, at = workspace.reach(rows, cursor.at[rows], 4)
    header = workspace.header(rows, at, _VLAN)
    untagged = workspace.columns["vlan"][rows] < 0
    workspace.columns["vlan"][rows[untagged]] = header["tag"][untagged] & 0x0FFF
    follow_type(workspace, cursor, rows, at + 4, header["type"].astype(np.uint16))


def follow_type(
    workspace: Workspace,
    cursor: Cursor,
    rows: NDArray[np.int64],
    at: NDArray[np.int64],
    types: NDArray[np.uint16],
) -> None:
    """Go on at `at`, after an 802.3 type/length field: a type names what follows, a length cuts the padding off."""
    cursor.go(rows, at, types)
    small = types < SMALLEST_ETHERTYPE
    if small.any():
        rows, at, lengths = rows[small], at[small], types[small].astype(np.int64)
        is_length = lengths <= 1500
        cursor.kinds[rows] = np.where(is_length, Next.LLC, Next.UNSUPPORTED)
        workspace.narrow(rows[is_length], (at + lengths)[is_length])


def llc(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """IEEE 802.2 section 3.2."""
    workspace.columns["protocol"][rows] = Protocol.LLC
    rows, at = workspace.reach(rows, cursor.at[rows], 3)
    header = workspace.header(rows, at, _SNAP)
    cursor.go(rows, at, Next.UNSUPPORTED)
    for point, protocol in SERVICE_ACCESS_POINTS.items():
        # Supervisory frames are LLC's own.
        named = rows[(header["dsap"] == point) & ((header["control"] & 3) != 1)]
        workspace.columns["protocol"][named] = protocol
        cursor.kinds[named] = Next.NOTHING
    information = header["control"] == _UNNUMBERED_INFORMATION
    internet = (header["dsap"] == _SAP_INTERNET) & information
    cursor.go(rows[internet], at[internet] + 3, EtherType.IPV4)
    osi = header["dsap"] == _SAP_OSI
    cursor.go(rows[osi], at[osi] + 3, Next.OSI)
    raw_ipx = (header["dsap"] == _RAW_IPX) & (header["ssap"] == _RAW_IPX)
    ipx = raw_ipx | (header["dsap"] == _SAP_IPX)
    cursor.go(rows[ipx], at[ipx] + np.where(raw_ipx[ipx], 0, 3), _IPX)
    extended = (header["dsap"] == _SAP_SNAP) & (header["ssap"] == _SAP_SNAP) & information
    snap(workspace, cursor, rows[extended], at[extended])


def snap(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    """Subnetwork access protocol, IEEE 802 section 10.3."""
    rows, at = workspace.reach(rows, at, 8)
    header = workspace.header(rows, at, _SNAP)
    types = header["type"].astype(np.uint16)
    organisation = header["oui"] @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    # 00-00-00 is RFC 1042's, 00-00-F8 that of IEEE 802.1H; an EtherType follows both.
    typed = ((organisation == 0) | (organisation == 0x0000F8)) & (types >= SMALLEST_ETHERTYPE)
    cursor.go(rows[typed], at[typed] + 8, types[typed])
    inner = (organisation == 0x0080C2) & np.isin(types, _BRIDGED_ETHERNET)
    cursor.go(rows[inner], at[inner] + 8, Next.BRIDGED)
    for (code, number), protocol in SNAP_TYPES.items():
        named = rows[(organisation == code) & (types == number)]
        workspace.columns["protocol"][named] = protocol
        cursor.kinds[named] = Next.NOTHING
