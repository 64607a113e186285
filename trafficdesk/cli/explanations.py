"""`analyze --explain`: incidents asked about are explained while what the detector knows of their rows is fresh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.cli.terminal import visible
from trafficdesk.detect.why_question import WhyQuestion
from trafficdesk.detect.words import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trafficdesk.detect.detector import Detector
    from trafficdesk.detect.finding import Detection
    from trafficdesk.detect.findings import FindingLog
    from trafficdesk.detect.why import Why
    from trafficdesk.session import AnalysisUpdate

ALL: Final = 0


class Explanations:
    """Of each incident asked about, the explanation of the row that stands out most so far.

    Parameters
    ----------
    wanted : ids; `ALL` = every incident.
    findings : knows whom a row's reasons are about.
    """

    def __init__(self, wanted: Iterable[int], findings: FindingLog) -> None:
        self._wanted = frozenset(wanted)
        self._findings = findings
        self._words: dict[int, dict[str, str]] = {}
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
                    told = self._findings.reasons_of(why.packet_id)
                    self._words[incident.id] = {
                        one.feature: one.words.partition("; usually")[0] for one in told
                    }

    def lines(self) -> Iterator[str]:
        """What a person reads."""
        for number in sorted(self.found):
            why, told = self.found[number], self._words[number]
            yield f"why {number}. packet {why.packet_id + 1:,} · {why.state}"
            for reason in why.reasons:
                plain = reason_of(reason.feature, reason.value, float("nan"))
                words = told.get(plain.feature, plain.words)
                yield visible(f"  {words[:1].upper()}{words[1:]}. {reason.place} {reason.what_if}".rstrip())
            if why.what_if:
                yield visible(f"  {why.what_if}")


def _rows_of(incident: int, detection: Detection) -> np.ndarray:
    here = detection.row_ids[detection.incident == incident]
    earlier = detection.joined_ids[detection.joined_incident == incident]
    return np.concatenate([earlier, here])
