"""What is not usual: the model's state, how keen it is, one card per incident, and why a row was flagged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QProgressBar, QSplitter, QVBoxLayout, QWidget

from trafficdesk.detect.finding import ModelState
from trafficdesk.ui.labels import ElidedLabel, plain_label
from trafficdesk.ui.panels.incident_list import IncidentList
from trafficdesk.ui.panels.model_controls import ModelControls
from trafficdesk.ui.panels.why import WhyPanel
from trafficdesk.ui.wording import clock_time, duration, thousands

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import DetectionSettings
    from trafficdesk.ui.theme import Tokens

_BEHIND_ROWS: Final = 20_000
"""Rows waiting before the panel says so: live, some 10,000 wait at full speed without anyone noticing a lag."""
_LIST_HEIGHT: Final = 200
_WHY_HEIGHT: Final = 380
"""Of what is left, shared like this, the explanation being the one that was asked for."""
_OLD_S: Final = 3_600
"""Beyond, a model's age says nothing (a file's time is in the past); its time of day is shown."""


class AnomalyPanel(QWidget):
    """The side panel of incidents.

    Signals
    -------
    incident_activated : id of the incident whose rows are to be shown.
    filter_wanted : id of the incident whose rows alone are to be shown.
    first_wanted : id of the incident whose first row is to be shown.
    refit_requested : a person asked for a fit at once.
    settings_changed : the new `DetectionSettings`.
    correction_wanted : an incident's id and what is to be said of it, see `CorrectionButtons`.

    Parameters
    ----------
    tokens : the theme's colours.
    clock_ns : nanoseconds since the Unix epoch, for the model's age.
    """

    incident_activated = Signal(int)
    filter_wanted = Signal(int)
    first_wanted = Signal(int)
    refit_requested = Signal()
    settings_changed = Signal(object)
    correction_wanted = Signal(int, str)

    def __init__(
        self, tokens: Tokens, parent: QWidget | None = None, *, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self._clock_ns = clock_ns
        self._model = ModelState()
        self._scored = self._pending = 0
        self._controls = ModelControls(tokens)
        self._controls.settings_changed.connect(self.settings_changed)
        self._controls.refit_requested.connect(self.refit_requested)
        self._make_parts()
        self._lay_out()
        self._age_timer = QTimer(self, interval=1_000)
        self._age_timer.timeout.connect(self._show_model)
        self._age_timer.start()
        self.setProperty("class", "side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Anomalies")
        self.setMinimumWidth(280)
        self._show_model()
        self._show_empty_state()

    def set_model_state(self, model: ModelState) -> None:
        """Show where the model stands."""
        self._model = model
        self._show_model()

    def set_progress(self, scored: int, pending: int) -> None:
        """Show how many rows were scored and how many wait."""
        self._scored, self._pending = scored, pending
        self._show_model()
        self._show_empty_state()

    def set_incidents(self, incidents: Sequence[Incident]) -> None:
        """Take all incidents, newest value of each; they are shown within a quarter of a second."""
        self.incidents.set_incidents(incidents)

    def set_settings(self, settings: DetectionSettings) -> None:
        """Show the detection settings; emits nothing."""
        self._controls.set_settings(settings)

    def select(self, incident_id: int) -> None:
        """Mark a card as the one whose rows are shown; 0 = none."""
        self.incidents.select(incident_id)

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        self._controls.apply_theme(tokens)
        self.incidents.apply_theme(tokens)
        self.why.apply_theme(tokens)

    def _make_parts(self) -> None:
        self._state = ElidedLabel("", "muted")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setRange(0, 1_000)
        self.incidents = IncidentList(self._tokens)
        self.incidents.activated.connect(self.incident_activated)
        self.incidents.filter_wanted.connect(self.filter_wanted)
        self.incidents.first_wanted.connect(self.first_wanted)
        self.incidents.correction_wanted.connect(self.correction_wanted)
        self.why = WhyPanel(self._tokens)

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(8)
        head = QVBoxLayout()
        head.setContentsMargins(16, 12, 16, 0)
        head.setSpacing(4)
        head.addWidget(plain_label("Anomalies", "head"))
        head.addWidget(self._state)
        head.addWidget(self._progress)
        head.addSpacing(4)
        head.addWidget(self._controls)
        outer.addLayout(head)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.incidents)
        parts.addWidget(self.why)
        parts.setSizes([_LIST_HEIGHT, _WHY_HEIGHT])
        outer.addWidget(parts, 1)

    def _show_model(self) -> None:
        model = self._model
        waiting = self._pending >= _BEHIND_ROWS
        self._controls.show_line(model.line)
        if not model.speaks:
            words = f"learning: {model.learning_words}"
            done = model.learning_share
        elif model.learning:
            words = f"learning: {model.learning_words}, model {model.model_id} works"
            done = model.learning_share
        else:
            words = f"model {model.model_id} · {self._age()} · {thousands(model.rows)} packets"
            done = self._scored / max(self._scored + self._pending, 1)
        if waiting and model.speaks:
            words = f"checked {thousands(self._scored)} of {thousands(self._scored + self._pending)} packets"
        self._state.set_whole(words)
        self._progress.setVisible(model.learning or waiting)
        self._progress.setValue(round(1_000 * min(done, 1.0)))
        self._progress.setAccessibleName(words)

    def _age(self) -> str:
        age_s = (self._clock_ns() - self._model.fitted_at_ns) / 1e9
        if 0 <= age_s < _OLD_S:
            return f"{duration(age_s)} old"
        return f"fitted {clock_time(self._model.fitted_at_ns)}"

    def _show_empty_state(self) -> None:
        if self._scored:
            words = f"No anomalies: {thousands(self._scored)} packets checked, that is good."
        elif self._model.learned:
            words = "Learning what is usual here. Rules for known attacks watch already."
        elif self._pending:
            words = f"{thousands(self._pending)} packets are being checked."
        else:
            words = "Nothing checked yet: start a capture or open a file."
        self.incidents.say_why_none(words)
