"""`Learner`: lessons, the rolling window, the long memory, and when the model is fitted anew.

Rows are learned in lessons of `LESSON` rows counted from the capture's start, so what is learned does not depend on
how the packets were cut into batches. A first, early model ranks what comes while too little is known to flag it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.baseline import NEEDED_S, Baseline
from trafficdesk.detect.finding import ModelState
from trafficdesk.detect.forest import LEAST_ROWS, fit, forest_of
from trafficdesk.detect.reservoir import (
    LONG_ROWS,
    Admission,
    Lesson,
    LongMemory,
    Reservoir,
    joined,
)
from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.detect.forest import Forest, Model
    from trafficdesk.detect.model_record import ModelRecord
    from trafficdesk.features import Observation
    from trafficdesk.settings import DetectionSettings

LESSON: Final = 500
"""Rows learned from at a time; the first time so many as a fit needs, that ranking begins early."""
LEAST_WINDOW: Final = 512
"""Rows of the rolling window from which on it is fitted on. Before, and where so few hosts talk that their quota leaves
less, the newest rows as they came are: `FIRST_ROWS` of them."""
FIRST_ROWS: Final = 2_000
OLDER_EVERY: Final = 4
"""The long memory changes slowly: its forest is fitted with every fourth model only."""
LEAST_OLDER: Final = 512
"""Fewer remembered rows say nothing that the window does not."""
MAX_RECORDS: Final = 5_000
"""Fits whose records are kept: more than a day of one every 30 s takes."""
_OLDER_SEED: Final = 1 << 20
"""Between the seeds of the two forests of a model."""
_LEAST_NEW: Final = 10
"""A refit needs at least `refit_rows` / this many new rows, and that share of the window must be new: a model of nearly
the same rows says the same."""
_WARM_UP_SHARE: Final = 4
"""The first fit that may flag needs at least `warm_up_rows` / this many admitted rows: of a flood few are."""
_SILENCE_S: Final = 60.0
"""Longer without a packet teaches nothing."""


class Learner:
    """What one capture has taught.

    Parameters
    ----------
    settings : window, refits, forest and seed.
    live : see `expect_live`.
    """

    def __init__(self, settings: DetectionSettings, *, live: bool = False) -> None:
        self._settings = settings
        self._live = live
        self.records: dict[int, ModelRecord] = {}
        """Of every fit, by its number; the newest `MAX_RECORDS`."""
        self.taught: Callable[[NDArray[np.float32]], NDArray[np.float32]] = _everything
        """Of the window's rows those that a fit may see; the window itself holds all, so nothing said is final."""
        self._refits = 0
        self._now_ns = 0
        self._begin(None)

    def _begin(self, baseline: Baseline | None) -> None:
        seed, columns = self._settings.seed, len(FEATURES)
        self.admission = Admission(np.random.default_rng(seed))
        self._reservoir = Reservoir(self._settings.window_rows, columns)
        self._first = Reservoir(FIRST_ROWS, columns)
        self._older = LongMemory(LONG_ROWS, columns, np.random.default_rng(seed + 1))
        self._network_s: float | None = None
        self._admitted = 0
        if baseline is not None:
            self._reservoir.add(baseline.recent)
            self._admitted = max(baseline.admitted, len(baseline.recent))
            self._older.put(baseline.older)
            self._network_s = baseline.learned_s
        self.model: Model | None = None
        """The model in force; replaced, never changed."""
        self._older_forest: Forest | None = None
        self._lesson: list[Lesson] = []
        self._lesson_rows = 0
        self._lesson_length = LEAST_ROWS
        self._known = len(self._reservoir) >= LEAST_WINDOW
        """Whether what was learned before is enough to flag by."""
        self._asked = False
        self._seen = 0
        self._now_s = 0.0
        self._began_s: float | None = None
        self._admitted_at_fit = self._admitted
        self._entered_at_fit = self._reservoir.admitted
        self._fitted_at_s = 0.0
        self._fitted_at_ns = 0

    @property
    def rows_to_lesson(self) -> int:
        """Rows that the lesson under way still lacks."""
        return self._lesson_length - self._lesson_rows

    @property
    def state(self) -> ModelState:
        """Where the model stands."""
        needed = self._settings.warm_up_rows
        progress = min(self._seen, self._admitted * _WARM_UP_SHARE + self._lesson_rows, needed - 1)
        model = self.model
        ripe = model is not None and not model.early
        if ripe or self._known:
            progress = max(self._admitted, needed)
        return ModelState(
            learned=progress,
            needed=needed,
            learned_s=0.0 if ripe else self._learned_s,
            needed_s=self._settings.warm_up_seconds if self._live else 0.0,
            model_id=model.number if model else 0,
            rows=model.rows if model else 0,
            fitted_at_ns=self._fitted_at_ns,
            fit_ms=model.fit_ms if model else 0.0,
            refits=self._refits,
            window_rows=len(self._window),
            early=model is not None and model.early,
            network_s=self._network_s or 0.0,
            network_needed_s=0.0 if self._network_s is None else NEEDED_S,
            record=model.record if model else None,
        )

    def set_settings(self, settings: DetectionSettings) -> None:
        """Go on with other settings; what was learned stays."""
        if settings.window_rows != self._settings.window_rows:
            self._reservoir = self._reservoir.resized(settings.window_rows)
        if not settings.long_memory:
            self._older_forest = None
        self._settings = settings

    def expect_live(self) -> None:
        """See `Detector.expect_live`."""
        self._live = True
        fit(np.zeros((LEAST_ROWS, len(FEATURES)), np.float32), replace(self._settings, trees=1), 0)

    def change_network(self, baseline: Baseline | None) -> None:
        """Go on in a network of which `baseline` is known; None = nothing. What was learned elsewhere is let go."""
        self._begin(baseline)
        if baseline is None:
            self._network_s = 0.0
        if self._known:
            self._fit()

    def baseline(self) -> Baseline:
        """What is known now, to be kept; budget and acquaintances are the detector's to add."""
        return Baseline(self._reservoir.rows(), self._older.rows(), self._admitted, self._network_s or 0.0)

    def refit_now(self) -> None:
        """Fit on what the window holds; without effect while it holds too little (`forest.LEAST_ROWS`).

        Who asks for a model wants it to speak.
        """
        if len(self._window) >= LEAST_ROWS:
            self._asked = True
            self._fit()

    def learn(
        self,
        observation: Observation,
        part: slice,
        *,
        ruled: NDArray[np.bool_],
        far: NDArray[np.bool_],
        ids: NDArray[np.int64],
        now_ns: int,
    ) -> None:
        """Collect a lesson; when it is full, learn it and refit if it is time.

        Parameters
        ----------
        part : at most `rows_to_lesson` rows of `observation`.
        ruled, far, ids : of those rows, see `Lesson`.
        now_ns : timestamp of the last of them.
        """
        rows = observation.rows
        self._lesson.append(
            Lesson(
                observation.values[part],
                rows.source[part],
                rows.destination[part],
                rows.seconds[part],
                ruled,
                far,
                ids,
            )
        )
        self._lesson_rows += part.stop - part.start
        self._seen += part.stop - part.start
        self._now_ns = now_ns
        self._pass_time(rows.seconds[part])
        if self._lesson_rows < self._lesson_length:
            return
        self._lesson_length = LESSON
        lesson = joined(self._lesson)
        self._lesson = []
        self._lesson_rows = 0
        self._take(lesson)
        if self._fit_is_due():
            self._fit()

    def _take(self, lesson: Lesson) -> None:
        chosen = self.admission.choose(lesson)
        self._admitted += len(chosen)
        if len(self._reservoir) < LEAST_WINDOW:
            self._first.add(lesson.values[chosen], lesson.ids[chosen])
        chosen = self.admission.of_each_pair(lesson, chosen)
        self._reservoir.add(lesson.values[chosen], lesson.ids[chosen])
        self._older.add(lesson.values[chosen])

    def _pass_time(self, seconds: NDArray[np.float64]) -> None:
        if self._began_s is None:
            self._began_s = self._now_s = float(seconds[0])
        if self._network_s is not None:
            steps = np.diff(seconds, prepend=self._now_s)
            self._network_s += float(np.clip(steps, 0.0, _SILENCE_S).sum())
        self._now_s = float(seconds[-1])

    @property
    def _window(self) -> Reservoir:
        """What a model is fitted on."""
        return self._reservoir if len(self._reservoir) >= LEAST_WINDOW else self._first

    @property
    def _admitted_needed(self) -> int:
        return max(LEAST_ROWS, self._settings.warm_up_rows // _WARM_UP_SHARE)

    @property
    def _ripe(self) -> bool:
        """Whether enough is known to flag by."""
        if self._asked:
            return True
        if self._live and self._learned_s < self._settings.warm_up_seconds:
            return False
        enough = self._seen >= self._settings.warm_up_rows and self._admitted >= self._admitted_needed
        return self._known or enough

    def _fit_is_due(self) -> bool:
        settings, model = self._settings, self.model
        new = self._admitted - self._admitted_at_fit
        if model is None:
            return len(self._window) >= LEAST_ROWS
        if model.early:
            return self._ripe or new >= model.rows
        late = self._now_s - self._fitted_at_s >= settings.refit_seconds
        entered = self._reservoir.admitted - self._entered_at_fit
        changed = entered >= len(self._reservoir) // _LEAST_NEW and new >= settings.refit_rows // _LEAST_NEW
        return changed and (late or new >= settings.refit_rows)

    @property
    def _learned_s(self) -> float:
        return 0.0 if self._began_s is None else self._now_s - self._began_s

    def _allowed(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        allowed = self.taught(rows)
        return allowed if len(allowed) >= LEAST_ROWS else rows

    def _fit(self) -> None:
        number, window = self._refits + 1, self._window
        due = self._older_forest is None or number % OLDER_EVERY == 1
        if self._settings.long_memory and due and len(self._older) >= LEAST_OLDER:
            older = replace(self._settings, seed=self._settings.seed + _OLDER_SEED)
            self._older_forest = forest_of(self._allowed(self._older.rows()), older, number)
        self.model = fit(
            self._allowed(window.rows()),
            self._settings,
            number,
            older=self._older_forest,
            span=window.span,
            now_ns=self._now_ns,
            early=not self._ripe,
        )
        self.records[number] = self.model.record
        if len(self.records) > MAX_RECORDS:
            del self.records[next(iter(self.records))]
        self._refits = number
        self._admitted_at_fit = self._admitted
        self._entered_at_fit = self._reservoir.admitted
        self._fitted_at_s = self._now_s
        self._fitted_at_ns = self._now_ns


def _everything(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows
