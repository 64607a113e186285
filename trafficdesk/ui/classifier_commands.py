"""Training and using classifiers from the window; the file that is used is named in the settings."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Slot

from trafficdesk.errors import TrafficDeskError
from trafficdesk.paths import data_dir, private_dir
from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.workers.training_process import TrainingProcess

if TYPE_CHECKING:
    from pathlib import Path

    from trafficdesk.classify.looks import Looks
    from trafficdesk.classify.report import TrainingReport
    from trafficdesk.detect.labels import Label
    from trafficdesk.detect.training_questions import TooLittle, Trained
    from trafficdesk.settings import Settings
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.dialogs.train_classifier import TrainClassifierDialog

_NEW: Final = "new.tdmodel"
_SAID: Final = {"label": "what looks like what was labelled", "protocol": "which application speaks"}


class ClassifierCommands(QObject):
    """Joins the dialog with the analysis process, the training process and the settings."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._dialog: TrainClassifierDialog | None = None
        self._training = TrainingProcess(self)
        self._training.trained.connect(self._on_trained)
        self._training.failed.connect(self._on_failed)
        self._kind = "label"
        self._report: TrainingReport | None = None
        desk.window.actions_["train_classifier"].triggered.connect(self.train)
        desk.preferences.changed.connect(self._on_settings)
        self._show_column()

    @property
    def labels(self) -> tuple[Label, ...]:
        """What a person labelled so far."""
        return self._desk.session.recall.corrections.labels

    @Slot()
    def train(self) -> None:
        """Show the dialog."""
        from trafficdesk.ui.dialogs.train_classifier import TrainClassifierDialog

        window = self._desk.window
        dialog = TrainClassifierDialog(_counted(self.labels), self._in_use(), window.tokens, window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.wanted.connect(self._on_wanted)
        dialog.use_wanted.connect(self._on_use)
        dialog.picture_wanted.connect(self._on_picture)
        dialog.forget_wanted.connect(self._on_forget)
        dialog.finished.connect(self._on_closed)
        self._dialog = dialog
        dialog.open()

    def shut_down(self) -> None:
        """Give up a training under way."""
        self._training.stop()

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if before.detection != now.detection:
            self._show_column()

    def _show_column(self) -> None:
        header = self._desk.window.page.table.header
        header.set_useful(Column.LIKENESS, useful=bool(self._in_use()))

    def _in_use(self) -> dict[str, str]:
        detection = self._desk.preferences.settings.detection
        paths = {"label": detection.label_model, "protocol": detection.protocol_model}
        return {kind: _SAID[kind] for kind, path in paths.items() if path}

    @Slot(int, object, object)
    def _on_wanted(self, choice: int, captures: tuple[Path, ...], labels: tuple[Path, ...]) -> None:
        from trafficdesk.ui.dialogs.train_classifier import APPLICATIONS, MINE

        self._kind = "protocol" if choice == APPLICATIONS else "label"
        if choice == MINE:
            self._train_on_labels()
            return
        try:
            output = private_dir(_folder()) / _NEW
        except OSError as error:
            self._on_failed(
                TrafficDeskError(f"{_folder()} can't be made: {error.strerror}.", "Free some space there.")
            )
            return
        self._training.train(captures, labels, output, by_protocol=choice == APPLICATIONS)

    def _train_on_labels(self) -> None:
        from trafficdesk.detect.training_questions import TrainOnLabels

        seed = self._desk.preferences.settings.detection.seed
        if not self._desk.analysis.ask(TrainOnLabels(self.labels, seed), self._on_answer):
            self._on_failed(
                TrafficDeskError(
                    "There is nothing to compare your labels with.",
                    "Open a capture or start one first: its ordinary packets are what normal looks like.",
                )
            )

    def _on_answer(self, answer: Trained | TooLittle) -> None:
        from trafficdesk.detect.training_questions import TooLittle

        if isinstance(answer, TooLittle):
            self._on_failed(TrafficDeskError(answer.title, answer.hint))
            return
        from trafficdesk.export.atomic import atomic_file

        try:
            with atomic_file(private_dir(_folder()) / _NEW) as file:
                file.write(answer.model)
        except (OSError, TrafficDeskError) as error:
            self._on_failed(TrafficDeskError(f"The model can't be kept: {error}", ""))
            return
        self._on_trained(answer.report)

    @Slot(object)
    def _on_trained(self, report: TrainingReport) -> None:
        self._report = report
        if self._dialog is not None:
            self._dialog.show_report(report)

    @Slot(object)
    def _on_failed(self, error: TrafficDeskError) -> None:
        if self._dialog is not None:
            self._dialog.show_error(error)
        else:
            self._desk.window.banner.show_error(error)

    @Slot()
    def _on_use(self) -> None:
        new = _folder() / _NEW
        try:
            # Another name for every model: the settings are told by it that something changed.
            digest = hashlib.sha256(new.read_bytes()).hexdigest()[:12]
            path = new.with_name(f"{self._kind}-{digest}.tdmodel")
            new.replace(path)
        except OSError as error:
            self._on_failed(
                TrafficDeskError(f"The model can't be kept: {error.strerror}.", "Train it again.")
            )
            return
        for old in path.parent.glob(f"{self._kind}-*.tdmodel"):
            if old != path:
                old.unlink(missing_ok=True)
        self._set(self._kind, str(path))
        if self._dialog is not None:
            self._dialog.show_used()

    @Slot(str)
    def _on_forget(self, kind: str) -> None:
        self._set(kind, "")

    def _set(self, kind: str, path: str) -> None:
        preferences = self._desk.preferences
        detection = preferences.settings.detection
        detection = (
            replace(detection, label_model=path)
            if kind == "label"
            else replace(detection, protocol_model=path)
        )
        preferences.set(replace(preferences.settings, detection=detection))
        if kind == "label":
            from trafficdesk.detect.training_questions import WhatLooksLike

            self._desk.analysis.ask(WhatLooksLike(), self._on_looks)

    def _on_looks(self, looks: Looks) -> None:
        """What was judged before looks like this now."""
        from trafficdesk.classify.stored import replace_labels

        session, log = self._desk.session, self._desk.session.log
        replace_labels(log, looks)
        session.findings.replace(session.describer.looked_again(session.findings.incidents))
        self._desk.dashboard.touch()
        if len(log):
            self._desk.model.refresh_identity(log.first_id, log.end_id)
            self._desk.details.show_who()

    @Slot(object)
    def _on_picture(self, path: Path) -> None:
        from trafficdesk.export.atomic import atomic_file
        from trafficdesk.report.confusion import PICTURES, picture_of

        if self._report is None:
            return
        if path.suffix.lower() not in PICTURES:
            path = path.with_suffix(".png")
        try:
            with atomic_file(path) as file:
                file.write(picture_of(self._report, path.suffix.lower()))
        except TrafficDeskError as error:
            self._on_failed(error)

    @Slot()
    def _on_closed(self) -> None:
        self._training.stop()
        self._dialog = None


def _folder() -> Path:
    return data_dir() / "models"


def _counted(labels: tuple[Label, ...]) -> str:
    """Names and how often each was given: "backup (2), bad printer (1)"."""
    from trafficdesk.detect.training_questions import name_of

    names = Counter(map(name_of, labels))
    told = [f"{name} ({count})" for name, count in names.most_common(4)]
    return ", ".join(told) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
