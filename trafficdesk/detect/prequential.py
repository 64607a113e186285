"""`score_and_learn`: no row is scored by a model that has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.assembly import GATED
from trafficdesk.detect.reservoir import FAR_BEYOND

if TYPE_CHECKING:
    from trafficdesk.detect.assembly import Verdicts
    from trafficdesk.detect.forest import Model
    from trafficdesk.detect.learning import Learner
    from trafficdesk.features import Observation
    from trafficdesk.packets.batch import PacketBatch

AHEAD: Final = 2_000
"""Rows scored at a time."""
RULE_SCORE: Final = 2.0
"""Added where a rule fires: what has a name ranks above what is only unusual."""


def score_and_learn(
    learner: Learner, batch: PacketBatch, observation: Observation, out: Verdicts
) -> list[tuple[int, Model]]:
    """Score each row before it is learned from; returns from which row on which model scored."""
    values = observation.values
    stretches: list[tuple[int, Model]] = []
    start = scored_to = 0
    while start < len(batch):
        stop = min(len(batch), start + learner.rows_to_lesson)
        model = learner.model
        if model is not None and (scored_to < stop or stretches[-1][1] is not model):
            # Some lessons ahead: a call costs as much as 150 rows, but a refit makes what is ahead void.
            scored_to = min(len(batch), max(stop, start + AHEAD))
            out.score[start:scored_to] = model.z(values[start:scored_to])
            if not model.early:
                out.outside[start:scored_to] = model.reference.out_of_range(values[start:scored_to])
        if model is not None and (not stretches or stretches[-1][1] is not model):
            stretches.append((start, model))
        z = out.score[start:stop].copy()
        ruled = out.family[start:stop] > 0
        out.score[start:stop] = np.where(ruled, np.fmax(z, 0) + RULE_SCORE, z)
        learner.learn(
            observation,
            slice(start, stop),
            ruled=GATED[out.family[start:stop]],
            far=z > FAR_BEYOND,
            ids=batch.ids[start:stop],
            now_ns=int(batch["timestamp_ns"][stop - 1]),
        )
        start = stop
    return stretches
