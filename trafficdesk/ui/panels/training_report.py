"""What a classifier is worth: a line per class, the confusion matrix, and what could not be tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from trafficdesk.report.confusion import RIGHT, WRONG, short_count
from trafficdesk.ui.labels import WrappedLabel, plain_label, tooltip
from trafficdesk.ui.theme import SECONDARY_PX, mixed, ui_font
from trafficdesk.ui.wording import share, thousands, visible

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from trafficdesk.classify.report import TrainingReport
    from trafficdesk.ui.theme import Tokens

_CELL: Final = 40
_NAME: Final = 110
"""Pixels of a class' name beside the matrix."""
_GAP: Final = 8
_STRONG: Final = 0.55
"""Depth of a cell from which its number is white."""


class ConfusionView(QWidget):
    """The confusion matrix: down what it was, across what it was called."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self._report: TrainingReport | None = None
        self.setFont(ui_font(SECONDARY_PX))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_report(self, report: TrainingReport) -> None:
        """Show another one."""
        self._report = report
        wrong = sum(sum(row) for row in report.confusion) - sum(
            row[at] for at, row in enumerate(report.confusion)
        )
        self.setAccessibleName("Confusion matrix")
        self.setAccessibleDescription(f"{report.tested} rows tested, {wrong} of them called something else")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As large as its classes need."""
        side = _NAME + _GAP + _CELL * (len(self._report.classes) if self._report else 0) + 1
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Names at the left and above, then the cells."""
        if self._report is None:
            return
        painter = QPainter(self)
        metrics = QFontMetrics(self.font())
        for index, one in enumerate(self._report.classes):
            name = metrics.elidedText(visible(one.name), Qt.TextElideMode.ElideRight, _NAME)
            painter.setPen(QColor(self._tokens.text))
            beside = QRect(0, _NAME + _GAP + index * _CELL, _NAME, _CELL)
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
            painter.save()
            painter.translate(_NAME + _GAP + index * _CELL, _NAME)
            painter.rotate(-90)
            above = QRect(0, 0, _NAME, _CELL)
            painter.drawText(above, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            painter.restore()
        for row, counts in enumerate(self._report.confusion):
            for column, count in enumerate(counts):
                self._paint_cell(painter, row, column, count, sum(counts))
        painter.end()

    def _paint_cell(self, painter: QPainter, row: int, column: int, count: int, total: int) -> None:
        place = QRect(_NAME + _GAP + column * _CELL, _NAME + _GAP + row * _CELL, _CELL, _CELL)
        depth = 0.12 + 0.88 * count / total if count else 0.0
        strong = QColor(*(RIGHT if row == column else WRONG)).name()
        painter.fillRect(place, mixed(strong, self._tokens.raised, depth))
        painter.setPen(QPen(QColor(self._tokens.line)))
        painter.drawRect(place)
        if count:
            painter.setPen(QColor("#ffffff" if depth > _STRONG else self._tokens.text))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, short_count(count))


class TrainingReportView(QScrollArea):
    """The whole report; scrolls where it is larger than its place."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)

    def show_report(self, report: TrainingReport) -> None:
        """Show another one."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(12)
        column.addWidget(WrappedLabel(verdict_of(report), max_lines=4))
        column.addLayout(_table(report))
        for note in report.notes:
            label = WrappedLabel(note, pixels=SECONDARY_PX, max_lines=4)
            label.set_color(self._tokens.muted)
            column.addWidget(label)
        if report.tested:
            column.addWidget(plain_label("Down: what it was. Across: what it was called.", "muted"))
            picture = ConfusionView(self._tokens)
            picture.show_report(report)
            column.addWidget(picture)
        column.addStretch(1)
        self.setWidget(page)


def verdict_of(report: TrainingReport) -> str:
    """One sentence."""
    if report.accuracy is None or report.macro_f1 is None:
        return f"It was trained, but could not be tested: there are too few {report.held_out}."
    if not report.names_tested:
        return (
            "Only normal packets could be tested, as no name has a second incident to be held out: "
            f"{share(report.accuracy)} of them were called normal."
        )
    return (
        f"{share(report.accuracy)} of {thousands(report.tested)} rows were called right (mean F1 {report.macro_f1:.2f}), "
        f"each by a forest that had not been shown its {report.held_out.removesuffix('s')}."
    )


def _table(report: TrainingReport) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(4)
    heads = ("", report.held_out.capitalize(), "Rows", "Tested", "Precision", "Recall", "F1")
    for place, words in enumerate(heads):
        side = Qt.AlignmentFlag.AlignLeft if not place else Qt.AlignmentFlag.AlignRight
        grid.addWidget(plain_label(words, "muted"), 0, place, side)
    for row, one in enumerate(report.classes, start=1):
        name = plain_label(visible(one.name))
        name.setToolTip(tooltip(visible(one.name)))
        grid.addWidget(name, row, 0)
        shares = ("—" if value is None else f"{value:.2f}" for value in (one.precision, one.recall, one.f1))
        cells = (thousands(one.groups), thousands(one.rows), thousands(one.tested), *shares)
        for place, words in enumerate(cells, start=1):
            grid.addWidget(plain_label(words), row, place, Qt.AlignmentFlag.AlignRight)
    grid.setColumnStretch(0, 1)
    return grid
