"""`analyze --explain`: incidents asked about are explained while what the detector knows of their rows is fresh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.cli.terminal import visible
from trafficdesk.detect.why_question import WhyQuestion
from trafficdesk.detect.words import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trafficdesk.detect.detector import Detector
    from trafficdesk.detect.finding import Detection
    from trafficdesk.detect.why import Why
    from trafficdesk.session import AnalysisUpdate

ALL: Final = 0


class Explanations:
    """Of each incident asked about, the explanation of the row that stands out most so far.

    Parameters
    ----------
    wanted : ids; `ALL` = every incident.
    """

    def __init__(self, wanted: Iterable[int]) -> None:
        self._wanted = frozenset(wanted)
        self.found: dict[int, Why] = {}
        """By incident id."""

    def take(self, update: AnalysisUpdate, detector: Detector) -> None:
        """Ask about the rows of one step."""
        if not self._wanted or update.detection is None:
            return
        for incident in update.incidents:
            if ALL in self._wanted or incident.id in self._wanted:
                why = WhyQuestion(_rows_of(incident.id, update.detection)).answered(detector)
                known = self.found.get(incident.id)
                if why is not None and (known is None or why.score > known.score):
                    self.found[incident.id] = why


def explanation_lines(found: Mapping[int, Why]) -> Iterator[str]:
    """What a person reads."""
    for number in sorted(found):
        why = found[number]
        yield f"why {number}. packet {why.packet_id + 1:,} · {why.state}"
        for reason in why.reasons:
            words = reason_of(reason.feature, reason.value, float("nan")).words
            yield visible(f"  {words[:1].upper()}{words[1:]}. {reason.place} {reason.what_if}".rstrip())
        if why.what_if:
            yield visible(f"  {why.what_if}")


def _rows_of(incident: int, detection: Detection) -> np.ndarray:
    here = detection.row_ids[detection.incident == incident]
    earlier = detection.joined_ids[detection.joined_incident == incident]
    return np.concatenate([earlier, here])
