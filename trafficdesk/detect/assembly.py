"""A `Detection` in the making, and several made one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.classify.looks import Looks
from trafficdesk.detect.corrections import corrected
from trafficdesk.detect.explanation import TOLD
from trafficdesk.detect.families import FAMILY_INDEX
from trafficdesk.detect.finding import Detection
from trafficdesk.detect.rules import RULES
from trafficdesk.packets.log import FLAGGED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from trafficdesk.detect.explanation import Reasons
    from trafficdesk.detect.finding import Incident, ModelState
    from trafficdesk.detect.incidents import Claim
    from trafficdesk.detect.rules import Scene
    from trafficdesk.packets.batch import PacketBatch


RULE_OF: Final = {FAMILY_INDEX[rule.family]: rule for rule in RULES}
"""Rule by family, in the rules' order."""
GATED: Final = np.array(
    [index in RULE_OF and not RULE_OF[index].teaches for index in range(len(FAMILY_INDEX))], np.bool_
)
"""(families,) whether rows of a family are kept from being learned."""


class Verdicts:
    """Writable arrays over the rows of one step.

    Parameters
    ----------
    batch : the rows.
    """

    def __init__(self, batch: PacketBatch) -> None:
        rows = len(batch)
        self.first_id = batch.first_id
        self._ids = batch.sample.ids if batch.sample is not None else None
        self.score = np.full(rows, np.nan, np.float32)
        self.outside = np.zeros(rows, np.int64)
        """Features out of range."""
        self.at_destination = np.zeros(rows, np.bool_)
        """Whether the culprit is the row's destination."""
        self.verdict = np.zeros(rows, np.uint8)
        self.family = np.zeros(rows, np.uint8)
        self.incident = np.zeros(rows, np.int32)
        self.nearly = np.zeros(rows, np.bool_)
        """Flagged only because they are like known-bad ones."""
        self._at: list[NDArray[np.intp]] = []
        self._reasons: list[Reasons] = []
        self._joined_ids: list[NDArray[np.int64]] = []
        self._joined_incident: list[NDArray[np.int32]] = []
        self._corrected = np.empty(0, np.intp)
        self._by = np.empty(0, np.int32)
        self._plain: tuple[NDArray[np.float32], NDArray[np.uint8]] = (self.score[:0], self.verdict[:0])

    def apply_rules(self, scene: Scene) -> None:
        """Write each row's family, that of the first rule which holds, and which end is the culprit."""
        settling = scene.observation.rows.settling
        any_settling = bool(settling.any())
        for index, rule in RULE_OF.items():
            stricter = any_settling and rule.after_gap > 1.0
            raised = np.where(settling, rule.after_gap, 1.0) if stricter else 1.0
            sighting = rule.find(replace(scene, raised=raised) if stricter else scene)
            new = sighting.rows & (self.family == 0)
            self.family[new] = index
            self.at_destination[new] = sighting.at_destination[new]

    def flag(self, at: NDArray[np.intp], reasons: Reasons) -> None:
        """Rows `at` are flagged, for `reasons`."""
        self._at.append(at)
        self._reasons.append(reasons)

    def correct(self, spoken: NDArray[np.int32]) -> None:
        """Hear what a person's labels say of flagged rows, see `Corrections.spoken`; what would be said is kept, too."""
        at = np.flatnonzero((spoken != 0) & ((self.verdict & FLAGGED) != 0))
        self._corrected, self._by = at, spoken[at]
        lit = np.where(self.nearly[at], np.uint8(FLAGGED), np.uint8(0))
        self._plain = self.score[at], self.verdict[at] & ~lit
        self.score[at], self.verdict[at] = corrected(*self._plain, self._by)

    def claim(self, claims: Iterable[Claim]) -> None:
        """Rows belong to incidents: this step's are written, earlier ones noted."""
        for claim in claims:
            here = claim.ids >= self.first_id
            at = claim.ids[here]
            rows = at - self.first_id if self._ids is None else np.searchsorted(self._ids, at)
            self.incident[rows] = claim.incident
            earlier = claim.ids[~here]
            if len(earlier):
                self._joined_ids.append(earlier)
                self._joined_incident.append(np.full(len(earlier), claim.incident, np.int32))

    def detection(self, incidents: tuple[Incident, ...], model: ModelState) -> Detection:
        """The finished value."""
        at = _joined(self._at, np.empty(0, np.intp))
        order = np.argsort(at, kind="stable")
        empty = np.empty((0, TOLD))
        return Detection(
            first_id=self.first_id,
            score=self.score,
            verdict=self.verdict,
            family=self.family,
            incident=self.incident,
            flagged_ids=self._ids_of(at[order]),
            reason_features=_joined([one.features for one in self._reasons], empty.astype(np.int16))[order],
            reason_values=_joined([one.values for one in self._reasons], empty.astype(np.float32))[order],
            reason_usual=_joined([one.usual for one in self._reasons], empty.astype(np.float32))[order],
            reason_ends=_joined([one.ends for one in self._reasons], empty.astype(np.int8))[order],
            incidents=incidents,
            joined_ids=_joined(self._joined_ids, np.empty(0, np.int64)),
            joined_incident=_joined(self._joined_incident, np.empty(0, np.int32)),
            model=model,
            ids=self._ids,
            corrected_ids=self._ids_of(self._corrected),
            corrected_by=self._by,
            plain_score=self._plain[0],
            plain_verdict=self._plain[1],
        )

    def _ids_of(self, at: NDArray[np.intp]) -> NDArray[np.int64]:
        return self.first_id + at if self._ids is None else self._ids[at]


def concatenated(parts: Sequence[Detection]) -> Detection:
    """Consecutive detections as one; of an incident its newest value counts."""
    incidents = {incident.id: incident for part in parts for incident in part.incidents}

    def end_to_end(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    whole: dict[str, NDArray[Any]] = {name: end_to_end(name) for name in _PER_ROW}
    joined_ids, joined_incident = end_to_end("joined_ids"), end_to_end("joined_incident")
    first_id = parts[0].first_id
    sampled = parts[0].ids is not None
    ids = np.concatenate([part.row_ids for part in parts]) if sampled else None
    # What a later part claimed of an earlier one lies within the whole.
    within = joined_ids >= first_id
    rows = joined_ids[within] - first_id if ids is None else np.searchsorted(ids, joined_ids[within])
    whole["incident"][rows] = joined_incident[within]
    return Detection(
        first_id=first_id,
        **whole,
        incidents=tuple(incidents[number] for number in sorted(incidents)),
        joined_ids=joined_ids[~within],
        joined_incident=joined_incident[~within],
        model=parts[-1].model,
        ids=ids,
        label=Looks.joined([part.label for part in parts]),
        application=Looks.joined([part.application for part in parts]),
    )


_PER_ROW = (
    "score",
    "verdict",
    "family",
    "incident",
    "flagged_ids",
    "reason_features",
    "reason_values",
    "reason_usual",
    "corrected_ids",
    "corrected_by",
    "plain_score",
    "plain_verdict",
    "reason_ends",
)


def _joined(parts: Sequence[NDArray[Any]], empty: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else empty
