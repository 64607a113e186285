"""Which packets are to be saved: all, those shown, those selected, or those of a span of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QDateTime, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDateTimeEdit,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.wording import thousands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.log import PacketLog

_MILLISECOND_NS: Final = 1_000_000
_FORMAT: Final = "yyyy-MM-dd HH:mm:ss.zzz"
_SAVE_WIDTH: Final = 104
"""The box measures the button by its usual, shorter word."""
_ALL, _SHOWN, _SELECTED, _SPAN = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What a person may choose from."""

    packets: int
    """Captured so far, whether they are still in the table or not."""
    shown: NDArray[np.int64]
    """packet_ids that the display filter lets through."""
    selected: NDArray[np.int64]


class SaveCaptureDialog(QDialog):
    """Asks which packets; where to is asked afterwards.

    Parameters
    ----------
    log : has the packets' times.
    """

    def __init__(self, log: PacketLog, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save capture")
        self._log = log
        self._selection = selection
        self._span_ids: NDArray[np.int64] = np.empty(0, np.int64)
        self.choices = QButtonGroup(self)
        self.start, self.stop = _time_edit("From"), _time_edit("To")
        self._span_words = plain_label("", "muted")
        self.comments = QCheckBox("Write why packets were flagged into their comments")
        self.comments.setChecked(True)
        self._lay_out()
        self._fill()
        self.choices.idToggled.connect(self._on_choice)
        self.start.dateTimeChanged.connect(self._on_span)
        self.stop.dateTimeChanged.connect(self._on_span)

    @property
    def ids(self) -> NDArray[np.int64] | range:
        """The packets chosen, ascending."""
        chosen = self.choices.checkedId()
        if chosen == _ALL:
            return range(self._selection.packets)
        return {_SHOWN: self._selection.shown, _SELECTED: self._selection.selected}.get(
            chosen, self._span_ids
        )

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(8)
        column.addWidget(plain_label("Which packets?", "head"))
        selection = self._selection
        for number, words in (
            (_ALL, f"All {thousands(selection.packets)} captured packets"),
            (_SHOWN, f"The {thousands(len(selection.shown))} shown ones"),
            (_SELECTED, f"The {thousands(len(selection.selected))} selected ones"),
            (_SPAN, "Those of a span of time"),
        ):
            button = QRadioButton(words)
            self.choices.addButton(button, number)
            column.addWidget(button)
        span = QGridLayout()
        span.setContentsMargins(24, 0, 0, 0)
        span.setHorizontalSpacing(12)
        for row, (words, edit) in enumerate((("From", self.start), ("To", self.stop))):
            span.addWidget(plain_label(words, "muted"), row, 0)
            span.addWidget(edit, row, 1)
        span.addWidget(self._span_words, 2, 1)
        span.setColumnStretch(1, 1)
        column.addLayout(span)
        column.addSpacing(8)
        column.addWidget(self.comments)
        column.addSpacing(8)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        save.setText("Save as…")
        save.setMinimumWidth(_SAVE_WIDTH)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)

    def _fill(self) -> None:
        selection = self._selection
        self.choices.button(_SHOWN).setEnabled(bool(len(selection.shown)))
        self.choices.button(_SELECTED).setEnabled(bool(len(selection.selected)))
        self.choices.button(_SPAN).setEnabled(bool(len(self._log)))
        filtered = 0 < len(selection.shown) < len(self._log)
        chosen = _SELECTED if len(selection.selected) > 1 else _SHOWN if filtered else _ALL
        self.choices.button(chosen).setChecked(True)
        # What is shown is what a person chose on the chart.
        ends = selection.shown if len(selection.shown) else self._ends_of_log()
        if len(ends):
            times = self._log.column("timestamp_ns", ends)
            first, last = int(times.min()), int(times.max())
            self.start.setDateTime(QDateTime.fromMSecsSinceEpoch(first // _MILLISECOND_NS))
            self.stop.setDateTime(QDateTime.fromMSecsSinceEpoch(-(-last // _MILLISECOND_NS)))
        self._on_choice()
        self._on_span()

    def _ends_of_log(self) -> NDArray[np.int64]:
        log = self._log
        return np.array([log.first_id, log.end_id - 1] if len(log) else [], np.int64)

    @Slot()
    def _on_choice(self) -> None:
        span = self.choices.checkedId() == _SPAN
        for widget in (self.start, self.stop, self._span_words):
            widget.setEnabled(span)
        self._judge()

    @Slot()
    def _on_span(self) -> None:
        start = self.start.dateTime().toMSecsSinceEpoch() * _MILLISECOND_NS
        stop = self.stop.dateTime().toMSecsSinceEpoch() * _MILLISECOND_NS

        def is_within(batch: PacketBatch, _analysis: object) -> NDArray[np.bool_]:
            times = batch["timestamp_ns"]
            return np.asarray((times >= start) & (times <= stop))

        self._span_ids = self._log.select(is_within)
        self._span_words.setText(f"{thousands(len(self._span_ids))} of the packets in the table")
        self._judge()

    def _judge(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(bool(len(self.ids)))


def _time_edit(name: str) -> QDateTimeEdit:
    edit = QDateTimeEdit()
    edit.setDisplayFormat(_FORMAT)
    edit.setAccessibleName(name)
    edit.setMinimumHeight(32)
    edit.lineEdit().setTextMargins(6, 0, 0, 0)
    return edit
