"""`ProofQuestion`: asks the detector for what the scores of rows were computed from, so that anyone can compute them again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.assembly import RULE_OF
from trafficdesk.detect.corrections import corrected
from trafficdesk.detect.listed import raised
from trafficdesk.detect.plain_model import PlainModel
from trafficdesk.detect.prequential import RULE_SCORE
from trafficdesk.packets.log import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.detector import Detector

MOST_MODELS: Final = 4
"""Those that judged most of the rows; some megabytes each."""
EQUAL: Final = 1e-6
"""Of another processor the last bit of a power of two may differ."""


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """Rows as the detector saw them, and the models that judged them; arrays over (rows,) unless said otherwise."""

    ids: NDArray[np.int64]
    """Ascending packet_ids."""
    values: NDArray[np.float32]
    """(rows, features) as stored."""
    ruled: NDArray[np.bool_]
    """Whether a rule names the row."""
    model: NDArray[np.int32]
    """Number of the model that judged it, 0 = rules only; each is among `models`."""
    models: tuple[PlainModel, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def scores(self) -> NDArray[np.float32]:
        """(rows,) the detector's score, computed again."""
        z = np.full(len(self), np.nan, np.float32)
        for model in self.models:
            mine = self.model == model.record.number
            z[mine] = model.z(self.values[mine])
        return np.where(self.ruled, np.fmax(z, 0) + np.float32(RULE_SCORE), z).astype(np.float32)

    def where(self, chosen: NDArray[np.bool_]) -> Proof:
        """Of the chosen rows."""
        return Proof(
            self.ids[chosen], self.values[chosen], self.ruled[chosen], self.model[chosen], self.models
        )


@dataclass(frozen=True, slots=True, eq=False)
class ProofQuestion:
    """Of those of the packets that are remembered, with a model that is."""

    packet_ids: NDArray[np.int64]

    def answered(self, detector: Detector) -> Proof:
        """Ask what is remembered."""
        rows = detector.memory.rows_of(self.packet_ids)
        counted = Counter(rows.model[rows.model > 0].tolist())
        models: list[PlainModel] = []
        for number, _ in counted.most_common():
            model = detector.models.model(number)
            if model is None and detector.model_in_force is not None:
                model = detector.model_in_force if detector.model_in_force.number == number else None
            if model is not None and len(models) < MOST_MODELS:
                models.append(PlainModel.of(model))
        known = [0, *(model.record.number for model in models)]
        ruled = np.isin(rows.family, list(RULE_OF))
        kept = np.isin(rows.model, known)
        return Proof(rows.ids[kept], rows.values[kept], ruled[kept], rows.model[kept], tuple(models))


def follows(
    score: NDArray[np.float32], verdict: NDArray[np.uint8], plain: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(rows,) by how much each `score` that was told misses what follows from the detector's `plain` one.

    What follows: itself, raised where a threat list has the row, and as corrected where its verdict says that a person
    spoke of it (in either order: labels are heard before lists, suppression rules after).
    """
    calmed, bad = (verdict & Verdict.SUPPRESSED) != 0, (verdict & Verdict.KNOWN_BAD) != 0
    spoken = np.where(calmed, 1, np.where(bad, -1, 0)).astype(np.int32)
    every = np.ones(len(score), np.bool_)
    heard = corrected(plain, verdict, spoken)[0]
    told = (heard, raised(heard, every), corrected(raised(plain, every), verdict, spoken)[0])
    missed = [
        np.where(np.isnan(score) & np.isnan(one), 0.0, np.abs(score.astype(np.float64) - one)) for one in told
    ]
    out: NDArray[np.float64] = np.nan_to_num(np.fmin.reduce(missed), nan=np.inf)
    return out
