"""Rows in which no single behaviour stands out: which of them, taken away, makes the row most usual (ablation)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.behaviours import BEHAVIOURS
from trafficdesk.detect.explanation import TOLD, told
from trafficdesk.detect.moments import MOMENT_S
from trafficdesk.features import FEATURES, INDEX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.explanation import Reasons
    from trafficdesk.detect.forest import Model

PARTS: Final = 2
"""Behaviours named: "an unusual combination of X and Y"."""
PER_MOMENT: Final = 24
"""Rows ablated within one moment: some 3 ms of the forest; further ones are told by their tails."""
_NAMED: Final = tuple(
    behaviour
    for behaviour in BEHAVIOURS
    if any(FEATURES[column].modelled for column in behaviour.columns)
    and (len(behaviour.told) or INDEX["low_port"] in behaviour.columns)
)
"""What can be told, or is a part that can be said, of what the forest sees."""
_SAID: Final = tuple(behaviour.told if len(behaviour.told) else behaviour.columns for behaviour in _NAMED)


class Combinations:
    """Which rows of a capture are ablated: the first `PER_MOMENT` of each moment, however they are cut into batches."""

    def __init__(self) -> None:
        self._moment = -1.0
        self._done = 0

    def refine(
        self,
        reasons: Reasons,
        values: NDArray[np.float32],
        seconds: NDArray[np.float64],
        model: Model,
    ) -> None:
        """Replace reasons by tails where they are none, for rows (rows, features) of one moment at `seconds`."""
        moment = float(np.floor(seconds[0] / MOMENT_S))
        if moment > self._moment:
            self._moment, self._done = moment, 0
        rows = np.flatnonzero(reasons.together)[: PER_MOMENT - self._done]
        if len(rows):
            self._done += len(rows)
            reasons.put(rows, combination(values[rows], model))


def combination(values: NDArray[np.float32], model: Model) -> Reasons:
    """Reasons of rows (rows, features): the two behaviours without which each would be most usual.

    One call of the forest on as many variants of each row as there are behaviours, each set to the reference's median.
    """
    reference = model.reference
    drop = model.z(values)[:, None] - _without_each(values, reference.median, model)
    order = np.argsort(-drop, axis=1, kind="stable")[:, :TOLD]
    features = np.empty(order.shape, np.int64)
    for place in range(order.shape[1]):
        features[:, place] = _columns(values, order[:, place], reference.median)
    kept = np.take_along_axis(drop, order, axis=1) > 0
    kept[:, 0] = True
    kept[:, PARTS:] = False
    return told(features, np.take_along_axis(values, features, axis=1), reference.q99[features], kept)


def _without_each(
    values: NDArray[np.float32], median: NDArray[np.float32], model: Model
) -> NDArray[np.float32]:
    """(rows, behaviours) score of each row with one behaviour at the reference's median."""
    changed = np.repeat(values[None], len(_NAMED), axis=0)
    for number, behaviour in enumerate(_NAMED):
        changed[number][:, behaviour.columns] = median[behaviour.columns]
    return model.z(changed.reshape(-1, values.shape[1])).reshape(len(_NAMED), len(values)).T


def _columns(
    values: NDArray[np.float32], behaviours: NDArray[np.int64], median: NDArray[np.float32]
) -> NDArray[np.int64]:
    """(rows,) of each row's behaviour the feature that is furthest from the median."""
    out = np.empty(len(values), np.int64)
    for number in np.unique(behaviours).tolist():
        here = np.flatnonzero(behaviours == number)
        columns = _SAID[number]
        out[here] = columns[np.abs(values[np.ix_(here, columns)] - median[columns]).argmax(axis=1)]
    return out
