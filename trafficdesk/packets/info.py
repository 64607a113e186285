"""One line per packet that says what it is, in Wireshark's manner, for the table and the CSV.

Sequence and acknowledgement numbers count from the conversation's first ones where it was followed (`tcp_notes`), else
they are the raw ones of the header.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.address import address_texts
from trafficdesk.packets.fields import INNER_DTYPE
from trafficdesk.packets.info_applications import APPLICATION_LINES, icmp, tunnelled_tcp
from trafficdesk.packets.info_lines import LINES, fragments, other
from trafficdesk.packets.pieces import Piece, constant, join, labels, table
from trafficdesk.packets.printable import printable
from trafficdesk.packets.protocol import EtherType, Protocol, TcpNote, tunnel_name
from trafficdesk.packets.words import tcp_notes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

__all__ = ["info_bytes", "info_texts", "printable"]

_FRAGMENT: Final = 0xFFFF
"""Stands for later fragments among the protocols."""


def info_texts(batch: PacketBatch) -> NDArray[np.object_]:
    """(rows,) the line of each packet as printable text."""
    return np.array([line.decode() for line in info_bytes(batch).tolist()], object)


def info_bytes(batch: PacketBatch) -> NDArray[np.bytes_]:
    """(rows,) the line of each packet as UTF-8, NUL-padded to the longest one; no NULs inside."""
    tunnelled = np.flatnonzero(batch["tunnel"])
    inside = _inside(batch, tunnelled) if len(tunnelled) else batch
    keys = np.where(inside["fragment_offset"] > 0, np.uint16(_FRAGMENT), inside["protocol"])
    keys[tunnelled[keys[tunnelled] == Protocol.TCP]] = _TUNNELLED_TCP
    groups = []
    for key in np.flatnonzero(np.bincount(keys)) if len(keys) else ():
        rows = np.flatnonzero(keys == key)
        groups.append((rows, _LINES.get(int(key), other)(inside, rows)))
    width = max((lines.shape[1] for _, lines in groups), default=0) or 1
    result = np.zeros((len(batch), width), np.uint8)
    for rows, lines in groups:
        result[rows, : lines.shape[1]] = lines
    texts: NDArray[np.bytes_] = result.view(f"S{width}").reshape(-1)
    if len(tunnelled):
        texts = _prefixed(texts, tunnelled, _tunnels(batch, inside, tunnelled))
    notes = batch["tcp_notes"] & np.uint16(~TcpNote.FOLLOWED & 0xFFFF)
    noted = np.flatnonzero(notes)
    return _prefixed(texts, noted, [labels(notes[noted], tcp_notes)]) if len(noted) else texts


def _inside(batch: PacketBatch, rows: NDArray[np.int64]) -> PacketBatch:
    """The batch with the inner packets' ends in the place of the outer ones."""
    columns = dict(batch.columns)
    inner = batch.inner(rows)
    for name in INNER_DTYPE.names or ():
        column = columns[name].copy()
        column[rows] = inner[name]
        columns[name] = column
    return replace(batch, columns=columns)


def _tunnels(batch: PacketBatch, inside: PacketBatch, rows: NDArray[np.int64]) -> list[Piece]:
    """`VXLAN 10.0.0.1 → 10.0.0.2: `."""
    addressed = np.isin(inside["network"][rows], (EtherType.IPV4, EtherType.IPV6, EtherType.ARP))
    source, destination = (
        table(address_texts(inside[name][rows]).tolist()).only(addressed)
        for name in ("source", "destination")
    )
    return [
        labels(batch["tunnel"][rows], tunnel_name),
        constant(" ").only(addressed),
        source,
        constant(" → ").only(addressed),
        destination,
        constant(": "),
    ]


def _prefixed(
    lines: NDArray[np.bytes_], rows: NDArray[np.int64], prefixes: list[Piece]
) -> NDArray[np.bytes_]:
    """The lines, those of `rows` with something in front."""
    here = lines[rows]
    joined = join(len(rows), [*prefixes, Piece(here, np.char.str_len(here).astype(np.int64))])
    result = lines.astype(f"S{max(joined.shape[1], lines.dtype.itemsize)}")
    result[rows] = np.ascontiguousarray(joined).view(f"S{joined.shape[1]}").reshape(-1)
    return result


_TUNNELLED_TCP: Final = 0xFFFE
_LINES: Final = {**LINES, **APPLICATION_LINES, _FRAGMENT: fragments, _TUNNELLED_TCP: tunnelled_tcp}
_LINES[Protocol.ICMP] = icmp(LINES[Protocol.ICMP])
_LINES[Protocol.ICMPV6] = icmp(LINES[Protocol.ICMPV6])
