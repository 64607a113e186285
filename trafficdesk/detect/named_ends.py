"""Which end of a row each of its reasons tells of: "212 ports tried on 192.168.1.20"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.features import FEATURES, End

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.explanation import Reasons
    from trafficdesk.features import Observation


def named(reasons: Reasons, observation: Observation, at: NDArray[np.intp]) -> Reasons:
    """The same reasons with `ends`, of the observation's rows `at`."""
    features = reasons.features
    ends = np.full(features.shape, -1, np.int8)
    for index in np.unique(features).tolist():
        if index >= 0 and FEATURES[index].end is not End.NONE:
            ends = np.where(features == index, _end(index, observation, at)[:, None], ends)
    return replace(reasons, ends=ends)


def _end(index: int, observation: Observation, at: NDArray[np.intp]) -> NDArray[np.int8]:
    """(rows,) the end that a feature tells of."""
    feature, rows = FEATURES[index], observation.rows
    match feature.end:
        case End.SERVER:
            there = rows.destination_port[at] <= rows.source_port[at]
        case End.DESTINATION:
            there = np.ones(len(at), np.bool_)
        case End.HOST | End.PEER if feature.behaviour in observation.at_destination:
            there = observation.at_destination[feature.behaviour][at]
            if feature.end is End.PEER:
                there = ~there
        case _:
            there = np.zeros(len(at), np.bool_)
    return there.astype(np.int8)
