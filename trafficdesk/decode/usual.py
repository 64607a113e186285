"""The usual frame in one go: Ethernet, IPv4 or IPv6 with nothing special, TCP or UDP, all of it captured.

Most frames of most captures are such, and all their fields lie at fixed places, so that one gather per frame and plain
strided reads do. That takes 130 ns a frame where the walk through `link`, `network` and `transport` takes 210 (2026-11,
one core), says the same of every frame that it takes (tests/unit/decode/test_usual.py holds it to that), and leaves
every other frame to the walk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.workspace import write_ipv4
from trafficdesk.packets.protocol import EtherType, IpProtocol, LinkType, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

_HEAD_BYTES: Final = 80
"""Ethernet, IPv6 and TCP without options, rounded up."""
_ETHERNET_BYTES: Final = 14
_48_BITS: Final = np.uint64(0xFFFF_FFFF_FFFF)
_16_BITS: Final = np.uint64(16)


def _layout(fields: dict[str, tuple[str, int]], transport_at: int) -> np.dtype[np.void]:
    """Fields by type and offset, with Ethernet's before them and the transport's behind."""
    everything = {
        # An address is read as 8 bytes and cut to 6: one load instead of six.
        "destination_mac": (">u8", 0),
        "source_mac": (">u8", 4),
        **fields,
        "source_port": (">u2", transport_at),
        "destination_port": (">u2", transport_at + 2),
        "udp_length": (">u2", transport_at + 4),
        "sequence": (">u4", transport_at + 4),
        "acknowledgement": (">u4", transport_at + 8),
        "offset_flags": (">u2", transport_at + 12),
        "window": (">u2", transport_at + 14),
    }
    return np.dtype(
        {
            "names": list(everything),
            "formats": [form for form, _ in everything.values()],
            "offsets": [offset for _, offset in everything.values()],
            "itemsize": _HEAD_BYTES,
        }
    )


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the usual frame of one IP version looks like."""

    network: EtherType
    protocol: Protocol
    transport_at: int
    """Bytes from the start of the frame to the transport header."""
    layout: np.dtype[np.void]
    mask: int
    """Bits of the four bytes from the EtherType on that tell the shape."""
    value: int
    length_from: int
    """Byte in the frame from which the length field counts."""


_SHAPES: Final = (
    _Shape(
        EtherType.IPV4,
        Protocol.IPV4,
        34,
        _layout(
            {
                "kind": (">u4", 12),
                "length": (">u2", 16),
                "fragment": (">u2", 20),
                "ttl": ("u1", 22),
                "next": ("u1", 23),
                # Copied, never calculated with: native order saves two swaps.
                "source": ("u4", 26),
                "destination": ("u4", 30),
            },
            34,
        ),
        0xFFFF_FF00,
        0x0800_4500,
        14,
    ),
    _Shape(
        EtherType.IPV6,
        Protocol.IPV6,
        54,
        _layout(
            {
                "kind": (">u4", 12),
                "length": (">u2", 18),
                "next": ("u1", 20),
                "ttl": ("u1", 21),
                "source": ("V16", 22),
                "destination": ("V16", 38),
            },
            54,
        ),
        0xFFFF_F000,
        0x86DD_6000,
        54,
    ),
)


def read_usual(workspace: Workspace) -> NDArray[np.int64]:
    """Read every usual frame; returns the rows of the others."""
    ethernet = workspace.columns["link_type"] == LinkType.ETHERNET
    if not ethernet.any():
        return np.arange(len(workspace))
    heads = workspace.heads(_HEAD_BYTES)
    others = np.ones(len(workspace), bool)
    for shape in _SHAPES:
        head = heads.view(shape.layout)
        fits = ethernet & ((head["kind"] & np.uint32(shape.mask)) == shape.value)
        if not fits.any():
            continue
        stops = head["length"] + np.uint32(shape.length_from)
        fits &= stops <= workspace.columns["captured_length"]
        fits &= workspace.columns["captured_length"] <= workspace.columns["length"]
        if shape.network == EtherType.IPV4:
            # Neither a fragment nor without a length (segmentation left to the card).
            fits &= (head["fragment"] & 0x3FFF) == 0
        for number, read in ((IpProtocol.TCP, _tcp), (IpProtocol.UDP, _udp)):
            rows = np.flatnonzero(fits & (head["next"] == number))
            if len(rows):
                others[read(workspace, shape, rows, heads.take(rows).view(shape.layout), stops[rows])] = False
    return np.flatnonzero(others)


def _tcp(
    workspace: Workspace,
    shape: _Shape,
    rows: NDArray[np.int64],
    head: NDArray[np.void],
    stops: NDArray[np.uint32],
) -> NDArray[np.int64]:
    """RFC 9293 section 3.1; returns those of `rows` that it took."""
    word = head["offset_flags"].astype(np.uint16)
    payload = (word >> 12).astype(np.uint32) * 4 + np.uint32(shape.transport_at)
    fits = (payload >= shape.transport_at + 20) & (payload <= stops)
    if not fits.all():
        rows, head, stops, word, payload = rows[fits], head[fits], stops[fits], word[fits], payload[fits]
    columns = workspace.columns
    columns["protocol"][rows] = Protocol.TCP
    columns["tcp_flags"][rows] = word & 0x0FFF
    columns["tcp_sequence"][rows] = head["sequence"]
    columns["tcp_acknowledgement"][rows] = head["acknowledgement"]
    columns["tcp_window"][rows] = head["window"]
    _common(workspace, shape, rows, head)
    _payload(workspace, rows, payload, stops)
    return rows


def _udp(
    workspace: Workspace,
    shape: _Shape,
    rows: NDArray[np.int64],
    head: NDArray[np.void],
    stops: NDArray[np.uint32],
) -> NDArray[np.int64]:
    """RFC 768; returns those of `rows` that it took."""
    length = head["udp_length"].astype(np.uint32)
    stop = length + np.uint32(shape.transport_at)
    fits = (length >= 8) & (stop <= stops)
    if not fits.all():
        rows, head, stop = rows[fits], head[fits], stop[fits]
    workspace.columns["protocol"][rows] = Protocol.UDP
    _common(workspace, shape, rows, head)
    payload = np.full(len(rows), shape.transport_at + 8, np.uint32)
    _payload(workspace, rows, payload, stop)
    return rows


def _common(workspace: Workspace, shape: _Shape, rows: NDArray[np.int64], head: NDArray[np.void]) -> None:
    columns = workspace.columns
    columns["destination_mac"][rows] = head["destination_mac"] >> _16_BITS
    columns["source_mac"][rows] = head["source_mac"] & _48_BITS
    columns["network"][rows] = shape.network
    columns["ip_protocol"][rows] = head["next"]
    columns["ttl"][rows] = head["ttl"]
    columns["source_port"][rows] = head["source_port"]
    columns["destination_port"][rows] = head["destination_port"]
    for name in ("source", "destination"):
        if shape.network == EtherType.IPV4:
            write_ipv4(columns[name], rows, head[name])
        else:
            columns[name][rows] = head[name]


def _payload(
    workspace: Workspace, rows: NDArray[np.int64], payload: NDArray[np.uint32], stops: NDArray[np.uint32]
) -> None:
    """`payload` and `stops` are counted from the start of the frame."""
    workspace.columns["payload_offset"][rows] = payload
    workspace.columns["payload_length"][rows] = stops - payload
    end = workspace.starts[rows] + stops
    workspace.limits[rows] = end
    workspace.ends[rows] = end
