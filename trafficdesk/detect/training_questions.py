"""Questions about classifiers: learn from a person's labels, and say of rows judged before what they look like now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.classify.classifier import NORMAL, Kind
from trafficdesk.classify.examples import NORMAL_ROWS, NORMAL_STRETCH_S, ROWS_PER_INCIDENT, Examples
from trafficdesk.classify.model_file import packed
from trafficdesk.classify.training import train
from trafficdesk.detect.likeness import pair_keys
from trafficdesk.errors import NotEnoughData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.classify.looks import Looks
    from trafficdesk.classify.report import TrainingReport
    from trafficdesk.detect.detector import Detector
    from trafficdesk.detect.labels import Label
    from trafficdesk.detect.memory import RememberedRows

_BY_LABELS: Final = 1_000_000
"""Groups of normal rows are numbered from here on."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it."""

    model: bytes
    """A model's file."""
    report: TrainingReport


@dataclass(frozen=True, slots=True)
class TooLittle:
    """Nothing: there is too little to learn from."""

    title: str
    hint: str


@dataclass(frozen=True, slots=True)
class TrainOnLabels:
    """Learn what a person's labels look like, against ordinary rows of the present capture."""

    labels: tuple[Label, ...]
    seed: int

    def answered(self, detector: Detector) -> Trained | TooLittle:
        """Train; takes some seconds, in which rows wait."""
        ordinary = _unlabelled(detector.memory.ordinary, self.labels)
        try:
            examples = self._examples(ordinary, detector.memory.flagged)
            model = train(examples, Kind.LABEL, seed=self.seed)
        except NotEnoughData as error:
            return TooLittle(error.title, error.hint)
        return Trained(packed(model), model.report)

    def _examples(self, ordinary: RememberedRows, flagged: RememberedRows) -> Examples:
        """Rows of every label, which is an incident of its own, and ordinary ones."""
        random = np.random.default_rng(self.seed)
        values: list[NDArray[np.float32]] = []
        names: list[str] = []
        groups: list[int] = []
        for label in self.labels:
            rows = _rows_of(label, flagged)
            rows = rows[_drawn(len(rows), ROWS_PER_INCIDENT, random)]
            values.append(rows)
            names += [name_of(label)] * len(rows)
            groups += [label.number] * len(rows)
        normal = ordinary.where(_drawn(len(ordinary), NORMAL_ROWS, random))
        values.append(normal.values)
        names += [NORMAL] * len(normal)
        groups += (_BY_LABELS + normal.seconds // NORMAL_STRETCH_S).astype(np.int64).tolist()
        return Examples.given(np.nan_to_num(np.concatenate(values)), names, groups)


@dataclass(frozen=True, slots=True)
class WhatLooksLike:
    """What the rows that are still remembered look like to the classifier in force."""

    def answered(self, detector: Detector) -> Looks:
        """Flagged rows, and the sample of others."""
        memory = detector.memory
        known = memory.rows_of(np.concatenate([memory.flagged.ids, memory.ordinary.ids]))
        return detector.lookalikes.labels(known.ids, known.values)


def name_of(label: Label) -> str:
    """What a label's rows are called: as the person called it, else as the detector did."""
    return label.name.strip() or f"{label.stance.value} {label.family}".strip()


def _rows_of(label: Label, flagged: RememberedRows) -> NDArray[np.float32]:
    """(rows, features) that a label is about.

    A label keeps no more rows than stand for all of them. Of the present capture the others are still remembered; that
    it is the one in which the label was given shows in a row of the label being among them, value by value.
    """
    own = label.rows.matrix()
    inside = (flagged.ids >= label.first_packet_id) & (flagged.ids <= label.last_packet_id)
    inside &= np.isin(pair_keys(flagged.source, flagged.destination), label.pairs)
    values = flagged.values[inside]
    is_here = len(own) > 0 and bool((values == own[0]).all(axis=1).any())
    return values if is_here else own


def _unlabelled(rows: RememberedRows, labels: tuple[Label, ...]) -> RememberedRows:
    """Without those that a label is about: they are not normal, or not only."""
    free = np.ones(len(rows), np.bool_)
    for label in labels:
        free &= ~((rows.ids >= label.first_packet_id) & (rows.ids <= label.last_packet_id)) | ~np.isin(
            rows.source, label.rows.source
        )
    return rows.where(free)


def _drawn(rows: int, most: int, random: np.random.Generator) -> NDArray[np.intp]:
    """At most so many of `rows` rows, ascending."""
    return np.arange(rows) if rows <= most else np.sort(random.choice(rows, most, replace=False))
