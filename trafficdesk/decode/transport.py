"""TCP, UDP, UDP-Lite, DCCP, SCTP, ICMP, ICMPv6 and IGMP: ports, flags, types, and where the payload begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.named_types import IP_PROTOCOLS
from trafficdesk.packets.protocol import IpProtocol, Protocol, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.decode.cursor import Cursor
    from trafficdesk.decode.workspace import Workspace

    Reader = Callable[[Workspace, Cursor, NDArray[np.int64]], None]

_TCP: Final = np.dtype(
    [
        ("source_port", ">u2"),
        ("destination_port", ">u2"),
        ("sequence", ">u4"),
        ("acknowledgement", ">u4"),
        ("offset_flags", ">u2"),
        ("window", ">u2"),
        ("checksum_urgent", "V4"),
    ]
)
_PORTS: Final = np.dtype(
    [("source_port", ">u2"), ("destination_port", ">u2"), ("length", ">u2"), ("checksum", ">u2")]
)
_EIGRP: Final = 88
_IS_ECHO: Final = {
    Protocol.ICMP: np.isin(np.arange(256), (0, 8)),
    Protocol.ICMPV6: np.isin(np.arange(256), (128, 129)),
}
"""Types that have an identifier and a sequence number (RFC 792, RFC 4443 section 4.1)."""
_MESSAGE: Final = np.dtype([("type", "u1"), ("code", "u1")])


def walk_transport(workspace: Workspace, upper: Cursor, walked: NDArray[np.int64]) -> None:
    """Read every transport header that `upper` stands at, and write where the payloads of the rows `walked` lie."""
    for number in np.flatnonzero(np.bincount(upper.kinds, minlength=256)[:256]).tolist():
        rows = np.flatnonzero(upper.kinds == number)
        read = _READERS.get(number)
        if read:
            read(workspace, upper, rows)
        elif number in IP_PROTOCOLS:
            workspace.columns["protocol"][rows] = IP_PROTOCOLS[number]
    _write_payload(workspace, upper, walked)


def _write_payload(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """Payload of the IP packets among `rows`; what the capture did not keep of a packet makes it truncated."""
    columns = workspace.columns
    workspace.mark(rows[workspace.ends[rows] < workspace.limits[rows]], Status.TRUNCATED)
    rows = rows[columns["ip_protocol"][rows] >= 0]
    at = upper.at[rows]
    columns["payload_offset"][rows] = at - workspace.starts[rows]
    columns["payload_length"][rows] = np.maximum(workspace.limits[rows] - at, 0)


def _tcp(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 9293 section 3.1."""
    columns = workspace.columns
    columns["protocol"][rows] = Protocol.TCP
    rows, at = _with_ports(workspace, upper, rows, 20)
    header = workspace.header(rows, at, _TCP)
    columns["source_port"][rows] = header["source_port"]
    columns["destination_port"][rows] = header["destination_port"]
    rows, at, header = _whole(workspace, rows, at, header)
    word = header["offset_flags"].astype(np.uint16)
    columns["tcp_flags"][rows] = word & 0x0FFF
    columns["tcp_sequence"][rows] = header["sequence"]
    columns["tcp_acknowledgement"][rows] = header["acknowledgement"]
    columns["tcp_window"][rows] = header["window"]
    _skip(workspace, upper, rows, at + 4 * (word >> np.uint16(12)), at + 20)


def _udp(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 768."""
    columns = workspace.columns
    columns["protocol"][rows] = Protocol.UDP
    rows, at = _with_ports(workspace, upper, rows, 8)
    header = workspace.header(rows, at, _PORTS)
    columns["source_port"][rows] = header["source_port"]
    columns["destination_port"][rows] = header["destination_port"]
    rows, at, header = _whole(workspace, rows, at, header)
    upper.at[rows] = at + 8
    length = header["length"].astype(np.int64)
    # 0 stands for "more than 65,535" (RFC 2675 section 4) and for segmentation left to the card.
    wrong = rows[(length < 8) & (length != 0)]
    workspace.mark(wrong, Status.MALFORMED)
    # A first fragment's length is that of the whole datagram.
    counts = (length >= 8) & (columns["fragment_offset"][rows] < 0)
    if not counts.all():
        rows, at, length = rows[counts], at[counts], length[counts]
    workspace.narrow(rows, at + length)


def _udp_lite(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 3828 section 3.1; the length field is the checksum's coverage."""
    _ported(workspace, upper, rows, Protocol.UDPLITE, 8)


def _sctp(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 9260 section 3.1: the common header; the payload are the chunks."""
    _ported(workspace, upper, rows, Protocol.SCTP, 12)


def _dccp(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 4340 section 5.1."""
    rows, at = _ported(workspace, upper, rows, Protocol.DCCP, 12)
    _skip(workspace, upper, rows, at + 4 * workspace.u8(rows, at + 4).astype(np.int64), at + 12)


def _ported(
    workspace: Workspace, upper: Cursor, rows: NDArray[np.int64], protocol: Protocol, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ports of a header of at least `size` bytes; returns the rows that have it whole."""
    workspace.columns["protocol"][rows] = protocol
    rows, at = _with_ports(workspace, upper, rows, size)
    header = workspace.header(rows, at, _PORTS)
    workspace.columns["source_port"][rows] = header["source_port"]
    workspace.columns["destination_port"][rows] = header["destination_port"]
    rows, at = workspace.reach(rows, at, size)
    upper.at[rows] = at + size
    return rows, at


def _icmp(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 792."""
    _message(workspace, upper, rows, Protocol.ICMP)


def _icmpv6(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 4443 section 2.1."""
    _message(workspace, upper, rows, Protocol.ICMPV6)


def _igmp(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
    """RFC 3376 section 4; the second byte is no code."""
    _message(workspace, upper, rows, Protocol.IGMP)
    workspace.columns["message_code"][rows] = -1


def _message(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64], protocol: Protocol) -> None:
    """Type and code; the payload begins after the eight bytes that echo, errors and queries share."""
    workspace.columns["protocol"][rows] = protocol
    at = upper.at[rows]
    upper.at[rows] = np.minimum(at + 8, np.maximum(workspace.limits[rows], at))
    rows, at = workspace.reach(rows, at, 2)
    header = workspace.header(rows, at, _MESSAGE)
    workspace.columns["message_type"][rows] = header["type"]
    workspace.columns["message_code"][rows] = header["code"]
    echo = _IS_ECHO[protocol][header["type"]] if protocol in _IS_ECHO else np.zeros(len(rows), bool)
    asked, begin = rows[echo], at[echo]
    workspace.columns["application_id"][asked] = workspace.be16(asked, begin + 4)
    workspace.columns["application_code"][asked] = workspace.be16(asked, begin + 6)
    # Eight bytes are the smallest message of all three (ICMPv6: four, but none so short is defined).
    workspace.reach(rows, at, 4)


def _typed(protocol: Protocol, offset: int) -> Reader:
    """A protocol of which the name is told and the byte at `offset`, the kind of message, as application_code."""

    def read(workspace: Workspace, upper: Cursor, rows: NDArray[np.int64]) -> None:
        workspace.columns["protocol"][rows] = protocol
        workspace.columns["application_code"][rows] = workspace.u8(rows, upper.at[rows] + offset)

    return read


def _with_ports(
    workspace: Workspace, upper: Cursor, rows: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Those rows whose two ports were captured; a header of `size` bytes that is cut off leaves no payload."""
    at = upper.at[rows]
    short = at + size > workspace.ends[rows]
    if short.any():
        cut = rows[short]
        upper.at[cut] = np.maximum(workspace.limits[cut], at[short])
        workspace.reach(cut, at[short], size)
    return workspace.reach(rows, at, 4)


def _whole(
    workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64], header: NDArray[np.void]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.void]]:
    """Those rows whose header was captured whole."""
    whole = at + header.dtype.itemsize <= workspace.ends[rows]
    if whole.all():
        return rows, at, header
    return rows[whole], at[whole], header[whole]


def _skip(
    workspace: Workspace,
    upper: Cursor,
    rows: NDArray[np.int64],
    stops: NDArray[np.int64],
    least: NDArray[np.int64],
) -> None:
    """Headers end and payloads begin at `stops`, which must not lie before `least` or beyond the packet."""
    limits = workspace.limits[rows]
    wrong = (stops < least) | (stops > limits)
    if wrong.any():
        workspace.mark(rows[wrong], Status.MALFORMED)
        stops = np.where(wrong, limits, stops)
    upper.at[rows] = stops


_READERS: Final[dict[int, Reader]] = {
    IpProtocol.ICMP: _icmp,
    IpProtocol.IGMP: _igmp,
    IpProtocol.TCP: _tcp,
    IpProtocol.UDP: _udp,
    IpProtocol.DCCP: _dccp,
    IpProtocol.ICMPV6: _icmpv6,
    IpProtocol.SCTP: _sctp,
    IpProtocol.UDPLITE: _udp_lite,
    # RFC 2328 appendix A.3.1; RFC 7761 section 4.9; RFC 9568 section 5.2; RFC 7868 section 6.6.1.
    IpProtocol.OSPF: _typed(Protocol.OSPF, 1),
    IpProtocol.PIM: _typed(Protocol.PIM, 0),
    IpProtocol.VRRP: _typed(Protocol.VRRP, 0),
    _EIGRP: _typed(Protocol.EIGRP, 1),
}
"""Every transport protocol that is read, by IP protocol number."""
