"""Packet headers of a TPACKET_V3 ring made into a `FrameBlock`: as the frames were on the wire.

The kernel hands VLAN tags over beside the frame, and interfaces without a usable link header give none; both are put
back here, in front of the frame, over ring headers that have been read by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.protocol import EtherType, LinkType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.capture.interface_numbers import InterfaceNumbers

ETHERNET: Final = int(LinkType.ETHERNET)
_LINK_TYPES: Final = {
    1: ETHERNET,  # ARPHRD_ETHER
    772: ETHERNET,  # ARPHRD_LOOPBACK
    65534: int(LinkType.RAW),  # ARPHRD_NONE: tun, WireGuard
    768: int(LinkType.RAW),  # ARPHRD_TUNNEL: IP in IP
    769: int(LinkType.RAW),  # ARPHRD_TUNNEL6
    776: int(LinkType.RAW),  # ARPHRD_SIT
    778: int(LinkType.RAW),  # ARPHRD_IPGRE
    801: 105,  # ARPHRD_IEEE80211
    802: 119,  # ARPHRD_IEEE80211_PRISM
    803: 127,  # ARPHRD_IEEE80211_RADIOTAP
}
"""ARPHRD_ types (linux/if_arp.h) whose packet sockets give the link header as it is."""
_SECONDS, _NANOSECONDS, _CAPTURED, _WIRE, _STATUS = 4, 8, 12, 16, 20
_MAC, _TAG_CONTROL, _TAG_PROTOCOL = 24, 32, 36
"""Fields of struct tpacket3_hdr."""
_ADDRESS: Final = 48
"""struct sockaddr_ll follows the header."""
_TAG_VALID, _TAG_PROTOCOL_VALID = 0x10, 0x40
_OUTGOING: Final = 4
_LOOPBACK_TYPE: Final = 772
_COOKED_HEADER: Final = 20
_TAG: Final = 4
_MAC_ADDRESSES: Final = 12


def link_type_of(hardware_type: int) -> int | None:
    """LINKTYPE_ value of an ARPHRD_ type; None = its link headers can't be relied on, capture cooked."""
    return _LINK_TYPES.get(hardware_type)


class RingFrames:
    """Frames of blocks copied out of the ring.

    Parameters
    ----------
    data : the blocks, writable; changed by `block`.
    headers : (frames,) positions of the packets' struct tpacket3_hdr.
    """

    def __init__(self, data: NDArray[np.uint8], headers: NDArray[np.int64]) -> None:
        self._data = data
        self._headers = headers
        # The kernel hands over what goes out through the loopback interface a second time, as what comes in.
        echo = (self._u16(_ADDRESS + 8) == _LOOPBACK_TYPE) & (self._u8(_ADDRESS + 10) == _OUTGOING)
        if echo.any():
            self._headers = headers[~echo]

    def block(self, link_type: int | None, numbers: InterfaceNumbers | None = None) -> FrameBlock:
        """The frames as a block numbered from 0.

        Parameters
        ----------
        link_type : None = give them a cooked header (SLL2).
        numbers : numbers their interfaces; None = all came through one.
        """
        offsets = self._headers + self._u16(_MAC)
        captured, wire = self._u32(_CAPTURED), self._u32(_WIRE)
        timestamps = self._u32(_SECONDS) * 1_000_000_000 + self._u32(_NANOSECONDS)
        if link_type is None:
            offsets = self._cook(offsets)
            captured, wire = captured + _COOKED_HEADER, wire + _COOKED_HEADER
        elif link_type == ETHERNET:
            tagged = ((self._u32(_STATUS) & _TAG_VALID) != 0) & (captured >= _MAC_ADDRESSES)
            if tagged.any():
                self._put_tags_back(tagged, offsets)
                offsets, captured, wire = (
                    offsets - _TAG * tagged,
                    captured + _TAG * tagged,
                    wire + _TAG * tagged,
                )
        kind = int(LinkType.LINUX_SLL2) if link_type is None else link_type
        interfaces = numbers.of(self._u32(_ADDRESS + 4)) if numbers else np.zeros(len(offsets), np.uint16)
        link_types = np.full(len(offsets), kind, np.uint16)
        return FrameBlock(self._data, offsets, captured, wire, timestamps, link_types, interfaces=interfaces)

    def _put_tags_back(self, tagged: NDArray[np.bool_], offsets: NDArray[np.int64]) -> None:
        """Move both addresses forward and write the tag behind them (IEEE 802.1Q section 9.4)."""
        protocol = np.where(
            self._u32(_STATUS) & _TAG_PROTOCOL_VALID, self._u16(_TAG_PROTOCOL), int(EtherType.VLAN)
        )[tagged]
        control = self._u32(_TAG_CONTROL)[tagged]
        old = offsets[tagged]
        addresses = self._data[old[:, None] + np.arange(_MAC_ADDRESSES)]
        new = old - _TAG
        self._data[new[:, None] + np.arange(_MAC_ADDRESSES)] = addresses
        for at, value in ((12, protocol >> 8), (13, protocol), (14, control >> 8), (15, control)):
            self._data[new + at] = value & 0xFF

    def _cook(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write LINKTYPE_LINUX_SLL2 headers (network order) out of struct sockaddr_ll (host order)."""
        address = self._data[(self._headers + _ADDRESS)[:, None] + np.arange(20)]
        header = np.zeros((len(offsets), _COOKED_HEADER), np.uint8)
        header[:, 0:2] = address[:, 2:4]  # protocol, in network order already
        header[:, 4:8] = _big_endian(address[:, 4:8])
        header[:, 8:10] = _big_endian(address[:, 8:10])
        header[:, 10:20] = address[:, 10:20]  # packet type, address length, address
        start = offsets - _COOKED_HEADER
        self._data[start[:, None] + np.arange(_COOKED_HEADER)] = header
        return start

    def _u8(self, at: int) -> NDArray[np.int64]:
        return self._data[self._headers + at].astype(np.int64)

    def _u16(self, at: int) -> NDArray[np.int64]:
        return self._fields(at, "u2")

    def _u32(self, at: int) -> NDArray[np.int64]:
        return self._fields(at, "u4")

    def _fields(self, at: int, dtype: str) -> NDArray[np.int64]:
        """Unsigned numbers in host order at `at` of every header."""
        size = np.dtype(dtype).itemsize
        count = max(0, len(self._data) - size + 1)
        view = np.ndarray((count,), dtype, buffer=self._data, strides=(1,))
        return view[self._headers + at].astype(np.int64)


def _big_endian(numbers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rows of bytes in host order, turned into network order."""
    import sys

    return numbers[:, ::-1] if sys.byteorder == "little" else numbers
