"""Fields of a display filter that ask who is behind a row: program, host, threat list, country, autonomous system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.filter_rows import FilterField, Kind, Labels, Rows, Values
from trafficdesk.packets.identities import Certainty, NameSource
from trafficdesk.packets.peers import peers

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.packets.identities import Identities

_CERTAINTIES: Final = tuple(certainty.words for certainty in Certainty)
_SOURCES: Final = tuple(source.words for source in NameSource)


def _numbered(column: str) -> Callable[[Rows], Values]:
    def read(rows: Rows) -> Values:
        numbers = rows.judged(column, 0).astype(np.int64)
        return Values(numbers > 0, (numbers,))

    return read


def _share(number: str, percent: str) -> Callable[[Rows], Values]:
    def read(rows: Rows) -> Values:
        return Values(rows.judged(number, 0) > 0, (rows.judged(percent, 0) / 100.0,))

    return read


def _country(rows: Rows) -> Values:
    numbers = np.zeros(len(rows.batch), np.int64)
    if rows.identities is not None and rows.identities.locations is not None:
        far, there = peers(rows.batch, rows.identities.own)
        numbers[there] = rows.identities.locations.countries(far[there])
    return Values(numbers > 0, (numbers,))


def _system(rows: Rows) -> Values:
    numbers = np.zeros(len(rows.batch), np.int64)
    if rows.identities is not None and rows.identities.locations is not None:
        far, there = peers(rows.batch, rows.identities.own)
        numbers[there] = rows.identities.locations.systems(far[there])
    return Values(numbers > 0, (numbers,))


def _countries(identities: Identities) -> Labels:
    assert identities.locations is not None
    return Labels(identities.locations.codes, str)


IDENTITY_FIELDS: Final = (
    FilterField(
        "td.program",
        Kind.LABEL,
        "local program whose conversation it is",
        _numbered("program"),
        labels=lambda identities: Labels(identities.programs, lambda program: program.name),
    ),
    FilterField(
        "td.program.source",
        Kind.LABEL,
        "how the program is known: seen, guessed, not permitted",
        _numbered("program"),
        names=_CERTAINTIES,
        labels=lambda identities: Labels(identities.programs, lambda program: program.certainty.words),
    ),
    FilterField(
        "td.host",
        Kind.LABEL,
        "the peer's name",
        _numbered("host"),
        labels=lambda identities: Labels(identities.hosts, lambda host: host.name),
    ),
    FilterField(
        "td.host.source",
        Kind.LABEL,
        "where the peer's name is known from: TLS SNI, DNS answer, mDNS, …",
        _numbered("host"),
        names=_SOURCES,
        labels=lambda identities: Labels(identities.hosts, lambda host: host.source.words),
    ),
    FilterField(
        "td.threat",
        Kind.LABEL,
        "the threat list that has an address or a name of it",
        _numbered("threat"),
        labels=lambda identities: Labels(identities.threats, lambda threat: threat.list_name),
    ),
    FilterField(
        "td.threat.entry",
        Kind.LABEL,
        "the list's entry: address, network or domain",
        _numbered("threat"),
        labels=lambda identities: Labels(identities.threats, lambda threat: threat.entry),
    ),
    FilterField(
        "td.label",
        Kind.LABEL,
        "what it looks like of what was labelled",
        _numbered("label"),
        labels=lambda identities: Labels(identities.labels, str),
    ),
    FilterField("td.likeness", Kind.REAL, "how much it looks like that, 0 to 1", _share("label", "likeness")),
    FilterField(
        "td.application",
        Kind.LABEL,
        "the application it behaves like, where its protocol leaves that open",
        _numbered("application"),
        labels=lambda identities: Labels(identities.labels, str),
    ),
    FilterField("td.country", Kind.LABEL, "the peer's country, two letters", _country, labels=_countries),
    FilterField(
        "td.asn", Kind.NUMBER, "number of the peer's autonomous system, its provider", _system, 0xFFFF_FFFF
    ),
)
