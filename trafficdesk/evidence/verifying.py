"""`Verification`: whether the scores of an evidence follow from its models and features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from trafficdesk.detect.proof import EQUAL, follows

if TYPE_CHECKING:
    from trafficdesk.evidence.recording import Recording


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of computing scores again."""

    rows: int
    """Rows with a score."""
    compared: int
    """Of these rows whose score could be computed again."""
    equal: int
    """Of those the ones with the same score."""
    largest_difference: float
    """Between a score and what follows from its model; 0 = they are equal to the last bit."""
    models: tuple[int, ...]
    """Numbers of the models they were computed with."""

    @classmethod
    def of(cls, recording: Recording | None) -> Self:
        """Compute the scores again."""
        if recording is None or recording.proof is None:
            scored = int(np.isfinite(recording.score).sum()) if recording is not None else 0
            return cls(scored, 0, 0, 0.0, ())
        proof = recording.proof
        at = np.searchsorted(recording.ids, proof.ids)
        score = recording.score[at]
        there = np.isfinite(score)
        missed = follows(score[there], recording.verdict[at][there], proof.scores()[there])
        return cls(
            rows=int(np.isfinite(recording.score).sum()),
            compared=int(there.sum()),
            equal=int((missed <= EQUAL).sum()),
            largest_difference=float(missed.max(initial=0.0)),
            models=tuple(model.record.number for model in proof.models),
        )

    @property
    def holds(self) -> bool:
        """Whether no score contradicts its model."""
        return self.equal == self.compared

    @property
    def words(self) -> str:
        """One sentence."""
        if not self.compared:
            return "No score could be computed again: its models are not in the file, or of another version."
        models = ", ".join(map(str, sorted(self.models))) or "rules alone"
        if not self.holds:
            wrong = self.compared - self.equal
            return f"{wrong:,} of {self.compared:,} scores do not follow from the models in the file."
        rest = (
            f" ({self.rows - self.compared:,} others have no features in the file)"
            if self.rows > self.compared
            else ""
        )
        return f"{self.compared:,} scores were computed again and are equal{rest}; models: {models}."
