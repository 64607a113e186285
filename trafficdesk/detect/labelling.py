"""`label_of`: a label out of what a person pointed at, with the fewest rows that stand for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.correction_questions import LookAt, WhatIf, subject_of
from trafficdesk.detect.exemplars import MEASURES, Exemplars
from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX, UNUSUAL
from trafficdesk.detect.labels import MAX_PAIRS, MAX_ROWS, Label, RowSnapshot, Stance
from trafficdesk.detect.likeness import Likeness, pair_keys
from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.correction_questions import Consequences, Look
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.detect.detector import Detector

REACHES: Final = (1.0, 2.0, 4.0, float("inf"))
"""Margins tried until the rows kept stand for all; the last one is bounded by family, kind and hosts alone."""


@dataclass(frozen=True, slots=True)
class Pointed:
    """What a person pointed at."""

    stance: Stance
    name: str
    family: str
    culprit: str
    packets: int
    noted_ns: int


def label_of(number: int, pointed: Pointed, look: Look, culprit_key: int | None = None) -> Label:
    """The label; rows that were flagged count, all of them where none was.

    Every row of `look` that was flagged is like the label afterwards.

    Parameters
    ----------
    culprit_key : the culprit's host key; None = the host that most rows have in common.

    Raises
    ------
    ValueError
        If there is no row.
    """
    rows = look.rows
    if not len(rows):
        raise ValueError("no row to label")
    subject = subject_of(rows)
    if culprit_key is None:
        culprit_key = _commonest(rows.source, rows.destination)
    pairs = np.unique(pair_keys(rows.source, rows.destination))[:MAX_PAIRS]
    features = tuple(feature.name for feature in FEATURES)
    unknown = np.full(len(features), np.nan, np.float32)

    def snapshot(at: NDArray[np.intp]) -> RowSnapshot:
        return RowSnapshot(
            features=features,
            values=rows.values[at],
            source=rows.source[at],
            destination=rows.destination[at],
            family=subject.family[at],
            usual=unknown if look.usual is None else look.usual,
            unit=unknown if look.unit is None else look.unit,
        )

    label = Label(
        number=number,
        stance=pointed.stance,
        name=pointed.name,
        family=pointed.family if pointed.family in FAMILY_INDEX else FAMILIES[UNUSUAL].name,
        culprit=pointed.culprit,
        first_packet_id=int(rows.ids.min()),
        last_packet_id=int(rows.ids.max()),
        packets=max(pointed.packets, len(rows)),
        noted_ns=pointed.noted_ns,
        rows=snapshot(np.arange(0)),
        culprit_key=culprit_key,
        pairs=pairs,
    )
    for reach in REACHES:
        everything = replace(label, rows=snapshot(np.arange(len(rows))), reach=reach)
        label = replace(label, rows=snapshot(_standing_for(everything)), reach=reach)
        if (Likeness([label]).positions(subject) >= 0).all():
            break
    return label


def _standing_for(label: Label) -> NDArray[np.intp]:
    """Which rows of a label are enough to stand for all of them, ascending; at most `MAX_ROWS`."""
    families = np.unique(label.rows.family).tolist()
    room = MAX_ROWS // max(len(families), 1)
    kept = []
    for family in families:
        at = np.flatnonzero(label.rows.family == family)
        exemplars = Exemplars.of([label], [0], family, strict=label.stance is Stance.SUSPICIOUS)
        chosen = _highest(exemplars, family) if family in MEASURES else _greedy(exemplars, room)
        kept.append(at[chosen[:room]])
    return np.sort(np.concatenate(kept))


def _highest(exemplars: Exemplars, family: int) -> NDArray[np.intp]:
    """The row that is highest in each of the rule's measures; one row where it has none."""
    measures = exemplars.values[:, MEASURES[family]]
    return np.unique(measures.argmax(axis=0)) if measures.shape[1] else np.zeros(1, np.intp)


def _greedy(exemplars: Exemplars, most: int) -> NDArray[np.intp]:
    """The most extreme row, then the most extreme of those that are not like it, and so on."""
    size = exemplars.size()
    left = np.arange(len(exemplars))
    kept: list[int] = []
    while len(left) and len(kept) < most:
        extreme = int(left[size[left].argmax()])
        kept.append(extreme)
        alike = exemplars.where(np.array([extreme])).odd(exemplars.values[left]) >= 0
        left = left[~alike & (left != extreme)]
    return np.array(kept, np.intp)


def _commonest(source: NDArray[np.int64], destination: NDArray[np.int64]) -> int:
    """The host that most rows have as one of their ends; of equals the more frequent source."""
    hosts, inverse = np.unique(np.concatenate([source, destination]), return_inverse=True)
    weight = np.concatenate([np.full(len(source), 1.0 + 1e-6), np.ones(len(destination))])
    return int(hosts[np.bincount(inverse, weights=weight).argmax()])


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Packets of one culprit that a person pointed at."""

    ids: NDArray[np.int64]
    """(packets,) ascending."""
    family: str
    culprit: str
    """Address as text."""
    culprit_id: int
    """A packet of `ids` of which the culprit is an end; -1 = not known."""
    culprit_at_source: bool


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What a person might say."""

    labels: tuple[Label, ...]
    """One per group of which anything is remembered."""
    consequences: Consequences
    forgotten: int
    """Packets that the detector does not remember."""


@dataclass(frozen=True, slots=True, eq=False)
class Propose:
    """Asks for labels of some packets, and what would follow if they were added to `corrections`."""

    stance: Stance
    groups: tuple[Group, ...]
    corrections: Corrections
    noted_ns: int

    def answered(self, detector: Detector) -> Proposal:
        """Ask `detector`; nothing changes."""
        corrections = self.corrections
        labels: list[Label] = []
        forgotten = 0
        for group in self.groups:
            look = LookAt(group.ids).answered(detector)
            forgotten += len(group.ids) - len(look.rows)
            if not len(look.rows):
                continue
            pointed = Pointed(self.stance, "", group.family, group.culprit, len(group.ids), self.noted_ns)
            label = label_of(corrections.next_number, pointed, look, _key_of(group, look))
            labels.append(label)
            corrections = corrections.with_entries(label)
        return Proposal(tuple(labels), WhatIf(corrections).answered(detector), forgotten)


def _key_of(group: Group, look: Look) -> int | None:
    at = np.flatnonzero(look.rows.ids == group.culprit_id)
    if not len(at):
        return None
    side = look.rows.source if group.culprit_at_source else look.rows.destination
    return int(side[at[0]])
