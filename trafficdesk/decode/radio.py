"""IEEE 802.11 frames and what capture programs put before them: radiotap, PPI, Prism, AVS; steps of the walk in `link`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.cursor import Cursor, Next
from trafficdesk.decode.link_types import first_kinds
from trafficdesk.packets.protocol import LinkType, Protocol, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

_WLAN: Final = np.dtype(
    {
        "names": ["type", "flags", "first", "second", "third"],
        # An address is read as 8 bytes and cut to 6: one load instead of six.
        "formats": ["u1", "u1", ">u8", ">u8", ">u8"],
        "offsets": [0, 1, 4, 10, 16],
        "itemsize": 24,
    }
)
_16_BITS: Final = np.uint64(16)
_CHECK_BYTES: Final = 4
"""Frame check sequence, IEEE 802.11 section 9.2.4.8."""
_DATA: Final = 2
_CONTROL: Final = 1
_TO_SYSTEM: Final = 0x01
_FROM_SYSTEM: Final = 0x02
_PROTECTED: Final = 0x40
_ORDER: Final = 0x80
"""High throughput control follows, in QoS data (IEEE 802.11 section 9.2.4.1.10)."""
_AGGREGATED: Final = 0x80
"""Several frames in one, in the QoS control field (IEEE 802.11 section 9.2.4.5.9)."""
_RADIOTAP_CHECKED: Final = 0x10
_RADIOTAP_PADDED: Final = 0x20
"""Flags of https://www.radiotap.org/fields/Flags.html: the check sequence is there; the header is padded to 4."""
_MAX_PRESENT: Final = 16
"""Words of radiotap's bit map followed; drivers use up to 6."""
_PPI_WLAN_COMMON: Final = 2
"""Field type 802.11-Common (PPI header format 1.0.7, section 4.1.1)."""


def radiotap(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """https://www.radiotap.org: a header whose flags say how the frame ends."""
    rows, at = workspace.reach(rows, cursor.at[rows], 8)
    size = workspace.le16(rows, at + 2).astype(np.int64)
    present = workspace.u8(rows, at + 4)
    fields = at + 8
    for _ in range(_MAX_PRESENT):
        more = (workspace.u8(rows, fields - 1) & 0x80) != 0
        if not more.any():
            break
        fields = fields + 4 * more
    # The timer is aligned to 8 bytes from the header's start; flags follow it.
    timer = at + ((fields - at + 7) // 8) * 8 + 8
    flags = workspace.u8(rows, np.where(present & 1, timer, fields)) * ((present & 2) != 0)
    _check_sequence(workspace, rows, (flags & _RADIOTAP_CHECKED) != 0)
    cursor.go(rows, at + size, Next.WLAN)
    _wlan(workspace, cursor, rows, padded=(flags & _RADIOTAP_PADDED) != 0)


def ppi(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Per-packet information: a length, and the link type of what follows."""
    rows, at = workspace.reach(rows, cursor.at[rows], 8)
    link = workspace.le16(rows, at + 4)
    common = (link == LinkType.IEEE802_11) & (workspace.le16(rows, at + 8) == _PPI_WLAN_COMMON)
    _check_sequence(workspace, rows, common & ((workspace.u8(rows, at + 20) & 1) != 0))
    cursor.go(rows, at + workspace.le16(rows, at + 2), first_kinds(link))


def prism(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Prism monitor header, or the AVS header that some drivers put under the same link type."""
    rows, at = workspace.reach(rows, cursor.at[rows], 8)
    is_avs = (workspace.be32(rows, at) & 0xFFFF_F000) == 0x8021_1000
    cursor.kinds[rows[is_avs]] = Next.AVS
    rows, at = rows[~is_avs], at[~is_avs]
    little = workspace.u8(rows, at + 4).astype(np.int64) | (workspace.u8(rows, at + 5).astype(np.int64) << 8)
    size = np.where(little > 0, little, workspace.be32(rows, at + 4))
    cursor.go(rows, at + size, Next.WLAN)


def avs(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """AVS wireless header: cookie, length."""
    rows, at = workspace.reach(rows, cursor.at[rows], 8)
    cursor.go(rows, at + workspace.be32(rows, at + 4), Next.WLAN)


def wlan(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """IEEE 802.11 section 9.2: addresses, and what plain data frames carry."""
    _wlan(workspace, cursor, rows, padded=np.zeros(len(rows), bool))


def wlan_swapped(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """As CAPWAP carries it."""
    _wlan(workspace, cursor, rows, padded=np.zeros(len(rows), bool), swapped=True)


def _check_sequence(workspace: Workspace, rows: NDArray[np.int64], there: NDArray[np.bool_]) -> None:
    """Take the check sequence off the packets' ends."""
    checked = rows[there]
    workspace.narrow(checked, workspace.limits[checked] - _CHECK_BYTES)


def _wlan(
    workspace: Workspace,
    cursor: Cursor,
    rows: NDArray[np.int64],
    *,
    padded: NDArray[np.bool_],
    swapped: bool = False,
) -> None:
    workspace.columns["protocol"][rows] = Protocol.WLAN
    cursor.kinds[rows] = Next.NOTHING
    before = rows
    rows, at = workspace.reach(rows, cursor.at[rows], 10)
    padded = padded[np.isin(before, rows)] if len(before) != len(rows) else padded
    header = workspace.header(rows, at, _WLAN)
    if swapped:
        header["type"], header["flags"] = header["flags"].copy(), header["type"].copy()
    kind = (header["type"] >> 2) & 3
    flags = header["flags"]
    both = (flags & (_TO_SYSTEM | _FROM_SYSTEM)) == (_TO_SYSTEM | _FROM_SYSTEM)
    _addresses(workspace, rows, at, header, both)
    # Subtypes with bit 2 carry nothing ("null"); encrypted data says no more.
    quality = (header["type"] & 0x80) != 0
    plain = (kind == _DATA) & ((header["type"] & 0x40) == 0) & ((flags & _PROTECTED) == 0)
    rows, at, both, quality, flags, padded = (
        array[plain] for array in (rows, at, both, quality, flags, padded)
    )
    size = 24 + 6 * both + 2 * quality + 4 * (quality & ((flags & _ORDER) != 0))
    aggregated = quality & ((workspace.u8(rows, at + 24 + 6 * both) & _AGGREGATED) != 0)
    size = np.where(padded, (size + 3) // 4 * 4, size)
    after, stop = workspace.reach(rows, at + size, 3)
    # Of an aggregate the first frame counts: two addresses and a length before it.
    cursor.go(after, stop + 14 * aggregated[np.isin(rows, after)], Next.LLC)


def _addresses(
    workspace: Workspace,
    rows: NDArray[np.int64],
    at: NDArray[np.int64],
    header: NDArray[np.void],
    both: NDArray[np.bool_],
) -> None:
    """Destination and source as the two direction bits place them (IEEE 802.11 table 9-30)."""
    first, second, third = (header[name] >> _16_BITS for name in ("first", "second", "third"))
    to_system = (header["flags"] & _TO_SYSTEM) != 0
    from_system = (header["flags"] & _FROM_SYSTEM) != 0
    data = ((header["type"] >> 2) & 3) == _DATA
    columns = workspace.columns
    columns["destination_mac"][rows] = np.where(data & to_system, third, first)
    # Clear to send and acknowledgement have a receiver only.
    sent = ~((((header["type"] >> 2) & 3) == _CONTROL) & ((header["type"] >> 4) >= 12)) & (
        workspace.ends[rows] - at >= 16
    )
    source = np.where(data & from_system, third, second)
    columns["source_mac"][rows[sent]] = source[sent]
    relayed = data & both & (workspace.ends[rows] - at >= 30)
    columns["source_mac"][rows[relayed]] = (
        workspace.window(rows[relayed], at[relayed] + 24, 8).view(">u8").reshape(-1) >> _16_BITS
    )
    short = workspace.ends[rows] - at < 24
    workspace.mark(rows[short & ((header["type"] >> 2) & 3 != _CONTROL)], Status.TRUNCATED)
