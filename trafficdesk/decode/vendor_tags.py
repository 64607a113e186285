"""Tags that switches put into a frame: steps of the walk in `link`. What follows the tag is what the row shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode import ethernet
from trafficdesk.decode.cursor import MPLS, Cursor, Next
from trafficdesk.packets.protocol import EtherType, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

AVSP: Final = 0xD28B
FABRIC_PATH: Final = 0x8903
CISCO_METADATA: Final = 0x8909
MACSEC: Final = 0x88E5
NSH: Final = 0x894F
EDSA: Final = 0xDADA
VN_TAG: Final = 0x8926
R_TAG: Final = 0xF1C1
HSR: Final = 0x892F
I_TAG: Final = 0x88E7
TRILL: Final = 0x22F3
"""EtherTypes: "IEEE 802 Numbers"; Arista's and Marvell's are not registered."""

_AVSP_48_BITS: Final = 0x20
"""Second byte of the version where the time has 48 bits; otherwise it has 64 (Arista EOS user manual, "TAP aggregation")."""
_MACSEC_HAS_CHANNEL: Final = 0x20
_MACSEC_CHANGED: Final = 0x0C
"""Encrypted or changed text (IEEE 802.1AE section 9.5)."""
_MACSEC_CHECK_BYTES: Final = 16
_NSH_NEXT: Final = {
    1: EtherType.IPV4,
    2: EtherType.IPV6,
    3: Next.BRIDGED,
    4: NSH,
    5: MPLS,
}
"""RFC 8300 section 2.2."""
_FIXED: Final = {CISCO_METADATA: 6, VN_TAG: 4, R_TAG: 4, HSR: 4, EDSA: 6}
"""Bytes between the tag's EtherType and the next EtherType."""
FIXED: Final = tuple(_FIXED)
"""EtherTypes of `fixed`."""


def dsa(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Marvell's switch tag in the place of the EtherType, which comes after it; bit 5 says that it holds a VLAN."""
    rows = _link_addresses(workspace, cursor, rows, 18)
    _switch_vlan(workspace, rows, cursor.at[rows] + 12)
    _go_by_type(workspace, cursor, rows, cursor.at[rows] + 16)


def broadcom(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Broadcom's four bytes between the addresses and the EtherType."""
    rows = _link_addresses(workspace, cursor, rows, 18)
    _go_by_type(workspace, cursor, rows, cursor.at[rows] + 16)


def broadcom_prepended(_workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Broadcom's four bytes before the frame."""
    cursor.go(rows, cursor.at[rows] + 4, Next.ETHERNET)


def fixed(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """A tag of fixed size, then an EtherType."""
    at = cursor.at[rows]
    kinds = workspace.be16(rows, at - 2)
    size = np.zeros(len(rows), np.int64)
    for kind, octets in _FIXED.items():
        size[kinds == kind] = octets
    inside, begin = workspace.reach(rows, at, size + 2)
    size = size[np.isin(rows, inside)]
    tagged = workspace.be16(inside, begin - 2) == EDSA
    _switch_vlan(workspace, inside[tagged], begin[tagged] + 2)
    _go_by_type(workspace, cursor, inside, begin + size)


def avsp(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Arista's vendor-specific protocol: a time stamp."""
    rows, at = workspace.reach(rows, cursor.at[rows], 14)
    short = workspace.u8(rows, at + 3) == _AVSP_48_BITS
    _go_by_type(workspace, cursor, rows, at + np.where(short, 10, 12))


def fabric_path(_workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Cisco FabricPath: two bytes, then the frame that is carried."""
    cursor.go(rows, cursor.at[rows] + 2, Next.BRIDGED)


def backbone(_workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Provider backbone bridging (IEEE 802.1ah): a service tag, then the customer's frame."""
    cursor.go(rows, cursor.at[rows] + 4, Next.BRIDGED)


def trill(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 6325 section 3: six bytes and options, then the frame that is carried."""
    rows, at = workspace.reach(rows, cursor.at[rows], 6)
    options = (workspace.be16(rows, at) >> 6 & 0x1F).astype(np.int64) * 4
    cursor.go(rows, at + 6 + options, Next.BRIDGED)


def macsec(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """IEEE 802.1AE section 9: what is only authenticated can be read."""
    workspace.columns["protocol"][rows] = Protocol.MACSEC
    workspace.columns["network"][rows] = MACSEC
    rows, at = workspace.reach(rows, cursor.at[rows], 6)
    flags = workspace.u8(rows, at)
    clear = (flags & _MACSEC_CHANGED) == 0
    rows, at, flags = rows[clear], at[clear], flags[clear]
    workspace.columns["network"][rows] = 0
    workspace.narrow(rows, workspace.limits[rows] - _MACSEC_CHECK_BYTES)
    _go_by_type(workspace, cursor, rows, at + np.where(flags & _MACSEC_HAS_CHANNEL, 14, 6))


def nsh(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Network service header, RFC 8300 section 2."""
    rows, at = workspace.reach(rows, cursor.at[rows], 8)
    size = (workspace.be16(rows, at) & 0x3F).astype(np.int64) * 4
    cursor.go(rows, at + np.maximum(size, 8), Next.UNSUPPORTED)
    follows = workspace.u8(rows, at + 3)
    for number, kind in _NSH_NEXT.items():
        cursor.kinds[rows[follows == number]] = kind


def _link_addresses(
    workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    """The two addresses that the frame begins with; returns the rows of at least `size` bytes."""
    rows, at = workspace.reach(rows, cursor.at[rows], size)
    # What follows the addresses here is a tag: read as a length, it would cut the packet off.
    ethernet.read_addresses(workspace, rows, workspace.header(rows, at, ethernet.HEADER))
    return rows


def _switch_vlan(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    tagged = (workspace.u8(rows, at) & 0x20) != 0
    rows, at = rows[tagged], at[tagged]
    workspace.columns["vlan"][rows] = workspace.be16(rows, at + 2) & 0x0FFF


def _go_by_type(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    ethernet.follow_type(workspace, cursor, rows, at + 2, workspace.be16(rows, at))
