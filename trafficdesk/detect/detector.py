"""`Detector`: packets in, what is unusual out; scores a row before it learns from it (prequential).

Learning happens in lessons (`learning`), scoring at once. So a live row's score never waits, and what is learned does
not depend on how the packets were cut into batches; only the gathering of incidents goes batch by batch.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.assembly import RULE_OF, Verdicts, concatenated
from trafficdesk.detect.combination import Combinations
from trafficdesk.detect.corrections import Corrections
from trafficdesk.detect.explanation import explain, of_rule
from trafficdesk.detect.families import UNUSUAL
from trafficdesk.detect.flagged import flagged_rows
from trafficdesk.detect.gathering import Gathering
from trafficdesk.detect.hearing import heard
from trafficdesk.detect.learning import Learner
from trafficdesk.detect.lookalikes import Lookalikes
from trafficdesk.detect.memory import RememberedRows, RowMemory
from trafficdesk.detect.moments import moments
from trafficdesk.detect.named_ends import named
from trafficdesk.detect.reservoir import FAR_BEYOND
from trafficdesk.detect.rules import Scene
from trafficdesk.detect.shelf import ModelShelf
from trafficdesk.features import FeatureExtractor
from trafficdesk.packets.log import FLAGGED, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Detection, ModelState
    from trafficdesk.detect.forest import Model
    from trafficdesk.features import Observation
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.settings import DetectionSettings

BLOCK: Final = 8_192
"""Rows of which features are computed at a time."""
AHEAD: Final = 2_000
"""Rows scored at a time."""
RULE_SCORE: Final = 2.0
"""Added where a rule fires: what has a name ranks above what is only unusual."""
OUT_OF_RANGE_NEEDED: Final = 2
"""Features out of range that flag a row; with one, false incidents per hour doubled (measured 2026-11)."""


class Detector:
    """Features, rules, rolling window, forest and incidents of one capture.

    Parameters
    ----------
    settings : how it learns and speaks; the same settings on the same batches give the same results.
    opened : incidents that an earlier detector of the same capture has opened: their numbers are taken.
    """

    def __init__(self, settings: DetectionSettings, *, opened: int = 0) -> None:
        self._settings = settings
        self._opened = opened
        self.corrections = Corrections()
        """What a person said of rows; replaced, never changed, and kept from capture to capture."""
        self._live = False
        self.lookalikes = Lookalikes(settings)
        """Classifiers that a person trained."""
        self.features_s = 0.0
        """Seconds spent on features."""
        self.detect_s = 0.0
        """Seconds spent on everything else, fits included."""
        self.reset()

    def reset(self) -> None:
        """Forget everything: a new capture begins."""
        self._extractor = FeatureExtractor()
        self._learner = Learner(self._settings, live=self._live)
        self._incidents = Gathering(self._settings.sensitivity, opened=self._opened)
        self._opened = 0
        self._next_id = 0
        self.lookalikes.reset()
        self.memory = RowMemory(self._settings.seed)
        """Rows judged before, for what is asked about them."""
        self.models = ModelShelf()
        """Models that flagged rows."""
        self._combinations = Combinations()

    @property
    def model(self) -> ModelState:
        """Where the model stands."""
        return self._learner.state

    @property
    def model_in_force(self) -> Model | None:
        """What scores the next row; None before the first fit."""
        return self._learner.model

    def set_settings(self, settings: DetectionSettings) -> None:
        """Go on with other settings; what was learned stays."""
        self._learner.set_settings(settings)
        self._incidents.set_sensitivity(settings.sensitivity)
        self.lookalikes.set_settings(settings)
        self._settings = settings

    def tell_gaps(self, spans: Iterable[tuple[int, int]]) -> None:
        """Take spans (start, end) in ns in which nothing could be captured, before the rows that follow them.

        Within a while after one, the model flags nothing and rules that reconnecting resembles have higher floors.
        """
        self._extractor.tell_gaps(spans)

    def refit_now(self) -> ModelState:
        """Fit on what the window holds; without effect while it holds too little (`forest.LEAST_ROWS`)."""
        self._learner.refit_now()
        return self.model

    def expect_live(self) -> None:
        """Take what comes for an interface's traffic, and load what the first fit will need.

        An interface is listened to from some moment on: until its windows are full everything seems to grow. At
        20,000 packets/s a model fitted within the first second found steady downloads odd for a minute (2026-11). A
        file may be shorter than any such wait.
        """
        self._live = True
        self._learner.expect_live()

    def process(self, batch: PacketBatch) -> Detection:
        """Judge packets that follow those of the former call, then learn from them.

        Packets may have been left out (`packets.batch.Sample`): those given are weighted then.
        A batch that starts before the former one's end begins a new capture.
        """
        if batch.first_id < self._next_id:
            self.reset()
        self._next_id = int(batch.ids[-1]) + 1 if len(batch) else batch.first_id
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
        out = Verdicts(batch)
        if len(batch):
            self._judge(batch, observation, out)
        detection = out.detection(self._incidents.changes(), self.model)
        detection = self.lookalikes.spoken(detection, batch, observation)
        self.detect_s += perf_counter() - features_done
        return detection

    def _judge(self, batch: PacketBatch, observation: Observation, out: Verdicts) -> None:
        reference = self._learner.model.reference if self._learner.model else None
        out.apply_rules(Scene(batch, observation, reference.q999 if reference else None))
        settling = observation.rows.settling
        stretches = self._score_and_learn(batch, observation, out)
        out.verdict |= np.uint8(Verdict.SCORED)
        # What is odd soon after an interruption is so because of what was not seen.
        odd = ((out.score > 1.0) | (out.outside >= OUT_OF_RANGE_NEEDED)) & ~settling
        spoken = heard(self.corrections, observation, out, odd)
        for start, stop, model in moments(observation.rows.seconds, (out.family > 0) | odd, stretches):
            ruled = np.flatnonzero(out.family[start:stop]) + start
            unusual = np.flatnonzero(odd[start:stop] & (out.family[start:stop] == 0)) + start
            self._flag_ruled(batch, observation, out, ruled, model, spoken=spoken)
            if model is not None:
                self.models.keep(model)
                self._flag_unusual(batch, observation, out, unusual, model, spoken=spoken)
        self._remember(batch, observation, out, stretches)
        out.correct(spoken)

    def _remember(
        self,
        batch: PacketBatch,
        observation: Observation,
        out: Verdicts,
        stretches: list[tuple[int, Model]],
    ) -> None:
        model = np.zeros(len(batch), np.int32)
        for start, one in stretches:
            model[start:] = one.number
        rows = observation.rows
        judged = RememberedRows(
            batch.ids,
            observation.values,
            rows.source,
            rows.destination,
            rows.seconds,
            out.score,
            out.family,
            model,
        )
        self.memory.add(judged, (out.verdict & FLAGGED) != 0)

    def _score_and_learn(
        self, batch: PacketBatch, observation: Observation, out: Verdicts
    ) -> list[tuple[int, Model]]:
        """Score each row before it is learned from; returns from which row on which model scored."""
        values = observation.values
        stretches: list[tuple[int, Model]] = []
        start = scored_to = 0
        while start < len(batch):
            stop = min(len(batch), start + self._learner.rows_to_lesson)
            model = self._learner.model
            if model is not None and (scored_to < stop or stretches[-1][1] is not model):
                # Some lessons ahead: a call costs as much as 150 rows, but a refit makes what is ahead void.
                scored_to = min(len(batch), max(stop, start + AHEAD))
                out.score[start:scored_to] = model.z(values[start:scored_to])
                out.outside[start:scored_to] = model.reference.out_of_range(values[start:scored_to])
            if model is not None and (not stretches or stretches[-1][1] is not model):
                stretches.append((start, model))
            z = out.score[start:stop].copy()
            ruled = out.family[start:stop] > 0
            out.score[start:stop] = np.where(ruled, np.fmax(z, 0) + RULE_SCORE, z)
            self._learner.learn(
                observation,
                slice(start, stop),
                ruled=ruled,
                far=z > FAR_BEYOND,
                now_ns=int(batch["timestamp_ns"][stop - 1]),
            )
            start = stop
        return stretches

    def _flag_ruled(
        self,
        batch: PacketBatch,
        observation: Observation,
        out: Verdicts,
        rows: NDArray[np.intp],
        model: Model | None,
        *,
        spoken: NDArray[np.int32],
    ) -> None:
        """Verdicts, reasons and incidents of `rows`, which rules name."""
        families = out.family[rows]
        for index in np.unique(families).tolist():
            rule = RULE_OF[index]
            at = rows[families == index]
            reference = model.reference if model else None
            reasons = named(of_rule(observation.values[at], rule.measures, reference), observation, at)
            out.verdict[at] |= np.uint8(Verdict.FAMILY)
            out.flag(at, reasons)
            flagged = flagged_rows(
                batch,
                observation,
                at,
                at_destination=out.at_destination[at],
                disputed=rule.family == "arp spoof",
                score=out.score[at],
                reasons=reasons,
            )
            out.claim(self._incidents.add(index, flagged, spoken[at], model.number if model else 0))

    def _flag_unusual(
        self,
        batch: PacketBatch,
        observation: Observation,
        out: Verdicts,
        at: NDArray[np.intp],
        model: Model,
        *,
        spoken: NDArray[np.int32],
    ) -> None:
        """Verdicts, reasons and incidents of rows `at`, which only the model finds odd."""
        if not len(at):
            return
        values = observation.values[at]
        reasons = explain(values, model.reference)
        self._combinations.refine(reasons, values, observation.rows.seconds[at], model)
        reasons = named(reasons, observation, at)
        flagged = flagged_rows(
            batch,
            observation,
            at,
            at_destination=np.zeros(len(at), np.bool_),
            disputed=False,
            score=out.score[at],
            reasons=reasons,
        )
        mine = spoken[at]
        claims, collateral = self._incidents.explained(flagged, mine)
        spoken[at] = mine
        out.claim(claims)
        out.verdict[at[collateral]] |= np.uint8(Verdict.COLLATERAL)
        own = at[~collateral]
        out.verdict[own] |= np.uint8(Verdict.UNUSUAL)
        out.family[own] = UNUSUAL
        out.flag(own, reasons.where(~collateral))
        free = ~collateral & (out.incident[at] == 0)
        out.claim(self._incidents.add(UNUSUAL, flagged.where(free), mine[free], model.number))
