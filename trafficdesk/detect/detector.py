"""`Detector`: packets in, what is unusual out; scores a row before it learns from it (prequential).

Learning happens in lessons of `LESSON` rows counted from the capture's start, scoring at once. So a live row's score
never waits, and what is learned does not depend on how the packets were cut into batches.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.assembly import Verdicts, concatenated
from trafficdesk.detect.explanation import explain, of_rule
from trafficdesk.detect.families import FAMILY_INDEX, UNUSUAL
from trafficdesk.detect.finding import Detection, ModelState
from trafficdesk.detect.flagged import flagged_rows
from trafficdesk.detect.forest import LEAST_ROWS, fit
from trafficdesk.detect.incidents import Incidents
from trafficdesk.detect.reservoir import FAR_BEYOND, Admission, Lesson, Reservoir, joined
from trafficdesk.detect.rules import RULES, Scene
from trafficdesk.features import FEATURES, FeatureExtractor
from trafficdesk.packets.log import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.forest import Model
    from trafficdesk.features import Observation
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.settings import DetectionSettings

LESSON: Final = 500
"""Rows learned from at a time."""
BLOCK: Final = 8_192
"""Rows of which features are computed at a time."""
AHEAD: Final = 2_000
"""Rows scored at a time."""
RULE_SCORE: Final = 2.0
"""Added where a rule fires: what has a name ranks above what is only unusual."""
OUT_OF_RANGE_NEEDED: Final = 2
"""Features out of range that flag a row; with one, false incidents per hour doubled (measured 2026-11)."""
_LEAST_NEW: Final = 10
"""A refit by time needs at least `refit_rows` / this many new rows."""
_WARM_UP_SHARE: Final = 4
"""The first fit needs at least `warm_up_rows` / this many admitted rows: of a flood few are."""
_RULE_FAMILIES: Final = tuple(FAMILY_INDEX[rule.family] for rule in RULES)


class Detector:
    """Features, rules, rolling window, forest and incidents of one capture.

    Parameters
    ----------
    settings : how it learns and speaks; the same settings on the same batches give the same results.
    """

    def __init__(self, settings: DetectionSettings) -> None:
        self._settings = settings
        self.features_s = 0.0
        """Seconds spent on features."""
        self.detect_s = 0.0
        """Seconds spent on everything else, fits included."""
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new capture begins."""
        self._extractor = FeatureExtractor()
        self._admission = Admission(np.random.default_rng(self._settings.seed))
        self._reservoir = Reservoir(self._settings.window_rows, len(FEATURES))
        self._incidents = Incidents(self._settings.sensitivity)
        self._model: Model | None = None
        self._next_id = 0
        self._seen = 0
        self._lesson: list[Lesson] = []
        self._lesson_rows = 0
        self._now_ns = 0
        self._now_s = 0.0
        self._admitted_at_fit = 0
        self._fitted_at_s = 0.0
        self._fitted_at_ns = 0
        self._refits = 0

    @property
    def model(self) -> ModelState:
        """Where the model stands."""
        needed = self._settings.warm_up_rows
        progress = min(self._seen, self._reservoir.admitted * _WARM_UP_SHARE + self._lesson_rows)
        model = self._model
        return ModelState(
            learned=self._reservoir.admitted if model else min(progress, needed - 1),
            needed=needed,
            model_id=model.number if model else 0,
            rows=model.rows if model else 0,
            fitted_at_ns=self._fitted_at_ns,
            fit_ms=model.fit_ms if model else 0.0,
            refits=self._refits,
            window_rows=len(self._reservoir),
        )

    def set_settings(self, settings: DetectionSettings) -> None:
        """Go on with other settings; what was learned stays."""
        if settings.window_rows != self._settings.window_rows:
            self._reservoir = self._reservoir.resized(settings.window_rows)
            self._admitted_at_fit = min(self._admitted_at_fit, self._reservoir.admitted)
        self._incidents.sensitivity = settings.sensitivity
        self._settings = settings

    def refit_now(self) -> ModelState:
        """Fit on what the window holds; without effect while it holds too little (`forest.LEAST_ROWS`)."""
        if len(self._reservoir) >= LEAST_ROWS:
            self._fit()
        return self.model

    def process(self, batch: PacketBatch) -> Detection:
        """Judge packets that follow those of the former call, then learn from them.

        A batch that starts before the former one's end begins a new capture.
        """
        if batch.first_id < self._next_id:
            self.reset()
        self._next_id = batch.first_id + len(batch)
        if len(batch) <= BLOCK:
            return self._process(batch)
        return concatenated(
            [
                self._process(batch.slice(at, min(at + BLOCK, len(batch))))
                for at in range(0, len(batch), BLOCK)
            ]
        )

    def _process(self, batch: PacketBatch) -> Detection:
        began = perf_counter()
        observation = self._extractor.observe(batch)
        features_done = perf_counter()
        self.features_s += features_done - began
        out = Verdicts(batch.first_id, len(batch))
        if len(batch):
            self._judge(batch, observation, out)
        detection = out.detection(self._incidents.changes(), self.model)
        self.detect_s += perf_counter() - features_done
        return detection

    def _judge(self, batch: PacketBatch, observation: Observation, out: Verdicts) -> None:
        reference = self._model.reference if self._model else None
        scene = Scene(batch, observation, reference.q999 if reference else None)
        at_destination = _apply_rules(scene, out.family)
        rows = len(batch)
        start = 0
        scored_by: Model | None = None
        scored_to = 0
        while start < rows:
            stop = min(rows, start + LESSON - self._lesson_rows)
            if self._model is not None and scored_by is not self._model:
                scored_by, scored_to = self._model, start
            if scored_by is not None and scored_to < stop:
                # Some lessons ahead: a forest's call costs as much as 150 rows, a refit makes the rest void.
                ahead = slice(scored_to, max(stop, scored_to + AHEAD))
                out.score[ahead] = scored_by.z(observation.values[ahead])
                out.outside[ahead] = scored_by.reference.out_of_range(observation.values[ahead])
                scored_to = ahead.stop
            part = slice(start, stop)
            z = out.score[part].copy()
            ruled = out.family[part] > 0
            out.score[part] = np.where(ruled, np.fmax(z, 0) + RULE_SCORE, z)
            self._flag(batch, observation, out, part, at_destination)
            self._now_ns = int(batch["timestamp_ns"][stop - 1])
            self._learn(observation, part, ruled, z > FAR_BEYOND)
            start = stop

    def _flag(
        self,
        batch: PacketBatch,
        observation: Observation,
        out: Verdicts,
        part: slice,
        at_destination: NDArray[np.bool_],
    ) -> None:
        """Verdicts, reasons and incidents of a part of the batch."""
        model = self._model
        model_id = model.number if model else 0
        reference = model.reference if model else None
        out.verdict[part] |= np.uint8(Verdict.SCORED)
        family = out.family[part]
        for rule, index in zip(RULES, _RULE_FAMILIES, strict=True):
            at = np.flatnonzero(family == index) + part.start
            if not len(at):
                continue
            reasons = of_rule(observation.values[at], rule.measures, reference)
            out.verdict[at] |= np.uint8(Verdict.FAMILY)
            out.flag(at, reasons)
            flagged = flagged_rows(
                batch,
                observation,
                at,
                at_destination=at_destination[at],
                disputed=rule.family == "arp spoof",
                score=out.score[at],
                reasons=reasons,
            )
            out.claim(self._incidents.add(index, flagged, model_id))
        if model is not None:
            self._flag_unusual(batch, observation, out, part, model)

    def _flag_unusual(
        self, batch: PacketBatch, observation: Observation, out: Verdicts, part: slice, model: Model
    ) -> None:
        beyond = (out.score[part] > 1.0) | (out.outside[part] >= OUT_OF_RANGE_NEEDED)
        at = np.flatnonzero(beyond & (out.family[part] == 0)) + part.start
        if not len(at):
            return
        at = self._without_collateral(observation, out, at)
        reasons = explain(observation.values[at], model.reference)
        out.verdict[at] |= np.uint8(Verdict.UNUSUAL)
        out.family[at] = UNUSUAL
        out.flag(at, reasons)
        flagged = flagged_rows(
            batch,
            observation,
            at,
            at_destination=np.zeros(len(at), np.bool_),
            disputed=False,
            score=out.score[at],
            reasons=reasons,
        )
        claims, rest = self._incidents.join(flagged)
        out.claim(claims)
        out.claim(self._incidents.add(UNUSUAL, rest, model.number))

    def _without_collateral(
        self, observation: Observation, out: Verdicts, at: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Rows `at` but for the ordinary rows of a going incident's victims, which are marked as such."""
        rows = observation.rows
        culprits, victims = self._incidents.victims(float(rows.seconds[at[-1]]))
        if not len(victims):
            return at
        source, destination = rows.source[at], rows.destination[at]
        own = np.isin(source, culprits) | np.isin(destination, culprits)
        collateral = ~own & (np.isin(source, victims) | np.isin(destination, victims))
        out.verdict[at[collateral]] |= np.uint8(Verdict.COLLATERAL)
        return at[~collateral]

    def _learn(
        self, observation: Observation, part: slice, ruled: NDArray[np.bool_], far: NDArray[np.bool_]
    ) -> None:
        """Collect a lesson; when it is full, learn it and refit if it is time."""
        rows = observation.rows
        count = part.stop - part.start
        self._lesson.append(
            Lesson(
                observation.values[part],
                rows.source[part],
                rows.destination[part],
                rows.seconds[part],
                ruled,
                far,
            )
        )
        self._lesson_rows += count
        self._seen += count
        self._now_s = float(rows.seconds[part.stop - 1])
        if self._lesson_rows < LESSON:
            return
        lesson = joined(self._lesson)
        self._lesson = []
        self._lesson_rows = 0
        self._reservoir.add(lesson.values[self._admission.choose(lesson)])
        if self._fit_is_due():
            self._fit()

    def _fit_is_due(self) -> bool:
        settings = self._settings
        if self._model is None:
            least = max(LEAST_ROWS, settings.warm_up_rows // _WARM_UP_SHARE)
            return self._seen >= settings.warm_up_rows and self._reservoir.admitted >= least
        new = self._reservoir.admitted - self._admitted_at_fit
        late = self._now_s - self._fitted_at_s >= settings.refit_seconds
        return new >= settings.refit_rows or (late and new >= settings.refit_rows // _LEAST_NEW)

    def _fit(self) -> None:
        self._refits += 1
        self._model = fit(self._reservoir.rows(), self._settings, self._refits)
        self._admitted_at_fit = self._reservoir.admitted
        self._fitted_at_s = self._now_s
        self._fitted_at_ns = self._now_ns


def _apply_rules(scene: Scene, family: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Write each row's family; returns whether the culprit is the row's destination."""
    at_destination = np.zeros(len(family), np.bool_)
    for rule, index in zip(RULES, _RULE_FAMILIES, strict=True):
        sighting = rule.find(scene)
        new = sighting.rows & (family == 0)
        family[new] = index
        at_destination[new] = sighting.at_destination[new]
    return at_destination
