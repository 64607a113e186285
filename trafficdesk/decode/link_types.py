"""The header that a frame of each link type begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.cursor import Next
from trafficdesk.packets.protocol import EtherType, LinkType

if TYPE_CHECKING:
    from numpy.typing import NDArray

_START: Final = {
    LinkType.NULL: Next.LOOPBACK,
    LinkType.ETHERNET: Next.ETHERNET,
    LinkType.TOKEN_RING: Next.TOKEN_RING,
    LinkType.FDDI: Next.FDDI,
    LinkType.PPP: Next.PPP,
    LinkType.PPP_HDLC: Next.PPP,
    LinkType.PPP_ETHER: EtherType.PPPOE_SESSION,
    LinkType.PPP_PPPD: Next.PPP,
    LinkType.PPP_WITH_DIRECTION: Next.PPP_DIRECTED,
    LinkType.ATM_RFC1483: Next.LLC,
    LinkType.RAW_BSD_12: Next.IP,
    LinkType.RAW_OPENBSD_14: Next.IP,
    LinkType.RAW: Next.IP,
    LinkType.C_HDLC: Next.CISCO_HDLC,
    LinkType.IEEE802_11: Next.WLAN,
    LinkType.FRAME_RELAY: Next.FRAME_RELAY,
    LinkType.LOOP: Next.LOOPBACK,
    LinkType.LINUX_SLL: Next.LINUX_SLL,
    LinkType.PRISM: Next.PRISM,
    LinkType.RADIOTAP: Next.RADIOTAP,
    LinkType.ARCNET_LINUX: Next.ARCNET,
    LinkType.IEEE1394: Next.IEEE1394,
    LinkType.USER2: Next.PKTAP,
    LinkType.AVS: Next.AVS,
    LinkType.JUNIPER_ETHER: Next.JUNIPER,
    LinkType.PPI: Next.PPI,
    LinkType.IPNET: Next.IPNET,
    LinkType.IPV4: EtherType.IPV4,
    LinkType.IPV6: EtherType.IPV6,
    LinkType.NFLOG: Next.NFLOG,
    LinkType.IPOIB: Next.IPOIB,
    LinkType.PKTAP: Next.PKTAP,
    LinkType.LINUX_SLL2: Next.LINUX_SLL2,
    LinkType.BROADCOM_TAG: Next.BROADCOM,
    LinkType.BROADCOM_TAG_PREPENDED: Next.BROADCOM_PREPENDED,
    LinkType.DSA_TAG: Next.DSA,
    LinkType.EDSA_TAG: Next.ETHERNET,
}


def first_kinds(link_types: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """(rows,) the kind of header that frames of `link_types` begin with."""
    kinds: NDArray[np.uint16] = _FIRST_KIND[link_types]
    return kinds


def _first_kinds() -> NDArray[np.uint16]:
    table = np.full(1 << 16, Next.UNSUPPORTED, np.uint16)
    for link_type, kind in _START.items():
        table[link_type] = kind
    return table


_FIRST_KIND: Final = _first_kinds()
