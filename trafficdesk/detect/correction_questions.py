"""What a person who corrects asks of the detector: what rows looked like, what would follow, what follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.detect.families import UNUSUAL
from trafficdesk.detect.likeness import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.detect.detector import Detector
    from trafficdesk.detect.memory import RememberedRows


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Rows as the detector saw them, and what was usual; for `labelling.label_of`."""

    rows: RememberedRows
    usual: NDArray[np.float32] | None
    """(features,) the reference's 99 % value; None = no reference yet."""
    unit: NDArray[np.float32] | None
    """(features,) see `RowSnapshot.unit`."""


@dataclass(frozen=True, slots=True, eq=False)
class LookAt:
    """Asks what packets looked like; those that are forgotten are left out."""

    ids: NDArray[np.int64]

    def answered(self, detector: Detector) -> Look:
        """Ask `detector`."""
        model = detector.model_in_force
        rows = detector.memory.rows_of(self.ids)
        if model is None:
            return Look(rows, None, None)
        reference = model.reference
        unit = np.maximum(reference.q99 - reference.median, np.float32(0.1))
        return Look(rows, reference.q99, unit)


@dataclass(frozen=True, slots=True)
class Consequences:
    """What corrections would change among the flagged rows that are remembered."""

    calmed: int
    """Rows suppressed that are not now."""
    known_bad: int
    """Among them, rows like what was marked suspicious."""
    back: int
    """Rows flagged again that are suppressed now."""
    raised: int
    """Rows that become known-bad."""


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """Asks what would follow from `corrections`, compared with those in force."""

    corrections: Corrections

    def answered(self, detector: Detector) -> Consequences:
        """Ask `detector`; nothing changes."""
        subject = subject_of(detector.memory.flagged)
        before = detector.corrections.spoken(subject)
        after = self.corrections.spoken(subject)
        calmed = (after > 0) & (before <= 0)
        bad = detector.corrections.bad(subject) if detector.corrections.has_bad else np.zeros_like(calmed)
        return Consequences(
            calmed=int(calmed.sum()),
            known_bad=int((calmed & bad).sum()),
            back=int(((after <= 0) & (before > 0)).sum()),
            raised=int(((after < 0) & (before >= 0)).sum()),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What is said of the flagged rows that are remembered; arrays over (rows,)."""

    ids: NDArray[np.int64]
    spoken: NDArray[np.int32]
    """See `Corrections.spoken`; 0 = nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Hear:
    """Tells that `corrections` hold from now on, and asks what they say of the past."""

    corrections: Corrections

    def answered(self, detector: Detector) -> Heard:
        """Tell `detector` and ask."""
        detector.corrections = self.corrections
        rows = detector.memory.flagged
        return Heard(rows.ids, self.corrections.spoken(subject_of(rows)))


def subject_of(rows: RememberedRows) -> Subject:
    """Remembered rows as `Likeness` is asked about them."""
    family = np.where(rows.family > 0, rows.family, np.uint8(UNUSUAL))
    return Subject(rows.values, family, rows.source, rows.destination)
