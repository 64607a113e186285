"""Packets inside packets: the row keeps the outer addresses, gets the inner packet's name, and its ends beside the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications import recognise
from trafficdesk.decode.applications.text import positions
from trafficdesk.decode.cursor import Next
from trafficdesk.decode.link import walk_link
from trafficdesk.decode.network import walk_network
from trafficdesk.decode.transport import walk_transport
from trafficdesk.decode.tunnel_headers import BY_IP_PROTOCOL, BY_UDP_PORT, Carrier
from trafficdesk.decode.workspace import Workspace
from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.fields import INNER_DTYPE
from trafficdesk.packets.protocol import IpProtocol, Protocol, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_NESTING: Final = 4
"""Tunnels in tunnels that are opened; deeper ones keep the name of their outermost header."""

_COPIED: Final = (
    "message_type",
    "message_code",
    "application_id",
    "application_code",
    "application_type",
    "application_count",
    "name_hash",
    "name_entropy",
)
"""What the inner packet says of itself in columns of its own meaning."""


def open_tunnels(workspace: Workspace, depth: int = 0) -> None:
    """Open every tunnel that the transport layer shows, and name the rows by what is inside."""
    for rows, carrier in _found(workspace):
        at = workspace.starts[rows] + workspace.columns["payload_offset"][rows]
        kinds, begin = carrier.open(workspace, rows, at)
        inside = (kinds != Next.NOTHING) & (begin < workspace.ends[rows]) & (begin >= at)
        if inside.any():
            inner = _decoded(workspace, rows[inside], begin[inside], kinds[inside], depth)
            _take(workspace, carrier, rows[inside], inner)


def _found(workspace: Workspace) -> list[tuple[NDArray[np.int64], Carrier]]:
    """Rows of each tunnel that occurs; only a whole datagram or a first fragment has a header to open."""
    columns = workspace.columns
    numbers = columns["ip_protocol"]
    candidates = np.flatnonzero(_IP_CARRIERS[numbers] & (columns["fragment_offset"] <= 0))
    found = [
        (candidates[numbers[candidates] == number], BY_IP_PROTOCOL[number])
        for number in np.unique(numbers[candidates]).tolist()
    ]
    source, destination = columns["source_port"], columns["destination_port"]
    datagrams = np.flatnonzero(_UDP_CARRIERS[source] | _UDP_CARRIERS[destination])
    datagrams = datagrams[
        (numbers[datagrams] == IpProtocol.UDP)
        & (columns["payload_length"][datagrams] > 0)
        & (columns["fragment_offset"][datagrams] <= 0)
    ]
    if len(datagrams):
        to, origin = destination[datagrams], source[datagrams]
        port = np.where(_UDP_CARRIERS[to], to, origin)
        found += [(datagrams[port == number], BY_UDP_PORT[number]) for number in np.unique(port).tolist()]
    return found


def _decoded(
    workspace: Workspace,
    rows: NDArray[np.int64],
    begin: NDArray[np.int64],
    kinds: NDArray[np.uint16],
    depth: int,
) -> Workspace:
    """What begins at `begin`, decoded as frames of their own."""
    columns = workspace.columns
    captured = workspace.ends[rows] - begin
    wire = np.maximum(workspace.limits[rows] - begin, captured)
    block = FrameBlock(
        workspace.data,
        begin,
        captured,
        wire,
        columns["timestamp_ns"][rows],
        columns["link_type"][rows],
        interfaces=columns["interface"][rows],
    )
    inner = Workspace(block)
    everything = np.arange(len(rows))
    walk_transport(inner, walk_network(inner, walk_link(inner, everything, kinds)), everything)
    if depth < MAX_NESTING:
        open_tunnels(inner, depth + 1)
    recognise(inner)
    return inner


def _take(workspace: Workspace, carrier: Carrier, rows: NDArray[np.int64], inner: Workspace) -> None:
    """Give `rows` what was found inside."""
    columns, found = workspace.columns, inner.columns
    names = found["protocol"]
    named = (names != Protocol.UNKNOWN) & (names != Protocol.ETHERNET)
    columns["protocol"][rows] = np.where(named, names, np.uint16(carrier.protocol))
    columns["tunnel"][rows] = carrier.tunnel
    for name in _COPIED:
        columns[name][rows] = found[name]
    workspace.mark(rows[found["status"] == Status.TRUNCATED], Status.TRUNCATED)
    workspace.mark(rows[found["status"] == Status.MALFORMED], Status.MALFORMED)
    arena = np.concatenate(inner.text) if inner.text else np.empty(0, np.uint8)
    lengths = found["text_length"].astype(np.int64)
    text = arena[positions(found["text_start"], lengths)]
    records = np.zeros(len(rows), INNER_DTYPE)
    for name in INNER_DTYPE.names or ():
        records[name] = found[name]
    nested = np.flatnonzero(found["tunnel"])
    if len(nested):
        starts = found["text_start"][nested] + lengths[nested]
        raw = arena[starts[:, None] + np.arange(INNER_DTYPE.itemsize)]
        records[nested] = raw.view(INNER_DTYPE).reshape(-1)
    workspace.add_inner(rows, text, lengths, records)


def _ip_carriers() -> NDArray[np.bool_]:
    # One entry more than there are numbers: -1, no IP, finds the last one.
    table = np.zeros(257, bool)
    table[list(BY_IP_PROTOCOL)] = True
    return table


def _udp_carriers() -> NDArray[np.bool_]:
    table = np.zeros((1 << 16) + 1, bool)
    table[list(BY_UDP_PORT)] = True
    return table


_IP_CARRIERS: Final = _ip_carriers()
_UDP_CARRIERS: Final = _udp_carriers()
