"""`StillUnusual`: what rows that were judged some time ago would be said of today. Old verdicts stay as they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.detect.reference import is_odd

if TYPE_CHECKING:
    from trafficdesk.detect.detector import Detector
    from trafficdesk.detect.model_record import ModelRecord


@dataclass(frozen=True, slots=True)
class Today:
    """One row, then and now."""

    packet_id: int
    score: float
    """As it was said, see `Detection.score`; NaN = nothing was known yet."""
    model: ModelRecord | None
    """What said it; None = rules alone, or so long ago that its record is gone."""
    score_today: float
    """Of the model in force; NaN = there is none that may flag."""
    model_today: int
    """Its number, 0 = none."""
    outside_today: int
    """Features out of range of what is usual today."""
    unusual_today: bool
    """Whether the model in force would flag it; a rule's verdict does not depend on the day."""

    @property
    def words(self) -> str:
        """A sentence for a person; empty where nothing can be said."""
        if not self.model_today:
            return ""
        if self.unusual_today:
            return f"Still unusual today: {self.score_today:.2f} by model {self.model_today}."
        return f"Usual by now: {self.score_today:.2f} by model {self.model_today}."


@dataclass(frozen=True, slots=True)
class StillUnusual:
    """Asks how rows would be judged today.

    Parameters
    ----------
    ids : packet_ids; those no longer remembered are left out of the answer.
    """

    ids: tuple[int, ...]

    def answered(self, detector: Detector) -> tuple[Today, ...]:
        """Ascending by packet_id."""
        rows = detector.memory.rows_of(np.array(self.ids, np.int64))
        model = detector.model_in_force
        if model is None or model.early:
            scores, outside, number = np.full(len(rows), np.nan, np.float32), np.zeros(len(rows), np.int64), 0
        else:
            scores, outside = model.z(rows.values), model.reference.out_of_range(rows.values)
            number = model.number
        unusual = is_odd(scores, outside)
        told = zip(
            rows.ids.tolist(),
            rows.score.tolist(),
            rows.model.tolist(),
            scores.tolist(),
            outside.tolist(),
            unusual.tolist(),
            strict=True,
        )
        return tuple(
            Today(packet, score, detector.record_of(by), today, number, beyond, odd)
            for packet, score, by, today, beyond, odd in told
        )
