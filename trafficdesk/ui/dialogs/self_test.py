"""Is it working? The self-test in a process of its own, and its score card."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from trafficdesk.ui import theme
from trafficdesk.ui.dialogs.job import Job
from trafficdesk.ui.icons import icon
from trafficdesk.ui.labels import plain_label, tooltip
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from trafficdesk.self_test import Line, ScoreCard
    from trafficdesk.ui.theme import Tokens

    Trial = Callable[[Callable[[float], None], Callable[[], bool]], ScoreCard | None]

_TITLES: Final = ("", "What", "Noticed after", "First reason", "Mail")
_REASON: Final = 3
_STEPS: Final = 1_000


class _Progress(QObject):
    """Brings a share from the thread to the window."""

    told = Signal(float)


class SelfTestDialog(QDialog):
    """Runs it when it opens, and again when asked.

    Parameters
    ----------
    tokens : the theme's colours.
    trial : runs the test; `self_test.run_trial_apart` by default.
    """

    ended = Signal(object)
    """`ScoreCard`, or None where it could not be run."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None, *, trial: Trial | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Is it working?")
        self._tokens = tokens
        self._trial = trial or _run_trial
        self._stop = threading.Event()
        self._job: Job | None = None
        self._closed = False
        app = QCoreApplication.instance()
        if app is not None:
            # Before the job's own wait: who leaves does not wait for a test.
            app.aboutToQuit.connect(self._give_up)
        self._progress = _Progress(self)
        self._progress.told.connect(self._on_progress)
        self.card: ScoreCard | None = None
        self.verdict = plain_label("", "head")
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setAccessibleName("Self-test")
        self.table = self._make_table()
        self._lay_out()
        self.resize(960, 600)
        self.start()

    @Slot()
    def start(self) -> None:
        """Run the test, in a thread."""
        if self._job is not None:
            return
        self._stop.clear()
        self.table.setRowCount(0)
        self.bar.setValue(0)
        self.bar.show()
        self.verdict.setText("Trying…")
        self.again.setEnabled(False)
        self.copy.setEnabled(False)
        trial, told, stop = self._trial, self._progress.told.emit, self._stop.is_set
        self._job = Job(lambda: trial(told, stop), "The self-test")
        self._job.succeeded.connect(self._on_done)
        self._job.failed.connect(self._on_failed)
        self._job.start()

    def done(self, result: int) -> None:
        """Close; a test under way ends by itself, and the dialog lives as long as it."""
        self._stop.set()
        self._closed = True
        super().done(result)
        if self._job is None:
            self.deleteLater()

    @Slot()
    def _give_up(self) -> None:
        self._stop.set()

    @Slot(float)
    def _on_progress(self, share: float) -> None:
        self.bar.setValue(round(share * _STEPS))

    @Slot(object)
    def _on_done(self, card: ScoreCard | None) -> None:
        self._job = None
        if self._closed:
            self.deleteLater()
            return
        self.bar.hide()
        self.again.setEnabled(True)
        self.card = card
        if card is not None:
            self.copy.setEnabled(True)
            self.verdict.setText(f"{'It works' if card.passed else 'Something does not work'}: {card.words}")
            self._fill(card)
        self.ended.emit(card)

    @Slot(object)
    def _on_failed(self, error: object) -> None:
        self._on_done(None)
        self.verdict.setText(visible(str(error)))

    @Slot()
    def _on_copy(self) -> None:
        if self.card is not None:
            lines = [
                f"{'ok' if line.passed else 'FAIL'}\t" + "\t".join(_cells(line)) for line in self.card.lines
            ]
            QGuiApplication.clipboard().setText("\n".join([*lines, self.card.words]) + "\n")

    def _fill(self, card: ScoreCard) -> None:
        self.table.setRowCount(len(card.lines))
        good, bad = icon("check", self._tokens.good), icon("close", self._tokens.family)
        for row, line in enumerate(card.lines):
            head = QTableWidgetItem(good if line.passed else bad, "OK" if line.passed else "Fails")
            head.setForeground(QColor(self._tokens.good if line.passed else self._tokens.family))
            self.table.setItem(row, 0, head)
            for column, words in enumerate(_cells(line), 1):
                item = QTableWidgetItem(words)
                item.setToolTip(tooltip(visible("\n".join(filter(None, (line.words, line.mail))))))
                if not line.passed:
                    item.setBackground(QColor(self._tokens.family_background))
                self.table.setItem(row, column, item)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_TITLES))
        table.setHorizontalHeaderLabels(_TITLES)
        table.setAccessibleName("Score card")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setStyleSheet("QTableView::item { padding: 0 8px; }")
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(theme.ROW_HEIGHT + theme.SPACING)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_REASON, QHeaderView.ResizeMode.Stretch)
        return table

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.again = buttons.addButton("Run again", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.again.setAutoDefault(False)
        self.copy.setAutoDefault(False)
        self.again.clicked.connect(self.start)
        self.copy.clicked.connect(self._on_copy)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(3 * theme.SPACING)
        words = plain_label(
            "Made-up incidents of every family go the whole way: frames, decoding, analysis, alert. "
            "Nothing is sent anywhere; the mails go to a server inside TrafficDesk.",
            "muted",
        )
        words.setWordWrap(True)
        for part in (self.verdict, words, self.bar):
            column.addWidget(part)
        column.addWidget(self.table, 1)
        column.addWidget(buttons)


def _cells(line: Line) -> tuple[str, str, str, str]:
    delay = "" if line.delay_s is None else f"{line.delay_s:.1f} s"
    mail = "arrived" if line.mail else "none" if line.family else ""
    return visible(line.name), delay, visible(line.reason or line.words), mail


def _run_trial(progress: Callable[[float], None], stop: Callable[[], bool]) -> ScoreCard | None:
    from trafficdesk.self_test import Stopped, run_trial_apart

    try:
        return run_trial_apart(progress, stop)
    except Stopped:
        return None
