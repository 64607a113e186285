"""Frames for tests of the decoder: some as Linux 6 put them on a veth pair, and builders for what no kernel sends.

The captured ones were recorded with dumpcap between two network namespaces (192.0.2.1 and 192.0.2.2, 2001:db8::1 and
::2), addresses of documentation (RFC 5737, 3849, 7042).
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.protocol import LinkType

MAC_1, MAC_2 = bytes.fromhex("02005e005301"), bytes.fromhex("02005e005302")
_TO_2 = "02005e00530202005e005301"
_TO_1 = "02005e00530102005e005302"
_FOURS = "c0000201c0000202"
_SIXES = "20010db800000000000000000000000120010db8000000000000000000000002"

ARP_REQUEST: Final = bytes.fromhex(
    "ffffffffffff02005e0053010806000108000604000102005e005301c0000201000000000000c0000202"
)
ARP_REPLY: Final = bytes.fromhex(_TO_1 + "0806000108000604000202005e005302c000020202005e005301c0000201")
TCP_SYN: Final = bytes.fromhex(
    _TO_2 + "08004500003c367940004006803f" + _FOURS + "c0121f90acf9698e00000000a002faf084320000"
    "020405b40402080a6f6444af000000000103030a"
)
HTTP_GET: Final = bytes.fromhex(
    _TO_2 + "080045000059367b400040068020" + _FOURS + "c0121f90acf9698f0e9a234a8018003f844f0000"
    "0101080a6f6444afed2b308b474554202f20485454502f312e310d0a486f73743a206578616d706c652e636f6d0d0a0d0a"
)
UDP_TICK: Final = bytes.fromhex(_TO_2 + "0800450000209297400040112432" + _FOURS + "c0000009000c84217469636b")
UDP_ROUTER_ALERT: Final = bytes.fromhex(
    _TO_2 + "08004600002c9299400040118f1f" + _FOURS + "94040000c005000900148429726f7574657220616c657274"
)
UDP_LITE: Final = bytes.fromhex(_TO_2 + "080045000020879b400040882eb7" + _FOURS + "c0060009000cda7c6c697465")
DNS_QUERY: Final = bytes.fromhex(
    _TO_2 + "080045000039929640004011241a" + _FOURS + "c00000350025843a"
    "1a2b01000001000000000000076578616d706c6503636f6d0000010001"
)
FIRST_FRAGMENT: Final = (
    bytes.fromhex(_TO_2 + "0800450005dc9298200040113e75" + _FOURS + "c00100090bc0a45f") + b"f" * 1472
)
MIDDLE_FRAGMENT: Final = bytes.fromhex(_TO_2 + "0800450005dc929820b940113dbc" + _FOURS) + b"f" * 1480
LAST_FRAGMENT: Final = bytes.fromhex(_TO_2 + "080045000044929801724011629b" + _FOURS) + b"f" * 48
PORT_UNREACHABLE: Final = bytes.fromhex(
    _TO_1 + "080045c0003cf6bd00004001ff3fc0000202c00002010303e0f000000000"
    "450000209297400040112432" + _FOURS + "c0000009000c84217469636b"
)
IGMP_REPORT: Final = bytes.fromhex(
    "01005e00001602005e005301080046c0002800004000010241f8c0000201e0000016940400002200f1000000000103000000e9fc0001"
)
TCP_SYN_6: Final = bytes.fromhex(
    _TO_2 + "86dd6008d2df00280640" + _SIXES + "c0130051ae477c2500000000a002fd205ba30000"
    "020405a00402080ae5fa5050000000000103030a"
)
UDP_6: Final = bytes.fromhex(_TO_2 + "86dd60020b61000b1140" + _SIXES + "c0020009000b5b91736978")
UDP_6_DESTINATION_OPTIONS: Final = bytes.fromhex(
    _TO_2 + "86dd6001809200133c40" + _SIXES + "1100010400000000c0040009000b0be2647374"
)
FIRST_FRAGMENT_6: Final = (
    bytes.fromhex(_TO_2 + "86dd6009a40f05b02c40" + _SIXES + "11000001b10c18f4c00300090bc02747") + b"6" * 1440
)
LAST_FRAGMENT_6: Final = (
    bytes.fromhex(_TO_2 + "86dd6009a40f00782c40" + _SIXES + "11000b50b10c18f4") + b"6" * 112
)
NEIGHBOUR_SOLICITATION: Final = bytes.fromhex(
    "3333ff00000202005e00530186dd6000000000203aff20010db8000000000000000000000001"
    "ff0200000000000000000001ff00000287006b260000000020010db8000000000000000000000002010102005e005301"
)
MULTICAST_REPORT_6: Final = bytes.fromhex(
    "33330000001602005e00530186dd600000000038000100000000000000000000000000000000"
    "ff0200000000000000000000000000163a000502000001008f001a6e"
    "0000000204000000ff0200000000000000000001ff00530104000000ff0200000000000000000001ff000001"
)
SLL_ARP: Final = bytes.fromhex(
    "00040001000602005e00530100000806000108000604000102005e005301c0000201000000000000c0000202"
)
SLL2_UDP_6: Final = bytes.fromhex(
    "86dd0000000000020001040602005e005301000060020b61000b1140" + _SIXES + "c0020009000b5b91736978"
)

CAPTURED: Final = {
    name: frame
    for name, frame in list(globals().items())
    if isinstance(frame, bytes) and name.isupper() and not name.startswith(("MAC_", "SLL", "_"))
}
"""Ethernet frames by name."""


def block_of(
    *frames: bytes,
    link_type: int = LinkType.ETHERNET,
    wire_lengths: list[int] | None = None,
    first_id: int = 0,
    gap: bytes = b"\xee" * 16,
) -> FrameBlock:
    """A block of `frames`, with `gap` before each as record headers lie in a file."""
    lengths = np.array([len(frame) for frame in frames], np.int64)
    data = np.frombuffer(b"".join(gap + frame for frame in frames), np.uint8)
    return FrameBlock(
        data,
        np.cumsum(lengths + len(gap)) - lengths,
        lengths,
        lengths.copy() if wire_lengths is None else np.array(wire_lengths, np.int64),
        1_700_000_000_000_000_000 + np.arange(len(frames), dtype=np.int64),
        np.full(len(frames), link_type, np.uint16),
        first_id,
    )


def ethernet(ether_type: int, payload: bytes) -> bytes:
    return MAC_2 + MAC_1 + struct.pack(">H", ether_type) + payload


def ipv4(
    protocol: int, payload: bytes, *, total_length: int | None = None, options: bytes = b"", fragment: int = 0
) -> bytes:
    size = 20 + len(options)
    total = size + len(payload) if total_length is None else total_length
    head = struct.pack(">BBHHHBBH", 0x40 | size // 4, 0, total, 1, fragment, 64, protocol, 0)
    return head + bytes.fromhex(_FOURS) + options + payload


def ipv6(following: int, payload: bytes, *, payload_length: int | None = None) -> bytes:
    length = len(payload) if payload_length is None else payload_length
    return struct.pack(">IHBB", 6 << 28, length, following, 64) + bytes.fromhex(_SIXES) + payload


def tcp(payload: bytes = b"", *, flags: int = 0x018, words: int = 5) -> bytes:
    return struct.pack(">HHIIHHHH", 49170, 8080, 11, 22, words << 12 | flags, 512, 0, 0) + payload


def udp(
    payload: bytes = b"", source_port: int = 49152, destination_port: int = 9, *, length: int | None = None
) -> bytes:
    return (
        struct.pack(">HHHH", source_port, destination_port, 8 + len(payload) if length is None else length, 0)
        + payload
    )


def between(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    """An Ethernet frame with an IPv4 packet between two addresses."""
    ends = b"".join(bytes(map(int, address.split("."))) for address in (source, destination))
    packet = ipv4(protocol, payload)
    return ethernet(0x0800, packet[:12] + ends + packet[20:])


def segment(
    ports: tuple[int, int], numbers: tuple[int, int], flags: int, window: int, payload: bytes = b""
) -> bytes:
    """A TCP segment: `numbers` are sequence and acknowledgement."""
    return struct.pack(">HHIIHHHH", *ports, *numbers, 5 << 12 | flags, window, 0, 0) + payload
