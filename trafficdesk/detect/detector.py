"""`Detector`: packets in, what is unusual out; scores a row before it learns from it (prequential).

Learning happens in lessons (`learning`), scoring at once. So a live row's score never waits, and what is learned does
not depend on how the packets were cut into batches; only the gathering of incidents goes batch by batch.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.assembly import RULE_OF, Verdicts, concatenated
from trafficdesk.detect.budget import AlertBudget
from trafficdesk.detect.combination import Combinations
from trafficdesk.detect.corrections import Corrections
from trafficdesk.detect.explanation import explain, of_rule
from trafficdesk.detect.families import UNUSUAL
from trafficdesk.detect.flagged import flagged_rows
from trafficdesk.detect.gathering import Gathering
from trafficdesk.detect.hearing import heard
from trafficdesk.detect.learning import Learner
from trafficdesk.detect.lookalikes import Lookalikes
from trafficdesk.detect.memory import RowMemory, judged_rows
from trafficdesk.detect.moments import moments
from trafficdesk.detect.named_ends import named
from trafficdesk.detect.prequential import score_and_learn
from trafficdesk.detect.reference import is_odd
from trafficdesk.detect.rules import Scene
from trafficdesk.detect.shelf import ModelShelf
from trafficdesk.features import FeatureExtractor
from trafficdesk.features.gaps import NOTED_NS
from trafficdesk.packets.log import FLAGGED, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from trafficdesk.detect.baseline import Baseline
    from trafficdesk.detect.finding import Detection, ModelState
    from trafficdesk.detect.forest import Model
    from trafficdesk.detect.model_record import ModelRecord
    from trafficdesk.features import Observation
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.settings import DetectionSettings

BLOCK: Final = 8_192
"""Rows of which features are computed at a time."""


class Detector:
    """Features, rules, model and incidents of one capture.

    Parameters
    ----------
    settings : how it learns and speaks; the same settings on the same batches give the same results.
    opened : incidents that an earlier detector of the same capture has opened: their numbers are taken.
    """

    def __init__(self, settings: DetectionSettings, *, opened: int = 0) -> None:
        self._settings = settings
        self._opened = opened
        self._corrections = Corrections()
        self._live = False
        self.network = ""
        """Name of the network's baseline; whoever keeps that says so."""
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
        self._learner.taught = self._corrections.taught
        self._incidents = Gathering(AlertBudget(self._settings.incidents_per_day), opened=self._opened)
        self._opened = 0
        self._next_id = 0
        self._now_ns = 0
        self.lookalikes.reset()
        self.memory = RowMemory(self._settings.seed)
        """Rows judged before, for what is asked about them."""
        self.models = ModelShelf()
        """Models that flagged rows."""
        self._combinations = Combinations()

    @property
    def corrections(self) -> Corrections:
        """What a person said of rows; replaced, never changed, and kept from capture to capture."""
        return self._corrections

    @corrections.setter
    def corrections(self, corrections: Corrections) -> None:
        self._corrections = corrections
        self._learner.taught = corrections.taught

    @property
    def model(self) -> ModelState:
        """Where the model stands."""
        return replace(self._learner.state, line=self._incidents.budget.line, network=self.network)

    @property
    def model_in_force(self) -> Model | None:
        """What scores the next row; None before the first fit."""
        return self._learner.model

    @property
    def records(self) -> tuple[ModelRecord, ...]:
        """What it takes to fit each model again, oldest first; of very many the newest."""
        return tuple(self._learner.records.values())

    def record_of(self, number: int) -> ModelRecord | None:
        """The record of that model; None = there was none, or so long ago that it is forgotten."""
        return self._learner.records.get(number)

    def set_settings(self, settings: DetectionSettings) -> None:
        """Go on with other settings; what was learned stays."""
        self._learner.set_settings(settings)
        self._incidents.budget.per_day = settings.incidents_per_day
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

    def baseline(self) -> Baseline:
        """What is known of this network, to be kept."""
        severities, watched_s = self._incidents.budget.state
        seen = self._extractor.known.seen
        return replace(self._learner.baseline(), severities=severities, watched_s=watched_s, seen=seen)

    def change_network(self, baseline: Baseline | None) -> None:
        """Go on in a network of which `baseline` is known; None = nothing.

        What was usual in another one says nothing here, and what is new here is so to us only: as after a gap.
        """
        if self._now_ns:
            self.tell_gaps([(self._now_ns - NOTED_NS, self._now_ns)])
        self._extractor.change_network(
            baseline.seen if baseline else {}, baseline.learned_s if baseline else 0.0
        )
        self._learner.change_network(baseline)
        kept = (baseline.severities, baseline.watched_s) if baseline else (None, 0.0)
        self._incidents.set_budget(AlertBudget(self._settings.incidents_per_day, *kept))

    def expect_live(self) -> None:
        """Take what comes for an interface's traffic, and load what the first fit will need.

        Until its windows are full everything seems to grow: at 20,000 packets/s a model fitted within the first second
        found steady downloads odd for a minute (2026-11). A file may be shorter than any such wait.
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
            self._now_ns = int(batch["timestamp_ns"][-1])
        detection = out.detection(self._incidents.changes(), self.model)
        detection = self.lookalikes.spoken(detection, batch, observation)
        self.detect_s += perf_counter() - features_done
        return detection

    def _judge(self, batch: PacketBatch, observation: Observation, out: Verdicts) -> None:
        model = self._learner.model
        reference = model.reference if model and not model.early else None
        out.apply_rules(Scene(batch, observation, reference.q999 if reference else None))
        settling = observation.rows.settling
        stretches = score_and_learn(self._learner, batch, observation, out)
        out.verdict |= np.uint8(Verdict.SCORED)
        # What is odd soon after an interruption is so because of what was not seen.
        odd = is_odd(out.score, out.outside) & ~settling
        spoken = heard(self.corrections, observation, out, odd)
        for start, stop, model in moments(observation.rows.seconds, (out.family > 0) | odd, stretches):
            ruled = np.flatnonzero(out.family[start:stop]) + start
            unusual = np.flatnonzero(odd[start:stop] & (out.family[start:stop] == 0)) + start
            self._flag_ruled(batch, observation, out, ruled, model, spoken=spoken)
            if model is not None:
                self.models.keep(model)
                self._flag_unusual(batch, observation, out, unusual, model, spoken=spoken)
        self._incidents.budget.watch(float(observation.rows.seconds[-1]))
        judged = judged_rows(batch.ids, observation, out.score, out.family, stretches)
        self.memory.add(judged, (out.verdict & FLAGGED) != 0)
        out.correct(spoken)

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
