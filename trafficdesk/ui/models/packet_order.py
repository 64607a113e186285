"""What the packet table's rows are sorted by, column by column. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.families import UNUSUAL
from trafficdesk.packets.log import FLAGGED
from trafficdesk.packets.notes import NoteFlag
from trafficdesk.packets.ordering import (
    SortKeys,
    column_keys,
    endpoint_keys,
    info_keys,
    label_keys,
    protocol_keys,
)
from trafficdesk.packets.peers import peers
from trafficdesk.ui.models.packet_page import Column, interface_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from trafficdesk.packets.identities import Host, Interned, Program
    from trafficdesk.packets.log import PacketLog
    from trafficdesk.packets.notes import PacketNotes
    from trafficdesk.session import AnalysisSession

_PLACED_ROWS: Final = 65_536
"""Rows whose peers are looked up at once."""


@dataclass(frozen=True, slots=True, eq=False)
class SortSource:
    """A session's rows of one moment, for a thread."""

    log: PacketLog
    programs: Interned[Program]
    hosts: Interned[Host]
    words: tuple[str, ...]
    """A word per family index; index 0 names what only the model found unusual."""
    families: Mapping[int, int]
    """Family index by number of incident."""
    notes: PacketNotes
    """Of this moment."""

    @classmethod
    def of(
        cls, session: AnalysisSession, words: tuple[str, ...], family_of: Callable[[int], int]
    ) -> SortSource:
        """As the session is now."""
        families = {incident.id: family_of(incident.id) for incident in session.incidents}
        identities = session.log.identities
        notes = session.notes.copy()
        return cls(session.log.snapshot(), identities.programs, identities.hosts, words, families, notes)

    def order(self, ids: NDArray[np.int64], column: Column, *, descending: bool) -> NDArray[np.int64]:
        """(rows,) numbers into `ids`, all of which must be in the log, from the first row to the last."""
        return _KEYS[column](self, ids).order(descending=descending)


def _number(_source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    return SortKeys((ids,))


def _finding(source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    flagged = (source.log.column("verdict", ids) & FLAGGED) != 0
    family = source.log.column("family", ids).astype(np.int64)
    unnamed = np.flatnonzero(flagged & np.isin(family, (0, UNUSUAL)))
    incidents = source.log.column("incident", ids[unnamed]).tolist()
    family[unnamed] = [source.families.get(number, 0) for number in incidents]
    family[(family >= len(source.words)) | ~flagged] = 0
    return SortKeys(label_keys(family, source.words).columns, flagged)


def _program(source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    numbers = source.log.column("program", ids)
    return label_keys(numbers, [program.label for program in source.programs.since(0)])


def _host(source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    numbers = source.log.column("host", ids)
    return label_keys(numbers, [host.name for host in source.hosts.since(0)])


def _country(source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    locations = source.log.identities.locations
    if locations is None:
        return SortKeys((), np.zeros(len(ids), np.bool_))
    numbers = _of_peers(source.log, ids, locations.countries)
    return label_keys(numbers, list(locations.codes.since(0)))


def _system(source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    locations = source.log.identities.locations
    if locations is None:
        return SortKeys((), np.zeros(len(ids), np.bool_))
    numbers = _of_peers(source.log, ids, locations.systems)
    return SortKeys((numbers,), numbers > 0)


def _interface(source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    numbers = source.log.column("interface", ids)
    most = int(numbers.max(initial=0)) + 1
    return label_keys(numbers, interface_texts(source.log.interfaces, np.arange(most, dtype=np.uint16)))


def _comment(source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    commented = np.flatnonzero(source.log.column("mark", ids) & int(NoteFlag.COMMENTED))
    texts = [source.notes.comment(packet_id) for packet_id in ids[commented].tolist()]
    numbers = np.zeros(len(ids), np.int64)
    numbers[commented] = np.arange(1, len(texts) + 1)
    return label_keys(numbers, ["", *texts])


def _threat(source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    numbers = source.log.column("threat", ids)
    return label_keys(numbers, [threat.list_name for threat in source.log.identities.threats.since(0)])


def _likeness(source: SortSource, ids: NDArray[np.int64]) -> SortKeys:
    label = source.log.column("label", ids)
    numbers = np.where(label > 0, label, source.log.column("application", ids))
    return label_keys(numbers, list(source.log.identities.labels.since(0)))


def _of_peers(
    log: PacketLog, ids: NDArray[np.int64], number_of: Callable[[NDArray[np.void]], NDArray[np.integer]]
) -> NDArray[np.int64]:
    numbers = np.zeros(len(ids), np.int64)
    for start in range(0, len(ids), _PLACED_ROWS):
        part = ids[start : start + _PLACED_ROWS]
        far, there = peers(log.take(part), log.identities.own)
        numbers[start : start + len(part)][there] = number_of(far[there])
    return numbers


_KEYS: Final[dict[Column, Callable[[SortSource, NDArray[np.int64]], SortKeys]]] = {
    Column.NUMBER: _number,
    Column.TIME: lambda source, ids: column_keys(source.log, ids, "timestamp_ns"),
    Column.SOURCE: lambda source, ids: endpoint_keys(source.log, ids, "source"),
    Column.DESTINATION: lambda source, ids: endpoint_keys(source.log, ids, "destination"),
    Column.PROTOCOL: lambda source, ids: protocol_keys(source.log, ids),
    Column.LENGTH: lambda source, ids: column_keys(source.log, ids, "length"),
    Column.INFO: lambda source, ids: info_keys(source.log, ids),
    Column.FINDING: _finding,
    Column.SCORE: lambda source, ids: column_keys(source.log, ids, "score"),
    Column.PROGRAM: _program,
    Column.HOST: _host,
    Column.COUNTRY: _country,
    Column.SYSTEM: _system,
    Column.INTERFACE: _interface,
    Column.COMMENT: _comment,
    Column.THREAT: _threat,
    Column.LIKENESS: _likeness,
}
