"""From a frame's first byte to its network header: link headers, tags and the encapsulations below IP.

Every header is one step: it reads the header that begins at a row's position and says which kind of header follows
where. All rows of a kind are stepped at once; the loop is over nesting depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode import encapsulation, ethernet
from trafficdesk.decode.cursor import MPLS, MPLS_UPSTREAM, RARP, Cursor, Next
from trafficdesk.packets.protocol import EtherType, LinkType, Protocol, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

    Step = Callable[[Workspace, Cursor, NDArray[np.int64]], None]

MAX_DEPTH: Final = 24
"""Headers below the network's that are followed; what nests deeper (24 MPLS labels) is called malformed."""

_START: Final = {
    LinkType.NULL: Next.LOOPBACK,
    LinkType.ETHERNET: Next.ETHERNET,
    LinkType.PPP: Next.PPP,
    LinkType.PPP_HDLC: Next.PPP,
    LinkType.RAW_BSD_12: Next.IP,
    LinkType.RAW_OPENBSD_14: Next.IP,
    LinkType.RAW: Next.IP,
    LinkType.C_HDLC: Next.CISCO_HDLC,
    LinkType.LOOP: Next.LOOPBACK,
    LinkType.LINUX_SLL: Next.LINUX_SLL,
    LinkType.IPV4: EtherType.IPV4,
    LinkType.IPV6: EtherType.IPV6,
    LinkType.LINUX_SLL2: Next.LINUX_SLL2,
}
"""The header a frame begins with."""

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
)
"""Every header below the network's, and the kinds that announce it."""

_NAMED: Final = (
    (EtherType.LLDP, Protocol.LLDP),
    (EtherType.EAPOL, Protocol.EAPOL),
    (EtherType.PPPOE_DISCOVERY, Protocol.PPPOE),
)
"""Kinds that end the walk and have a name."""


def walk_link(workspace: Workspace, rows: NDArray[np.int64]) -> Cursor:
    """Walk the frames of `rows` to their network headers; afterwards a kind is IPv4, IPv6, ARP, RARP or NOTHING."""
    cursor = Cursor(np.zeros(len(workspace), np.uint16), workspace.starts.copy())
    cursor.kinds[rows] = _FIRST_KIND[workspace.columns["link_type"][rows]]
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
    kinds = cursor.kinds[others]
    named = np.zeros(len(others), bool)
    for kind, protocol in _NAMED:
        found = kinds == kind
        workspace.columns["protocol"][others[found]] = protocol
        workspace.columns["network"][others[found]] = kind
        named |= found
    workspace.mark(others[~named & (kinds != Next.NOTHING)], Status.UNSUPPORTED)
    cursor.kinds[others] = Next.NOTHING


def _first_kinds() -> NDArray[np.uint16]:
    table = np.full(1 << 16, Next.UNSUPPORTED, np.uint16)
    for link_type, kind in _START.items():
        table[link_type] = kind
    return table


def _step_numbers() -> NDArray[np.uint8]:
    table = np.zeros(1 << 16, np.uint8)
    for number, (_step, kinds) in enumerate(_STEPS, start=1):
        table[list(kinds)] = number
    return table


def _network_kinds() -> NDArray[np.bool_]:
    table = np.zeros(1 << 16, bool)
    table[[EtherType.IPV4, EtherType.IPV6, EtherType.ARP, RARP]] = True
    return table


_FIRST_KIND: Final = _first_kinds()
_STEP_OF: Final = _step_numbers()
"""1-based position in `_STEPS`; 0 = the walk ends here."""
_IS_NETWORK: Final = _network_kinds()
