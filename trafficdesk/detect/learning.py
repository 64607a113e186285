"""`Learner`: lessons, the rolling window, and when the model is fitted anew.

Rows are learned in lessons of `LESSON` rows counted from the capture's start, so what is learned does not depend on
how the packets were cut into batches.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.finding import ModelState
from trafficdesk.detect.forest import LEAST_ROWS, fit
from trafficdesk.detect.reservoir import Admission, Lesson, Reservoir, joined
from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.forest import Model
    from trafficdesk.features import Observation
    from trafficdesk.settings import DetectionSettings

LESSON: Final = 500
"""Rows learned from at a time."""
_LEAST_NEW: Final = 10
"""A refit by time needs at least `refit_rows` / this many new rows."""
_WARM_UP_SHARE: Final = 4
"""The first fit needs at least `warm_up_rows` / this many admitted rows: of a flood few are."""


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
        self.admission = Admission(np.random.default_rng(settings.seed))
        self._reservoir = Reservoir(settings.window_rows, len(FEATURES))
        self.model: Model | None = None
        """The model in force; replaced, never changed."""
        self._lesson: list[Lesson] = []
        self._lesson_rows = 0
        self._seen = 0
        self._now_ns = 0
        self._now_s = 0.0
        self._began_s: float | None = None
        self._admitted_at_fit = 0
        self._fitted_at_s = 0.0
        self._fitted_at_ns = 0
        self._refits = 0

    @property
    def rows_to_lesson(self) -> int:
        """Rows that the lesson under way still lacks."""
        return LESSON - self._lesson_rows

    @property
    def state(self) -> ModelState:
        """Where the model stands."""
        needed = self._settings.warm_up_rows
        progress = min(self._seen, self._reservoir.admitted * _WARM_UP_SHARE + self._lesson_rows)
        model = self.model
        return ModelState(
            learned=self._reservoir.admitted if model else min(progress, needed - 1),
            needed=needed,
            learned_s=0.0 if model else self._learned_s,
            needed_s=self._settings.warm_up_seconds if self._live else 0.0,
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
        self._settings = settings

    def expect_live(self) -> None:
        """See `Detector.expect_live`."""
        self._live = True
        fit(np.zeros((LEAST_ROWS, len(FEATURES)), np.float32), replace(self._settings, trees=1), 0)

    def refit_now(self) -> None:
        """Fit on what the window holds; without effect while it holds too little (`forest.LEAST_ROWS`)."""
        if len(self._reservoir) >= LEAST_ROWS:
            self._fit()

    def learn(
        self,
        observation: Observation,
        part: slice,
        *,
        ruled: NDArray[np.bool_],
        far: NDArray[np.bool_],
        now_ns: int,
    ) -> None:
        """Collect a lesson; when it is full, learn it and refit if it is time.

        Parameters
        ----------
        part : at most `rows_to_lesson` rows of `observation`.
        ruled, far : of those rows, see `Lesson`.
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
            )
        )
        self._lesson_rows += part.stop - part.start
        self._seen += part.stop - part.start
        self._now_ns = now_ns
        self._now_s = float(rows.seconds[part.stop - 1])
        if self._began_s is None:
            self._began_s = float(rows.seconds[part.start])
        if self._lesson_rows < LESSON:
            return
        lesson = joined(self._lesson)
        self._lesson = []
        self._lesson_rows = 0
        self._reservoir.add(lesson.values[self.admission.choose(lesson)])
        if self._fit_is_due():
            self._fit()

    def _fit_is_due(self) -> bool:
        settings = self._settings
        if self.model is None:
            least = max(LEAST_ROWS, settings.warm_up_rows // _WARM_UP_SHARE)
            if self._live and self._learned_s < settings.warm_up_seconds:
                return False
            return self._seen >= settings.warm_up_rows and self._reservoir.admitted >= least
        new = self._reservoir.admitted - self._admitted_at_fit
        late = self._now_s - self._fitted_at_s >= settings.refit_seconds
        return new >= settings.refit_rows or (late and new >= settings.refit_rows // _LEAST_NEW)

    @property
    def _learned_s(self) -> float:
        return 0.0 if self._began_s is None else self._now_s - self._began_s

    def _fit(self) -> None:
        self._refits += 1
        self.model = fit(self._reservoir.rows(), self._settings, self._refits)
        self._admitted_at_fit = self._reservoir.admitted
        self._fitted_at_s = self._now_s
        self._fitted_at_ns = self._now_ns
