"""From a frame's first byte to its network header: link headers, tags and the encapsulations below IP.

Every header is one step: it reads the header that begins at a row's position and says which kind of header follows
where. All rows of a kind are stepped at once; the loop is over nesting depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode import encapsulation, ethernet, radio, rarer_links, vendor_tags
from trafficdesk.decode.cursor import MPLS, MPLS_UPSTREAM, RARP, Cursor, Next
from trafficdesk.decode.link_types import first_kinds
from trafficdesk.decode.lldp import read_lldp
from trafficdesk.decode.named_types import ETHER_TYPES, LINK_TYPES
from trafficdesk.decode.rarer_links import name_ipx
from trafficdesk.packets.protocol import EtherType, Protocol, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

    Step = Callable[[Workspace, Cursor, NDArray[np.int64]], None]

MAX_DEPTH: Final = 24
"""Headers below the network's that are followed; what nests deeper (24 MPLS labels) is called malformed."""

_STEPS: Final[tuple[tuple[Step, tuple[int, ...]], ...]] = (
    (ethernet.ethernet, (Next.ETHERNET,)),
    (ethernet.vlan, (EtherType.VLAN, EtherType.QINQ, EtherType.QINQ_OLD)),
    (ethernet.llc, (Next.LLC,)),
    # 0x6558 is a whole Ethernet frame (RFC 1701).
    (ethernet.bridged, (Next.BRIDGED, 0x6558)),
    (encapsulation.linux_sll, (Next.LINUX_SLL,)),
    (encapsulation.linux_sll2, (Next.LINUX_SLL2,)),
    (encapsulation.loopback, (Next.LOOPBACK,)),
    (encapsulation.by_version, (Next.IP,)),
    # 0x880B is PPP (IANA "IEEE 802 Numbers").
    (encapsulation.ppp, (Next.PPP, 0x880B)),
    (encapsulation.cisco_hdlc, (Next.CISCO_HDLC,)),
    (encapsulation.pppoe, (EtherType.PPPOE_SESSION,)),
    (encapsulation.mpls, (MPLS, MPLS_UPSTREAM)),
    (radio.wlan, (Next.WLAN,)),
    (radio.wlan_swapped, (Next.WLAN_SWAPPED,)),
    (radio.radiotap, (Next.RADIOTAP,)),
    (radio.prism, (Next.PRISM,)),
    (radio.avs, (Next.AVS,)),
    (radio.ppi, (Next.PPI,)),
    (rarer_links.pktap, (Next.PKTAP,)),
    (rarer_links.frame_relay, (Next.FRAME_RELAY,)),
    (rarer_links.osi, (Next.OSI,)),
    (rarer_links.arcnet, (Next.ARCNET,)),
    (rarer_links.ipoib, (Next.IPOIB,)),
    (rarer_links.ipnet, (Next.IPNET,)),
    (rarer_links.nflog, (Next.NFLOG,)),
    (rarer_links.juniper, (Next.JUNIPER,)),
    (rarer_links.token_ring, (Next.TOKEN_RING,)),
    (rarer_links.fddi, (Next.FDDI,)),
    (rarer_links.ieee1394, (Next.IEEE1394,)),
    (rarer_links.ppp_directed, (Next.PPP_DIRECTED,)),
    (vendor_tags.dsa, (Next.DSA,)),
    (vendor_tags.broadcom, (Next.BROADCOM,)),
    (vendor_tags.broadcom_prepended, (Next.BROADCOM_PREPENDED,)),
    (vendor_tags.fixed, vendor_tags.FIXED),
    (vendor_tags.avsp, (vendor_tags.AVSP,)),
    (vendor_tags.fabric_path, (vendor_tags.FABRIC_PATH,)),
    (vendor_tags.backbone, (vendor_tags.I_TAG,)),
    (vendor_tags.trill, (vendor_tags.TRILL,)),
    (vendor_tags.macsec, (vendor_tags.MACSEC,)),
    (vendor_tags.nsh, (vendor_tags.NSH, Next.NETWORK_SERVICE)),
)
"""Every header below the network's, and the kinds that announce it."""


def walk_link(
    workspace: Workspace, rows: NDArray[np.int64], kinds: NDArray[np.uint16] | None = None
) -> Cursor:
    """Walk the frames of `rows` to their network headers; afterwards a kind is IPv4, IPv6, ARP, RARP or NOTHING.

    `kinds`: (rows,) what each frame begins with where that is not its link type's header.
    """
    cursor = Cursor(np.zeros(len(workspace), np.uint16), workspace.starts.copy())
    cursor.kinds[rows] = first_kinds(workspace.columns["link_type"][rows]) if kinds is None else kinds
    pending = rows
    for _ in range(MAX_DEPTH):
        numbers = _STEP_OF[cursor.kinds[pending]]
        pending = pending[numbers != 0]
        if not len(pending):
            break
        numbers = numbers[numbers != 0]
        # A step need not stop the rows that it loses because they are too short.
        cursor.kinds[pending] = Next.NOTHING
        for number in np.flatnonzero(np.bincount(numbers)):
            step, _kinds = _STEPS[number - 1]
            step(workspace, cursor, pending[numbers == number])
    else:
        deep = pending[_STEP_OF[cursor.kinds[pending]] != 0]
        workspace.mark(deep, Status.MALFORMED)
        cursor.kinds[deep] = Next.NOTHING
    _name_ends(workspace, cursor, rows)
    return cursor


def _name_ends(workspace: Workspace, cursor: Cursor, rows: NDArray[np.int64]) -> None:
    """Name what ends the walk without being IP or ARP."""
    others = rows[~_IS_NETWORK[cursor.kinds[rows]]]
    if not len(others):
        return
    kinds = cursor.kinds[others]
    names = _NAME_OF[kinds]
    by_link = kinds == Next.UNSUPPORTED
    names[by_link] = _LINK_NAME_OF[workspace.columns["link_type"][others[by_link]]]
    named = names != Protocol.UNKNOWN
    found = others[named]
    workspace.columns["protocol"][found] = names[named]
    workspace.columns["network"][found] = np.where(by_link[named], 0, kinds[named])
    workspace.mark(others[~named & (kinds != Next.NOTHING)], Status.UNSUPPORTED)
    _name_details(workspace, found, cursor.at[found], kinds[named])
    cursor.kinds[others] = Next.NOTHING


def _name_details(
    workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64], kinds: NDArray[np.uint16]
) -> None:
    """Names that a byte of the header decides: 802.1X carrying EAP, slow protocols, IPX sockets."""
    first, second = workspace.u8(rows, at), workspace.u8(rows, at + 1)
    protocol = workspace.columns["protocol"]
    authentication = (kinds == EtherType.EAPOL) & (second == 0)
    protocol[rows[authentication]] = Protocol.EAP
    slow = kinds == _SLOW
    protocol[rows[slow & (first != 1)]] = Protocol.SLOW
    protocol[rows[slow & (first == _SLOW_OAM)]] = Protocol.OAM
    discovery = kinds == EtherType.LLDP
    if discovery.any():
        read_lldp(workspace, rows[discovery], at[discovery])
    ipx = kinds == _IPX
    if ipx.any():
        name_ipx(workspace, rows[ipx], at[ipx])


def _step_numbers() -> NDArray[np.uint8]:
    table = np.zeros(1 << 16, np.uint8)
    for number, (_step, kinds) in enumerate(_STEPS, start=1):
        table[list(kinds)] = number
    return table


def _network_kinds() -> NDArray[np.bool_]:
    table = np.zeros(1 << 16, bool)
    table[[EtherType.IPV4, EtherType.IPV6, EtherType.ARP, RARP]] = True
    return table


def _names(named: dict[int, Protocol]) -> NDArray[np.uint16]:
    table = np.zeros(1 << 16, np.uint16)
    for kind, protocol in named.items():
        table[kind] = protocol
    return table


_STEP_OF: Final = _step_numbers()
"""1-based position in `_STEPS`; 0 = the walk ends here."""
_IS_NETWORK: Final = _network_kinds()
_NAME_OF: Final = _names({int(kind): protocol for kind, protocol in ETHER_TYPES.items()})
_LINK_NAME_OF: Final = _names(LINK_TYPES)
_SLOW: Final = 0x8809
_SLOW_OAM: Final = 3
"""Subtypes of IEEE 802.3 annex 57A: 1 LACP, 3 OAM."""
_IPX: Final = 0x8137
