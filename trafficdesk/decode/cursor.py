"""`Cursor`: where each frame's walk from its first byte to its network header stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST_ETHERTYPE: Final = 0x0600
"""IEEE 802.3 section 3.2.6: smaller values are lengths (up to 1500) or undefined."""

MPLS: Final = 0x8847
"""EtherType of MPLS (RFC 5332 section 3)."""
MPLS_UPSTREAM: Final = 0x8848
"""EtherType of MPLS with upstream-assigned labels (RFC 5332 section 3)."""

RARP: Final = 0x8035
"""EtherType of RARP (RFC 903)."""


class Next(IntEnum):
    """Kinds of header that have no EtherType; they lie below `SMALLEST_ETHERTYPE`."""

    NOTHING = 0
    """The walk has ended: all that can be recognised below IP is recognised."""
    UNSUPPORTED = 1
    """The walk has ended at a header that nobody here can read."""
    ETHERNET = 2
    BRIDGED = 3
    """An Ethernet frame inside another link layer, whose addresses are not the frame's own."""
    LLC = 4
    PPP = 5
    CISCO_HDLC = 6
    LOOPBACK = 7
    LINUX_SLL = 8
    LINUX_SLL2 = 9
    IP = 10
    """IPv4 or IPv6, as the version nibble says."""
    WLAN = 11
    RADIOTAP = 12
    PRISM = 13
    AVS = 14
    PPI = 15
    PKTAP = 16
    FRAME_RELAY = 17
    ARCNET = 18
    IPOIB = 19
    IPNET = 20
    NFLOG = 21
    DSA = 22
    BROADCOM = 23
    BROADCOM_PREPENDED = 24
    JUNIPER = 25
    TOKEN_RING = 26
    FDDI = 27
    PPP_DIRECTED = 28
    IEEE1394 = 29
    OSI = 30
    """A network layer protocol identifier (ISO/IEC TR 9577) says what follows."""
    NETWORK_SERVICE = 31
    """Network service header under something that has no EtherType for it."""
    SLARP = 32
    WLAN_SWAPPED = 33
    """IEEE 802.11 with the two bytes of its control field swapped."""


@dataclass(frozen=True, slots=True, eq=False)
class Cursor:
    """Where each row's walk stands; the arrays are written in place."""

    kinds: NDArray[np.uint16]
    """(frames,) the kind of header that comes next: `Next` or an EtherType."""
    at: NDArray[np.int64]
    """(frames,) its first byte."""

    def go(self, rows: NDArray[np.int64], at: NDArray[np.int64], kinds: NDArray[np.integer] | int) -> None:
        """`rows` continue with a header of `kinds` at `at`."""
        self.at[rows] = at
        self.kinds[rows] = kinds
