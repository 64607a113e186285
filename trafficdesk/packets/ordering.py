"""The order of many rows by what one column shows: numbers where it can be numbers, stable, without a loop per row.

Rows without a value stand last in either direction: they are not what one sorts for. Nothing here touches the window;
a thread sorts a log's snapshot while packets go on arriving.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.address import halves
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.info import info_bytes
from trafficdesk.packets.protocol import EtherType, Status, protocol_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trafficdesk.packets.log import PacketLog

ADDRESSED: Final = (EtherType.IPV4, EtherType.IPV6, EtherType.ARP)
"""Network headers whose addresses are shown; the link's are where there is none of these."""
_COMPARED: Final = 64
"""Bytes of a line that are compared at once; of lines that agree so far the next ones are."""
_LONGEST: Final = 512
"""Bytes beyond which lines count as equal: who writes them must not choose how long sorting takes."""
_TAKEN_ROWS: Final = 8_192
"""Rows whose lines are made at once; a short turn leaves the window its turns."""
_MALFORMED: Final = b"[malformed] "


@dataclass(frozen=True, slots=True, eq=False)
class SortKeys:
    """What rows are ordered by."""

    columns: tuple[NDArray[Any], ...]
    """Each (rows,); the last one decides first, as `numpy.lexsort` takes them."""
    present: NDArray[np.bool_] | None = None
    """(rows,) which have a value; None = all."""

    def order(self, *, descending: bool) -> NDArray[np.int64]:
        """(rows,) numbers of the rows in order; equal ones stay as they were, those without a value are last."""
        if self.present is None:
            return _stable(self.columns, descending=descending)
        here = np.flatnonzero(self.present)
        order = _stable(tuple(column[here] for column in self.columns), descending=descending)
        return np.concatenate([here[order], np.flatnonzero(~self.present)])


def _stable(columns: tuple[NDArray[Any], ...], *, descending: bool) -> NDArray[np.int64]:
    if descending:
        # From the end and turned round: equal rows keep their order, which negated keys of unsigned numbers would not give.
        turned = _stable(tuple(column[::-1] for column in columns), descending=False)
        return len(turned) - 1 - turned[::-1]
    if not columns:
        return np.zeros(0, np.int64)
    if len(columns) == 1:
        return np.argsort(columns[0], kind="stable").astype(np.int64, copy=False)
    return np.lexsort(columns).astype(np.int64, copy=False)


def column_keys(log: PacketLog, ids: NDArray[np.int64], name: str) -> SortKeys:
    """By one of the log's numbers; NaN is no value."""
    values = log.column(name, ids)
    return SortKeys((values,), ~np.isnan(values) if values.dtype.kind == "f" else None)


def endpoint_keys(log: PacketLog, ids: NDArray[np.int64], side: str) -> SortKeys:
    """By address as a number, link-layer ones before IPv4 before IPv6; `side` is source or destination."""
    network = log.column("network", ids)
    addressed = np.isin(network, ADDRESSED)
    macs = log.column(f"{side}_mac", ids)
    pair = halves(log.column(side, ids))
    pair[~addressed, 0] = 0
    pair[~addressed, 1] = macs[~addressed]
    kind = np.where(addressed, np.where(network == EtherType.IPV6, np.uint8(2), np.uint8(1)), np.uint8(0))
    return SortKeys((pair[:, 1], pair[:, 0], kind), addressed | (macs != NO_MAC))


def protocol_keys(log: PacketLog, ids: NDArray[np.int64]) -> SortKeys:
    """By the protocol's name."""
    numbers = log.column("protocol", ids)
    met = np.flatnonzero(np.bincount(numbers)) if len(numbers) else np.zeros(0, np.int64)
    names = [""] * (int(met[-1]) + 1 if len(met) else 1)
    for number in met.tolist():
        names[number] = protocol_name(number)
    return SortKeys((text_ranks(names)[numbers],))


def label_keys(numbers: NDArray[np.integer[Any]], texts: Sequence[str]) -> SortKeys:
    """By the text each number stands for; an empty one is no value."""
    known = np.array([bool(text) for text in texts], np.bool_)
    return SortKeys((text_ranks(texts)[numbers],), known[numbers])


def text_ranks(texts: Sequence[str]) -> NDArray[np.uint32]:
    """(texts,) place of each among the distinct ones in alphabetical order; case does not matter."""
    folded = [text.casefold() for text in texts]
    ranks = {text: rank for rank, text in enumerate(sorted(set(folded)))}
    return np.array([ranks[text] for text in folded], np.uint32)


def info_keys(log: PacketLog, ids: NDArray[np.int64]) -> SortKeys:
    """By the line that says what a packet is, up to `_LONGEST` bytes of it."""
    rows = np.arange(len(ids))
    groups = np.zeros(len(ids), np.int64)
    columns: list[NDArray[np.int64]] = []
    for offset in range(0, _LONGEST, _COMPARED):
        pieces, longer = _pieces(log, ids[rows], offset)
        ranks = np.zeros(len(ids), np.int64)
        ranks[rows] = _ranks(pieces)
        columns.append(ranks)
        # Rows that agree so far, at least one of which goes on.
        _, which, counts = np.unique(
            groups[rows] * (len(ids) + 1) + ranks[rows], return_inverse=True, return_counts=True
        )
        which = which.reshape(-1)
        goes_on = np.zeros(len(counts), np.bool_)
        goes_on[which[longer]] = True
        tied = (goes_on & (counts > 1))[which]
        groups[rows] = which
        rows = rows[tied]
        if not len(rows):
            break
    return SortKeys(tuple(reversed(columns)))


def _pieces(
    log: PacketLog, ids: NDArray[np.int64], offset: int
) -> tuple[NDArray[np.bytes_], NDArray[np.bool_]]:
    """(ids,) the bytes of each line from `offset` on that are compared at once, and whether it goes on behind them."""
    pieces = np.zeros(len(ids), f"S{_COMPARED}")
    longer = np.zeros(len(ids), np.bool_)
    for start in range(0, len(ids), _TAKEN_ROWS):
        part = slice(start, start + _TAKEN_ROWS)
        lines = _lines(log, ids[part])
        octets = lines.view(np.uint8).reshape(len(lines), lines.itemsize)
        here = octets[:, offset : offset + _COMPARED]
        into = pieces[part].view(np.uint8).reshape(len(lines), _COMPARED)
        into[:, : here.shape[1]] = here
        if octets.shape[1] > offset + _COMPARED:
            longer[part] = octets[:, offset + _COMPARED] != 0
    return pieces, longer


def _ranks(pieces: NDArray[np.bytes_]) -> NDArray[np.int64]:
    """(rows,) place of each among the distinct ones; as `numpy.unique`, whose comparison of texts stops other threads."""
    order = np.argsort(pieces, kind="stable")
    words = pieces[order].view(np.uint64).reshape(-1, _COMPARED // 8)
    ranks = np.zeros(len(pieces), np.int64)
    ranks[order[1:]] = np.cumsum((words[1:] != words[:-1]).any(axis=1))
    return ranks


def _lines(log: PacketLog, ids: NDArray[np.int64]) -> NDArray[np.bytes_]:
    batch = log.take(ids)
    lines = info_bytes(batch)
    broken = batch["status"] == Status.MALFORMED
    if broken.any():
        lines = lines.astype(f"S{lines.itemsize + len(_MALFORMED)}")
        lines[broken] = np.char.add(_MALFORMED, lines[broken])
    return lines
