"""Train a classifier: from what a person labelled, from labels in a file, or which application speaks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.ui.labels import ElidedLabel, WrappedLabel, plain_label
from trafficdesk.ui.panels.training_report import TrainingReportView
from trafficdesk.ui.theme import SECONDARY_PX, SPACING
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from trafficdesk.classify.report import TrainingReport
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.ui.theme import Tokens

CAPTURE_FILES: Final = "Capture files (*.pcap *.pcapng *.cap *.dmp *.gz);;All files (*)"
MINE, FROM_FILE, APPLICATIONS = range(3)
_HINT: Final = (
    "A random forest learns from examples and says of new packets what they look like, beside rules and model, which it "
    "does not replace. It is tested on incidents, or conversations, that it was not shown: what you read then is what to "
    "expect of new ones. It needs two labelled incidents, and fifty packets of each name."
)


class TrainClassifierDialog(QDialog):
    """Asks what to learn from, and shows what came of it.

    Signals
    -------
    wanted : one of MINE, FROM_FILE, APPLICATIONS, the captures and the files of labels (tuples of `Path`).
    picture_wanted : the report's picture shall be saved at this `Path`.
    use_wanted : the model just trained shall be used.
    forget_wanted : no classifier of this kind shall be used any more: "label" or "protocol".

    Parameters
    ----------
    labelled : what a person labelled so far, in words; empty = nothing.
    in_use : names of the kinds of classifier that are in use, each with words about it.
    """

    wanted = Signal(int, object, object)
    picture_wanted = Signal(object)
    use_wanted = Signal()
    forget_wanted = Signal(str)

    def __init__(
        self, labelled: str, in_use: dict[str, str], tokens: Tokens, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train classifier")
        self._captures: tuple[Path, ...] = ()
        self._labels: tuple[Path, ...] = ()
        self._tokens = tokens
        self.choices = QButtonGroup(self)
        self.files, self.labels = ElidedLabel("None chosen", "muted"), ElidedLabel("", "muted")
        self.choose_files, self.choose_labels = QPushButton("Captures…"), QPushButton("Labels…")
        self.train, self.use, self.save = (
            QPushButton("Train"),
            QPushButton("Use it"),
            QPushButton("Save picture…"),
        )
        self.bar = QProgressBar()
        self.report = TrainingReportView(tokens)
        self.complaint = WrappedLabel(pixels=SECONDARY_PX, max_lines=6)
        self.complaint.set_color(tokens.family)
        self.hint = WrappedLabel(_HINT, pixels=SECONDARY_PX, max_lines=6)
        self.hint.set_color(tokens.muted)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._lay_out(labelled, in_use)
        self._join()
        self.choices.button(MINE if labelled else FROM_FILE).setChecked(True)
        self._judge()

    @property
    def chosen(self) -> int:
        """One of MINE, FROM_FILE, APPLICATIONS."""
        return self.choices.checkedId()

    def set_files(self, captures: tuple[Path, ...], labels: tuple[Path, ...] | None = None) -> None:
        """Learn from these; `labels` None = those chosen before."""
        self._captures = captures
        self._labels = self._labels if labels is None else labels
        self.files.set_whole(_named(captures))
        self.labels.set_whole(_named(self._labels) if self._labels else "those beside the captures")
        self._judge()

    def show_busy(self) -> None:
        """A training is under way."""
        self.complaint.set_text("")
        self.complaint.hide()
        self.hint.show()
        self.report.hide()
        self.bar.show()
        for button in (self.train, self.use, self.save):
            button.setEnabled(False)

    @Slot(object)
    def show_report(self, report: TrainingReport) -> None:
        """It ended well."""
        self.bar.hide()
        self.hint.hide()
        self.report.show_report(report)
        self.report.show()
        self.use.setEnabled(True)
        self.save.setEnabled(bool(report.tested))
        self._judge()

    @Slot(object)
    def show_error(self, error: TrafficDeskError) -> None:
        """It did not."""
        self.bar.hide()
        self.complaint.set_text(f"{error.title} {error.hint}".strip())
        self.complaint.show()
        self._judge()

    def show_used(self) -> None:
        """The model is in use."""
        self.use.setText("In use")
        self.use.setEnabled(False)

    def _lay_out(self, labelled: str, in_use: dict[str, str]) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(2 * SPACING)
        column.addWidget(plain_label("What shall be recognised?", "head"))
        for number, words in (
            (MINE, f"What I labelled: {visible(labelled)}" if labelled else "What I labelled: nothing yet"),
            (FROM_FILE, "Labels in a CSV file (by packet number, by rules, or by incidents)"),
            (
                APPLICATIONS,
                "Which application speaks, by the names the decoder gives; without ports or content",
            ),
        ):
            choice = QRadioButton(words)
            self.choices.addButton(choice, number)
            column.addWidget(choice)
        self.choices.button(MINE).setEnabled(bool(labelled))
        for button, label in ((self.choose_files, self.files), (self.choose_labels, self.labels)):
            row = QHBoxLayout()
            row.setContentsMargins(24, 0, 0, 0)
            button.setAutoDefault(False)
            row.addWidget(button)
            row.addWidget(label, 1)
            column.addLayout(row)
        row = QHBoxLayout()
        self.train.setProperty("class", "primary")
        row.addWidget(self.train)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.hide()
        row.addWidget(self.bar, 1)
        row.addStretch(1)
        row.addWidget(self.save)
        row.addWidget(self.use)
        column.addLayout(row)
        self.complaint.hide()
        column.addWidget(self.complaint)
        column.addWidget(self.hint)
        self.report.hide()
        column.addWidget(self.report, 1)
        column.addStretch()
        self._add_in_use(column, in_use)
        column.addWidget(self.buttons)
        self.save.setEnabled(False)
        self.use.setEnabled(False)
        self.resize(720, 700)

    def _add_in_use(self, column: QVBoxLayout, in_use: dict[str, str]) -> None:
        for kind, words in in_use.items():
            row = QHBoxLayout()
            row.addWidget(ElidedLabel(f"In use: {words}", "muted"), 1)
            button = QPushButton("Stop using it")
            button.setProperty("class", "small")
            button.setAutoDefault(False)
            button.setObjectName(kind)
            button.clicked.connect(self._on_forget)
            row.addWidget(button)
            column.addLayout(row)

    def _join(self) -> None:
        self.choices.idToggled.connect(self._judge)
        self.choose_files.clicked.connect(self._on_choose_files)
        self.choose_labels.clicked.connect(self._on_choose_labels)
        self.train.clicked.connect(self._on_train)
        self.use.clicked.connect(self.use_wanted)
        self.save.clicked.connect(self._on_save)
        self.buttons.rejected.connect(self.reject)

    @Slot()
    def _judge(self) -> None:
        from_files = self.chosen != MINE
        for widget in (self.choose_files, self.files):
            widget.setVisible(from_files)
        for widget in (self.choose_labels, self.labels):
            widget.setVisible(self.chosen == FROM_FILE)
        self.train.setEnabled(self.bar.isHidden() and (not from_files or bool(self._captures)))

    @Slot()
    def _on_choose_files(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Captures to learn from", "", CAPTURE_FILES)
        if chosen:
            self.set_files(tuple(map(Path, chosen)))

    @Slot()
    def _on_choose_labels(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Labels", "", "CSV files (*.csv);;All files (*)")
        if chosen:
            self.set_files(self._captures, tuple(map(Path, chosen)))

    @Slot()
    def _on_train(self) -> None:
        self.use.setText("Use it")
        self.show_busy()
        labels = self._labels if self.chosen == FROM_FILE else ()
        self.wanted.emit(self.chosen, self._captures, labels)

    @Slot()
    def _on_save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save the confusion matrix", "confusion.png", "PNG (*.png);;SVG (*.svg)"
        )
        if chosen:
            self.picture_wanted.emit(Path(chosen))

    @Slot()
    def _on_forget(self) -> None:
        button = self.sender()
        assert isinstance(button, QPushButton)
        button.setEnabled(False)
        button.setText("Not in use")
        self.forget_wanted.emit(button.objectName())


def _named(paths: tuple[Path, ...]) -> str:
    names = ", ".join(path.name for path in paths[:3])
    more = f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""
    return (names + more) or "None chosen"
