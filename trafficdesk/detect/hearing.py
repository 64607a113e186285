"""`heard`: what a person's labels say of rows that were just judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.detect.corrections import NEARLY
from trafficdesk.detect.families import UNUSUAL
from trafficdesk.detect.likeness import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.assembly import Verdicts
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.features import Observation


def heard(
    corrections: Corrections, observation: Observation, out: Verdicts, odd: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """(rows,) what was said of rows like those that are flagged, or nearly; see `Corrections.spoken`.

    Rows that are flagged only because of it are noted in `out.nearly` and become `odd`.
    """
    spoken = np.zeros(len(odd), np.int32)
    if not corrections.labels:
        return spoken
    flagged = odd | (out.family > 0)
    asked = flagged
    if corrections.has_bad:
        settled = ~observation.rows.settling
        asked = flagged | (((out.score > NEARLY) | (out.outside > 0)) & settled)
    rows = observation.rows
    family = np.where(out.family > 0, out.family, np.uint8(UNUSUAL))
    subject = Subject(observation.values, family, rows.source, rows.destination).where(asked)
    spoken[asked] = corrections.spoken(subject)
    out.nearly = (spoken < 0) & ~flagged
    odd |= out.nearly
    return np.where(flagged, spoken, np.minimum(spoken, 0))
