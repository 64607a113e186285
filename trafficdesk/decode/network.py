"""IPv4, IPv6 with its extension headers, ARP and RARP: addresses, fragments, and where the transport begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.cursor import RARP, Cursor
from trafficdesk.decode.workspace import write_ipv4
from trafficdesk.packets.protocol import EtherType, IpProtocol, Protocol, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

NO_TRANSPORT: Final = 0xFFFF
"""Kind of a row whose walk ends at the network header; IP protocol numbers have 8 bits."""

MAX_EXTENSIONS: Final = 128
"""IPv6 extension headers followed, 1 KiB of the smallest; RFC 8504 section 5.3 lets a node stop at fewer."""

_IPV4: Final = np.dtype(
    [
        ("version_length", "u1"),
        ("service", "u1"),
        ("total_length", ">u2"),
        ("identification", ">u2"),
        ("fragment", ">u2"),
        ("ttl", "u1"),
        ("protocol", "u1"),
        ("checksum", ">u2"),
        # Copied, never calculated with: native order saves two swaps.
        ("source", "u4"),
        ("destination", "u4"),
    ]
)
_IPV6: Final = np.dtype(
    [
        ("version", "u1"),
        ("flow", "V3"),
        ("payload_length", ">u2"),
        ("next", "u1"),
        ("hop_limit", "u1"),
        ("source", "V16"),
        ("destination", "V16"),
    ]
)
_EXTENSION: Final = np.dtype([("next", "u1"), ("length", "u1"), ("fragment", ">u2"), ("jumbo", ">u4")])
_ARP: Final = np.dtype(
    [
        ("hardware", ">u2"),
        ("protocol", ">u2"),
        ("hardware_size", "u1"),
        ("protocol_size", "u1"),
        ("operation", ">u2"),
    ]
)
_ADDRESS: Final = np.dtype([("address", "u4")])

_EXTENSIONS: Final = (
    IpProtocol.HOP_BY_HOP,
    IpProtocol.ROUTING,
    IpProtocol.FRAGMENT,
    IpProtocol.AH,
    IpProtocol.DESTINATION_OPTIONS,
    IpProtocol.MOBILITY,
)
_JUMBO_OPTION: Final = 0xC204
"""Type and length of the jumbo payload option (RFC 2675 section 2)."""


def walk_network(workspace: Workspace, link: Cursor) -> Cursor:
    """Read every network header that `link` stands at.

    Returns
    -------
    where each row's transport header begins; its kind is an IP protocol number or `NO_TRANSPORT`.
    """
    upper = Cursor(np.full(len(workspace), NO_TRANSPORT, np.uint16), link.at)
    four, six, arp, rarp = (
        np.flatnonzero(link.kinds == kind) for kind in (EtherType.IPV4, EtherType.IPV6, EtherType.ARP, RARP)
    )
    if len(four):
        other = _ipv4(workspace, upper, four)
        six = np.concatenate((six, other)) if len(other) else six
    if len(six):
        _ipv6(workspace, upper, six)
    if len(arp):
        _arp(workspace, upper, arp, Protocol.ARP)
    if len(rarp):
        _arp(workspace, upper, rarp, Protocol.RARP)
    return upper


def _ipv4(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """RFC 791 section 3.1; returns the rows whose version is 6 instead."""
    rows, at = workspace.reach(rows, upper.at[rows], 20)
    header = workspace.header(rows, at, _IPV4)
    size = (header["version_length"] & 15).astype(np.int64) * 4
    valid = (header["version_length"] >= 0x45) & (header["version_length"] <= 0x4F)
    other = rows[:0]
    if not valid.all():
        six = header["version_length"] >> 4 == 6
        other = rows[six]
        workspace.mark(rows[~valid & ~six], Status.MALFORMED)
        rows, at, header, size = rows[valid], at[valid], header[valid], size[valid]
    _write_ipv4(workspace, rows, header)
    upper.go(rows, at + size, header["protocol"])
    _limit_ipv4(workspace, upper, rows, at, header["total_length"].astype(np.int64))
    _fragment_ipv4(workspace, upper, rows, header)
    _extensions(workspace, upper, rows[header["protocol"] == IpProtocol.AH], (IpProtocol.AH,))
    return other


def _write_ipv4(workspace: Workspace, rows: NDArray[np.int64], header: NDArray[np.void]) -> None:
    columns = workspace.columns
    columns["network"][rows] = EtherType.IPV4
    columns["protocol"][rows] = Protocol.IPV4
    columns["ip_protocol"][rows] = header["protocol"]
    columns["ttl"][rows] = header["ttl"]
    for name in ("source", "destination"):
        write_ipv4(columns[name], rows, header[name])


def _limit_ipv4(
    workspace: Workspace,
    upper: Cursor,
    rows: NDArray[np.int64],
    at: NDArray[np.int64],
    total: NDArray[np.int64],
) -> None:
    """Let the total length end the packet, so that padding is no payload."""
    short = total < upper.at[rows] - at
    if short.any():
        # Segmentation offload leaves 0 in captures of the sending host: the frame's length counts then.
        wrong = rows[short & (total != 0)]
        workspace.mark(wrong, Status.MALFORMED)
        upper.kinds[wrong] = NO_TRANSPORT
        rows, at, total = rows[~short], at[~short], total[~short]
    workspace.narrow(rows, at + total)


def _fragment_ipv4(
    workspace: Workspace, upper: Cursor, rows: NDArray[np.int64], header: NDArray[np.void]
) -> None:
    """More-fragments flag and offset, RFC 791 section 3.1."""
    field = header["fragment"].astype(np.int32)
    part = (field & 0x3FFF) != 0
    if part.any():
        offset = (field[part] & 0x1FFF) * 8
        workspace.fragments.append((rows[part], header["identification"][part].astype(np.uint32)))
        _note_fragments(workspace, upper, rows[part], offset)


def _note_fragments(
    workspace: Workspace, upper: Cursor, rows: NDArray[np.int64], offset: NDArray[np.int32]
) -> None:
    """Only the first fragment holds a transport header."""
    workspace.columns["fragment_offset"][rows] = offset
    upper.kinds[rows[offset > 0]] = NO_TRANSPORT


def _ipv6(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 8200 section 3."""
    rows, at = workspace.reach(rows, upper.at[rows], 40)
    header = workspace.header(rows, at, _IPV6)
    valid = header["version"] >> 4 == 6
    if not valid.all():
        workspace.mark(rows[~valid], Status.MALFORMED)
        rows, at, header = rows[valid], at[valid], header[valid]
    columns = workspace.columns
    columns["network"][rows] = EtherType.IPV6
    columns["protocol"][rows] = Protocol.IPV6
    columns["ip_protocol"][rows] = header["next"]
    columns["ttl"][rows] = header["hop_limit"]
    columns["source"][rows] = header["source"]
    columns["destination"][rows] = header["destination"]
    upper.go(rows, at + 40, header["next"])
    _limit_ipv6(workspace, rows, at + 40, header["payload_length"].astype(np.int64))
    _extensions(workspace, upper, rows[_IS_EXTENSION[header["next"]]], _EXTENSIONS)


def _limit_ipv6(
    workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64], length: NDArray[np.int64]
) -> None:
    """Let the payload length end the packet; 0 with a jumbo option means that option's length, else the frame's."""
    sized = length != 0
    if not sized.all():
        _jumbo(workspace, rows[~sized], at[~sized])
        rows, at, length = rows[sized], at[sized], length[sized]
    workspace.narrow(rows, at + length)


def _jumbo(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    hop_by_hop = workspace.columns["ip_protocol"][rows] == IpProtocol.HOP_BY_HOP
    rows, at = rows[hop_by_hop], at[hop_by_hop]
    header = workspace.header(rows, at, _EXTENSION)
    jumbo = header["fragment"] == _JUMBO_OPTION
    workspace.narrow(rows[jumbo], at[jumbo] + header["jumbo"][jumbo].astype(np.int64))


def _extensions(
    workspace: Workspace, upper: Cursor, rows: NDArray[np.int64], followed: tuple[int, ...]
) -> None:
    """Walk the chains of extension headers that `rows` stand at, RFC 8200 section 4; AH: RFC 4302 section 2."""
    columns = workspace.columns
    for _ in range(MAX_EXTENSIONS):
        if not len(rows):
            return
        standing = rows
        rows, at = workspace.reach(rows, upper.at[rows], 8)
        number = upper.kinds[rows]
        upper.kinds[standing] = NO_TRANSPORT
        header = workspace.header(rows, at, _EXTENSION)
        columns["protocol"][rows[number == IpProtocol.AH]] = Protocol.AH
        columns["protocol"][rows[number == IpProtocol.MOBILITY]] = Protocol.MOBILE_IPV6
        upper.go(rows, at + _extension_sizes(number, header["length"].astype(np.int64)), header["next"])
        # An IPv4 header's protocol number stays what it says, even where AH follows.
        six = columns["network"][rows] == EtherType.IPV6
        columns["ip_protocol"][rows[six]] = header["next"][six]
        field = header["fragment"].astype(np.int32)
        part = (number == IpProtocol.FRAGMENT) & ((field & 0xFFF9) != 0)
        if part.any():
            workspace.fragments.append((rows[part], header["jumbo"][part].astype(np.uint32)))
            _note_fragments(workspace, upper, rows[part], field[part] & 0xFFF8)
        rows = rows[np.isin(upper.kinds[rows], followed)]
    workspace.mark(rows, Status.MALFORMED)
    upper.kinds[rows] = NO_TRANSPORT


def _extension_sizes(number: NDArray[np.uint16], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bytes of extension headers whose length field says `length`."""
    size = (length + 1) * 8
    size[number == IpProtocol.FRAGMENT] = 8
    is_ah = number == IpProtocol.AH
    size[is_ah] = (length[is_ah] + 2) * 4
    return size


def _arp(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64], protocol: Protocol) -> None:
    """RFC 826; RARP (RFC 903) has the same format, and counts as ARP in the column `network`."""
    columns = workspace.columns
    columns["network"][rows] = EtherType.ARP
    columns["protocol"][rows] = protocol
    rows, at = workspace.reach(rows, upper.at[rows], 8)
    header = workspace.header(rows, at, _ARP)
    columns["message_type"][rows] = header["operation"] & 0x7FFF
    step = header["hardware_size"].astype(np.int64)
    internet = (header["protocol"] == EtherType.IPV4) & (header["protocol_size"] == 4)
    workspace.mark(rows[~internet], Status.UNSUPPORTED)
    rows, at, step = rows[internet], at[internet] + 8, step[internet]
    workspace.narrow(rows, at + 2 * step + 8)
    sender = at + step
    target = sender + 4 + step
    for name, place in (("source", sender), ("destination", target)):
        inside, begin = workspace.reach(rows, place, 4)
        write_ipv4(columns[name], inside, workspace.header(inside, begin, _ADDRESS)["address"])


def _extension_numbers() -> NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(_EXTENSIONS)] = True
    return table


_IS_EXTENSION: Final = _extension_numbers()
